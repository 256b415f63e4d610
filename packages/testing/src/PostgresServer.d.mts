export declare const VERSIONS: ReadonlyArray<string>;

export interface PostgresServer {
  readonly version: string;
  readonly port: number;
  readonly url: (database?: string) => string;
  /** `fast` ends what runs; `immediate` is a crash. */
  readonly stop: (mode?: "fast" | "immediate") => Promise<void>;
  /** After a stop, on the same port and data. */
  readonly start: () => Promise<void>;
  /** To the server and all its processes. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** Ends it and removes its data. */
  readonly remove: () => Promise<void>;
}

export declare const startServer: (
  version: string,
  options?: { readonly settings?: { readonly [name: string]: string } },
) => Promise<PostgresServer>;
