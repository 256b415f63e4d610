/**
 * `daemon.json` in the state directory: where the running daemon answers and what database it has open, so that other
 * commands find it on any port.
 */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";

const DaemonFile = Schema.parseJson(Schema.Struct({ url: Schema.String, database: Schema.String, pid: Schema.Number }));

export type DaemonFile = typeof DaemonFile.Type;

const pathIn = (state: string) => join(state, "daemon.json");

/** None if there is no daemon, or its file is left over from one that was killed. */
export const read = (state: string): Effect.Effect<Option.Option<DaemonFile>> =>
  Effect.try(() => readFileSync(pathIn(state), "utf8")).pipe(
    Effect.flatMap(Schema.decode(DaemonFile)),
    Effect.option,
    Effect.map(Option.filter(({ pid }) => isAlive(pid))),
  );

/** Written now, removed with the scope unless another daemon has written its own since. */
export const write = (
  state: string,
  daemon: { readonly url: string; readonly database: string },
): Effect.Effect<void, never, Scope.Scope> => {
  const path = pathIn(state);
  const text = Schema.encodeSync(DaemonFile)({ ...daemon, pid: process.pid });
  return Effect.acquireRelease(
    Effect.try(() => writeFileSync(path, text)),
    () => Effect.ignore(Effect.try(() => readFileSync(path, "utf8") === text && rmSync(path))),
  ).pipe(Effect.catchAll((cause) => Effect.logWarning(`${path} cannot be written: clients need --url`, cause)));
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
