/**
 * The password that a Postgres URL leaves out, from where all programs of Postgres take it: PGPASSWORD, then the password
 * file (https://www.postgresql.org/docs/current/libpq-pgpass.html).
 */
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Environment from "../Environment.ts";
import * as PostgresUrl from "./postgresUrl.ts";

/** The URL with its password, if one is to be found. */
export const complete = (url: Redacted.Redacted): Effect.Effect<Redacted.Redacted> =>
  Effect.gen(function* () {
    if (PostgresUrl.hasPassword(Redacted.value(url))) return url;
    const given = yield* Environment.variable("PGPASSWORD");
    const file = Option.getOrElse(yield* Environment.variable("PGPASSFILE"), () => join(homedir(), ".pgpass"));
    const whole = new URL(Redacted.value(url));
    const password = Option.getOrUndefined(given) ?? find(yield* linesOf(file), whole);
    if (password === undefined) return url;
    whole.password = encodeURIComponent(password);
    return Redacted.make(whole.href);
  });

/** None of a file that others may read: Postgres' own programs pass over it too. */
const linesOf = (file: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.tryPromise(async () =>
    ((await stat(file)).mode & 0o077) === 0 ? (await readFile(file, "utf8")).split("\n") : [],
  ).pipe(Effect.orElseSucceed(() => []));

/** Of the first line that fits: `host:port:database:user:password`, each but the last may be `*`. */
const find = (lines: ReadonlyArray<string>, url: URL): string | undefined => {
  const wanted = [url.hostname || "localhost", url.port || "5432", url.pathname.slice(1), url.username].map(
    decodeURIComponent,
  );
  for (const line of lines) {
    if (line.startsWith("#")) continue;
    const fields = [...line.trimEnd().matchAll(/(?:^|:)((?:\\.|[^:\\])*)/g)].map(([, field = ""]) =>
      field.replace(/\\(.)/g, "$1"),
    );
    if (fields.length === 5 && wanted.every((value, i) => fields[i] === "*" || fields[i] === value)) return fields[4];
  }
  return undefined;
};
