/**
 * `admin-token` in the state directory: the secret that opens every database which was first started here, where the other
 * commands look for it.
 */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import * as Bootstrap from "@cadastre/core/Bootstrap";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import { Identifiers } from "@cadastre/domain/Identifiers";
import type { TokenStore } from "@cadastre/domain/TokenStore";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";

/**
 * Gives a database without tokens the secret of the file, or makes both. The secret is on the disk, as `admin-token.new`,
 * before the database knows of it, and a start that finds it there finishes what was broken off: no database has a token
 * that nobody has. A file that is there is never replaced.
 */
export const ensure = (state: string): Effect.Effect<void, Failure | StoreUnavailable, TokenStore | Identifiers> =>
  Effect.gen(function* () {
    const inState = within(state);
    const file = join(state, "admin-token");
    const unfinished = `${file}.new`;
    yield* inState(() => mkdir(state, { recursive: true, mode: 0o700 }));

    const isThere = existsSync(file);
    const isBrokenOff = !isThere && existsSync(unfinished);
    if (!isBrokenOff && !(yield* Bootstrap.isUntouched)) return;
    if (isThere) {
      const secret = yield* inState(() => readFile(file, "utf8"));
      if (!TOKEN.test(secret.trim())) {
        return yield* new Failure({
          exit: ExitCode.local,
          message: `What ${file} holds is not a token: one is "cad_" and 43 characters.`,
          next: "Move the file away; the daemon then makes a token.",
        });
      }
      if (yield* Bootstrap.ensureAdminToken(Redacted.make(secret.trim()))) {
        yield* Effect.logInfo("the token of the state directory is the first token").pipe(
          Effect.annotateLogs({ file }),
        );
      }
      return;
    }

    const isOwn = yield* inState(() => reserve(unfinished));
    const left = isOwn ? "" : (yield* inState(() => readFile(unfinished, "utf8"))).trim();
    const secret = TOKEN.test(left) ? left : yield* fresh(inState, unfinished);
    if (yield* Bootstrap.ensureAdminToken(Redacted.make(secret))) {
      yield* inState(() => rename(unfinished, file));
      yield* Effect.logInfo("made the first token").pipe(Effect.annotateLogs({ file }));
    } else if (isOwn) {
      // Another replica was faster: the token is where that one has written it. A file that was there may be another's.
      yield* inState(() => rm(unfinished, { force: true }));
    }
  });

/** True if there was no such file, and there is an empty one now. */
const reserve = (file: string): Promise<boolean> =>
  open(file, "wx", 0o600).then(
    (handle) => handle.close().then(() => true),
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EEXIST") return false;
      throw cause;
    },
  );

const TOKEN = /^cad_[\w-]{43}$/;

const fresh = (inState: Within, file: string) =>
  Effect.gen(function* () {
    const secret = `cad_${yield* Effect.flatMap(Identifiers, ({ secret }) => secret)}`;
    yield* inState(async () => {
      const handle = await open(file, "w", 0o600);
      try {
        await handle.writeFile(`${secret}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
    return secret;
  });

type Within = <A>(run: () => Promise<A>) => Effect.Effect<A, Failure>;

const within =
  (state: string): Within =>
  (run) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) =>
        new Failure({
          exit: ExitCode.local,
          message: `The state directory ${state} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
          next: "Set XDG_STATE_HOME to a directory that can be.",
        }),
    });
