import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type * as Stream from "effect/Stream";
import type { StoreUnavailable } from "./Errors.ts";

/** The port for what is too large for memory and lives only as long as one call: lines written once, then read. */
export class Spool extends Context.Tag("@cadastre/domain/Spool")<
  Spool,
  {
    /** An empty spool, removed with the scope. Lines must not contain a line feed. */
    readonly make: Effect.Effect<
      {
        readonly append: (lines: ReadonlyArray<string>) => Effect.Effect<void, StoreUnavailable>;
        /** The lines in the order of writing; to be run after the last `append`, as often as needed. */
        readonly lines: Stream.Stream<string, StoreUnavailable>;
      },
      StoreUnavailable,
      Scope.Scope
    >;
  }
>() {}
