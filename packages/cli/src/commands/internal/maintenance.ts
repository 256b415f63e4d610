/**
 * What `admin backup` and `admin doctor` do.
 */
import { existsSync, realpathSync } from "node:fs";
import { link, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import * as Writer from "@cadastre/descriptors/Writer";
import { Diagnosis, type Finding } from "@cadastre/domain/Diagnosis";
import * as Effect from "effect/Effect";
import * as Runtime from "effect/Runtime";
import * as Stream from "effect/Stream";
import type { Config } from "../../Config.ts";
import * as Database from "../../Database.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import { count, printable, wrap } from "../../internal/text.ts";
import { Output } from "../../Output.ts";
import * as Progress from "../../Progress.ts";
import * as StateFolder from "../../StateFolder.ts";
import type * as Options from "../Options.ts";
import { configured, type Given } from "./database.ts";

interface Backup extends Given {
  readonly file: string;
  readonly force: boolean;
}

export const backup = ({ file, force, ...given }: Backup) =>
  Effect.gen(function* () {
    const { line } = yield* Output;
    const config = yield* configured(given);
    const database = yield* Database.of(config);
    const { current } = yield* Effect.mapError(database.status, Failure.ofDomain);
    if (database.backup === undefined) {
      return yield* new Failure.Failure({
        exit: ExitCode.usage,
        message: `${config.database} is Postgres, which has tools of its own for this: pg_dump, or \`cadastre admin export\`.`,
      });
    }
    if (current === 0) return yield* new Failure.Failure({ exit: ExitCode.notFound, message: noCatalog(config) });
    if (isDatabase(file, config.database)) {
      return yield* new Failure.Failure({
        exit: ExitCode.usage,
        message: `${file} is the database itself, or belongs to it: give the copy another name.`,
      });
    }
    if (existsSync(file) && !force) return yield* taken(file);

    const unfinished = `${file}.unfinished`;
    const progress = yield* Progress.bar("Copying", "pages");
    const runtime = yield* Effect.runtime();
    const copied = yield* inPlace(file, () => rm(unfinished, { force: true })).pipe(
      Effect.zipRight(
        Effect.mapError(
          database.backup(unfinished, (done, of) => Runtime.runFork(runtime, progress(done, of))),
          Failure.ofDomain,
        ),
      ),
      Effect.tap(() => take(unfinished, file, force)),
      Effect.ensuring(Effect.promise(() => rm(unfinished, { force: true }).catch(() => {}))),
    );
    yield* progress(1, 1);
    const { entities, events, tokens, bytes } = copied;
    yield* line(
      `Copied ${count(entities, "entity", "entities")}, ${count(events, "event")} and ${count(tokens, "token")} to ${file} (${(bytes / 1e6).toFixed(1)} MB, checked).`,
    );
  });

/** True of the database's file and of those that lie beside it, by whatever way they are named. */
const isDatabase = (file: string, database: string): boolean => {
  const real = (path: string) => (existsSync(path) ? realpathSync(path) : resolve(path));
  const target = real(file);
  return ["", "-wal", "-shm", "-journal", ".lock"].some((ending) => target === `${real(database)}${ending}`);
};

/** The copy gets its name when it is on the disk, and never another's without being told to. */
const take = (unfinished: string, file: string, force: boolean) =>
  Effect.gen(function* () {
    yield* inPlace(file, () => sync(unfinished));
    const isTaken = yield* inPlace(file, () =>
      force
        ? rename(unfinished, file).then(() => false)
        : link(unfinished, file).then(
            () => false,
            (cause: NodeJS.ErrnoException) => {
              if (cause.code === "EEXIST") return true;
              throw cause;
            },
          ),
    );
    if (isTaken) return yield* taken(file);
    yield* inPlace(file, () => sync(dirname(file)));
  });

const sync = async (path: string) => {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const taken = (file: string) =>
  new Failure.Failure({
    exit: ExitCode.local,
    message: `${file} is there already.`,
    next: "Give another name, or replace it with --force.",
  });

const inPlace = <A>(file: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new Failure.Failure({
        exit: ExitCode.local,
        message: `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
      }),
  });

interface Doctor extends Given {
  readonly format: Exclude<Options.Format, "name">;
}

export const doctor = ({ format, ...given }: Doctor) =>
  Effect.gen(function* () {
    const { line, write } = yield* Output;
    const config = yield* configured(given);
    const findings: Array<Finding> = [];
    yield* Stream.runForEach(examination(config), (finding) => {
      findings.push(finding);
      return format === "table" ? tell(finding) : Effect.void;
    });
    const bad = findings.filter(({ state }) => state === "bad").length;
    if (format === "json") yield* line(JSON.stringify(findings, undefined, 2));
    else if (format === "yaml") yield* write(Writer.write(findings));
    else
      yield* line(
        bad === 0
          ? `\nNothing of ${config.database} needs a hand.`
          : `\n${config.database}: ${bad} of ${findings.length} checks need a hand.`,
      );
    if (bad > 0) return yield* new Failure.Failure({ exit: ExitCode.unsound, message: "" });
  });

/** What is examined further depends on what is there at all. */
const examination = (config: Config): Stream.Stream<Finding, Failure.Failure> =>
  Stream.concat(
    Stream.sync(() => StateFolder.examine(config)),
    Stream.unwrap(
      // Nothing is brought up to date by looking at it.
      Effect.flatMap(Database.of({ ...config, migrate: "manual" }), (database) =>
        Effect.match(database.status, {
          onFailure: ({ message }) =>
            Stream.succeed(schema("bad", message, "See to that first: nothing else can be examined before.")),
          onSuccess: ({ current, latest }) => {
            if (current === 0) {
              return Stream.succeed(schema("note", noCatalog(config), "The daemon makes it at its first start."));
            }
            if (current < latest)
              return Stream.succeed(
                schema(
                  "bad",
                  `the tables are of version ${current}, and this program's are of version ${latest}`,
                  MIGRATE,
                ),
              );
            return Stream.concat(
              Stream.succeed(schema("good", `the tables are of version ${current}, as this program's are`)),
              Stream.unwrap(Effect.map(Diagnosis, ({ examine }) => examine)).pipe(
                Stream.provideLayer(database.layer),
                Stream.mapError(Failure.ofDomain),
              ),
            );
          },
        }),
      ),
    ),
  );

const schema = (state: Finding["state"], message: string, remedy?: string): Finding => ({
  check: "schema",
  state,
  message,
  remedy,
});

const MIGRATE = "Run `cadastre admin migrate`, then this again: the rest can only be examined after it.";

const noCatalog = ({ database }: Config) => `There is no catalog at ${database} yet.`;

const tell = ({ check, state, message, remedy }: Finding) =>
  Effect.gen(function* () {
    const { line, style, width } = yield* Output;
    const paint = { good: style.green, note: style.yellow, bad: style.red }[state];
    const words = { good: "ok", note: "note", bad: "BAD" }[state];
    const indent = " ".repeat(22);
    const text = (it: string) => wrap(printable(it), Math.max(width ?? 120, 60), indent);
    yield* line(`${paint(words.padEnd(4))}  ${check.padEnd(14)}  ${text(message)}`);
    if (state !== "good" && remedy !== undefined) yield* line(indent + text(remedy));
  });
