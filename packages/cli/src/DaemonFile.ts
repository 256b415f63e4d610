/**
 * `daemon.json` in the state directory: where the running daemon answers and what database it has open, so that other
 * commands find it on any port.
 */

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";

/** The database is without the password that its URL may hold. */
const DaemonFile = Schema.parseJson(Schema.Struct({ url: Schema.String, database: Schema.String, pid: Schema.Number }));

type DaemonFile = typeof DaemonFile.Type;

const pathIn = (state: string) => join(state, "daemon.json");

/** None if there is no daemon, or its file is left over from one that was killed. */
export const read = (state: string): Effect.Effect<Option.Option<DaemonFile>> =>
  Effect.try(() => readFileSync(pathIn(state), "utf8")).pipe(
    Effect.flatMap(Schema.decode(DaemonFile)),
    Effect.option,
    Effect.map(Option.filter(({ pid }) => isAlive(pid))),
  );

/**
 * Written now, removed with the scope unless another daemon has written its own since. The file of another daemon that
 * answers is left alone: the commands go on finding that one.
 */
export const write = (
  state: string,
  daemon: { readonly url: string; readonly database: string },
): Effect.Effect<void, never, Scope.Scope> => {
  const path = pathIn(state);
  const text = Schema.encodeSync(DaemonFile)({ ...daemon, pid: process.pid });
  return Effect.gen(function* () {
    const other = Option.filter(yield* read(state), ({ pid, url }) => pid !== process.pid && url !== daemon.url);
    if (Option.isSome(other) && (yield* answers(other.value.url))) {
      return yield* Effect.logWarning(
        `the daemon at ${other.value.url} (pid ${other.value.pid}) has this state directory: commands find that one, and this one by --url and --token-file`,
      );
    }
    yield* Effect.acquireRelease(
      Effect.try(() => {
        // Renamed into place, so that nobody ever reads half of it.
        writeFileSync(`${path}.${process.pid}`, text, { mode: 0o600 });
        renameSync(`${path}.${process.pid}`, path);
      }),
      () => Effect.ignore(Effect.try(() => readFileSync(path, "utf8") === text && rmSync(path))),
    ).pipe(Effect.catchAll((cause) => Effect.logWarning(`${path} cannot be written: clients need --url`, cause)));
  });
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it runs, as another user.
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Whether somebody listens there: the process id of a daemon that was killed may be another program's by now. */
const answers = (url: string): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ""));
    const end = (it: boolean) => {
      socket.destroy();
      resume(Effect.succeed(it));
    };
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
    return Effect.sync(() => socket.destroy());
  }).pipe(Effect.timeoutTo({ duration: "1 second", onSuccess: (it) => it, onTimeout: () => false }));
