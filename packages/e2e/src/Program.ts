/**
 * The built program as a process: run to its end, or as a daemon to be asked and ended. Everything it keeps is in a folder
 * of its own, and its environment holds nothing of the tester's but the path.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as PostgresDatabase from "@cadastre/testing/PostgresDatabase";
import * as Data from "effect/Data";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

export const PATH = fileURLToPath(new URL("../../cli/bin/cadastre.js", import.meta.url));

/** A clean home for one catalog. */
export interface Home {
  /** Working directory of what runs. */
  readonly folder: string;
  readonly config: string;
  readonly state: string;
  readonly temporary: string;
  /** URL of its Postgres database; undefined: SQLite, where the program puts it by default. */
  readonly database: string | undefined;
}

export interface Options {
  readonly env?: { readonly [name: string]: string };
  readonly stdin?: string | Uint8Array;
  /** Another than the one that is built here. */
  readonly program?: string;
}

export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly signal: (name: NodeJS.Signals) => Effect.Effect<void>;
  readonly ended: Effect.Effect<Ended>;
  /** What it has written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface Daemon extends Running {
  readonly url: string;
  /** The first token, as the state directory holds it. */
  readonly token: string;
}

/** The daemon ended before it was ready. */
class NotStarted extends Data.TaggedError("NotStarted")<Ended> {
  override get message() {
    return `the daemon ended with ${this.code ?? this.signal} before it was ready:\n${this.stderr}`;
  }
}

/** The same tests run on both databases: `vitest.postgres.config.ts` sets the version of the server. */
const POSTGRES = process.env["TEST_POSTGRES"];

/** Removed with the scope, but for a database on a server, which goes with that. */
export const home: Effect.Effect<Home, never, Scope.Scope> = Effect.acquireRelease(
  Effect.gen(function* () {
    const folder = mkdtempSync(join(tmpdir(), "cadastre-e2e-"));
    const within = (name: string) => {
      mkdirSync(join(folder, name));
      return join(folder, name);
    };
    const database = POSTGRES === undefined ? undefined : yield* PostgresDatabase.create(POSTGRES);
    return { folder, config: within("config"), state: within("state"), temporary: within("temporary"), database };
  }),
  ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
);

/** Where the program keeps its own files in a home. */
export const stateOf = ({ state }: Home): string => join(state, "cadastre");

export const databaseOf = (it: Home): string => join(stateOf(it), "catalog.db");

/** The whole environment of what runs in a home. */
export const environment = ({
  folder,
  config,
  state,
  temporary,
  database,
}: Home): { readonly [name: string]: string } => ({
  PATH: process.env["PATH"] ?? "",
  HOME: folder,
  TMPDIR: temporary,
  XDG_CONFIG_HOME: config,
  XDG_STATE_HOME: state,
  ...(database === undefined ? {} : { CADASTRE_DATABASE_URL: database }),
});

/** Starts the program; it is killed with the scope. */
export const start = (
  it: Home,
  words: ReadonlyArray<string>,
  { env = {}, stdin = "", program = PATH }: Options = {},
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<Ended>();
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [program, ...words], {
          cwd: it.folder,
          env: { ...environment(it), ...env },
        }),
      ),
      (child) => Effect.zipRight(kill(child, "SIGKILL"), Deferred.await(ended)),
    );
    const stdout: Array<Buffer> = [];
    const stderr: Array<Buffer> = [];
    const text = (chunks: ReadonlyArray<Buffer>) => Buffer.concat(chunks).toString("utf8");
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("close", (code, signal) =>
      Deferred.unsafeDone(ended, Effect.succeed({ code, signal, stdout: text(stdout), stderr: text(stderr) })),
    );
    // A program that ends without reading its input closes the pipe: that is no fault of the test's.
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    return {
      pid: child.pid ?? 0,
      signal: (name) => kill(child, name),
      ended: Deferred.await(ended),
      stdout: () => text(stdout),
      stderr: () => text(stderr),
    };
  });

const kill = (child: ChildProcess, signal: NodeJS.Signals) => Effect.sync(() => void child.kill(signal));

/** Runs the program to its end. */
export const run = (it: Home, words: ReadonlyArray<string>, options?: Options): Effect.Effect<Ended> =>
  Effect.scoped(Effect.flatMap(start(it, words, options), ({ ended }) => ended));

/** Starts a daemon on a free port and waits until it says that it listens. */
export const daemon = (
  it: Home,
  words: ReadonlyArray<string> = [],
  options?: Options,
): Effect.Effect<Daemon, NotStarted, Scope.Scope> =>
  Effect.gen(function* () {
    const port = words.includes("--port") ? [] : ["--port", "0"];
    const running = yield* start(it, ["daemon", "--log-format", "json", ...port, ...words], options);
    const url = yield* Effect.raceFirst(
      listening(running),
      Effect.flatMap(running.ended, (ended) => new NotStarted(ended)),
    );
    const tokenFile = join(stateOf(it), "admin-token");
    const token = existsSync(tokenFile) ? readFileSync(tokenFile, "utf8").trim() : "";
    return { ...running, url, token };
  });

/** The URL that the daemon's log tells once it listens. */
const listening = (running: Running): Effect.Effect<string> =>
  Effect.suspend(() => {
    const entry = logOf(running.stderr()).find(({ message }) => message === "listening");
    return typeof entry?.["url"] === "string"
      ? Effect.succeed(entry["url"])
      : Effect.delay(listening(running), "10 millis");
  });

/** The entries of a daemon's log; a line that is not whole yet is left out. */
const logOf = (stderr: string): ReadonlyArray<{ readonly [key: string]: unknown }> =>
  stderr
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

/** Makes a home one in which a daemon runs: what is in fact this process, with a server in it. */
export const announce = (it: Home, url: string, token: string): void => {
  mkdirSync(stateOf(it), { recursive: true });
  writeFileSync(join(stateOf(it), "daemon.json"), JSON.stringify({ url, database: ":memory:", pid: process.pid }));
  writeFileSync(join(stateOf(it), "admin-token"), token);
};

/** Asks a daemon to end, and waits for it. */
export const stop = (it: Running): Effect.Effect<Ended> => Effect.zipRight(it.signal("SIGTERM"), it.ended);
