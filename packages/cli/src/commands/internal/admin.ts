/**
 * What the `admin` commands do. Loaded when one of them runs.
 */

import { Batches } from "@cadastre/core/Batches";
import * as UseCases from "@cadastre/core/Tokens";
import { Archive } from "@cadastre/domain/Archive";
import { type Token, TokenId } from "@cadastre/domain/Token";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Stream from "effect/Stream";
import * as ArchiveFile from "../../ArchiveFile.ts";
import * as Database from "../../Database.ts";
import * as Environment from "../../Environment.ts";
import * as Failure from "../../Failure.ts";
import * as Local from "../../Local.ts";
import { Output } from "../../Output.ts";
import * as Progress from "../../Progress.ts";
import * as Sources from "../../Sources.ts";
import { company } from "../../seed/company.ts";
import { generate } from "../../seed/generate.ts";
import { type Shown, Tokens } from "../../Tokens.ts";
import type * as Options from "../Options.ts";
import { configured, type Given, onDatabase } from "./database.ts";
import * as tokens from "./tokens.ts";

export const migrate = (given: Given) =>
  Effect.gen(function* () {
    const { line } = yield* Output;
    const config = yield* configured(given);
    const database = yield* Database.of(config);
    const { from, to } = yield* Effect.mapError(database.migrate, Failure.ofDomain);
    yield* line(
      from === to
        ? `${config.database} is up to date (schema ${to}).`
        : `${config.database} is now at schema ${to} (it was at ${from}).`,
    );
  });

export const createToken = (given: Given & tokens.Create) => onTokens(given, tokens.create(given));

export const listTokens = (given: Given & { readonly format: Options.Format }) => onTokens(given, tokens.list(given));

export const revokeToken = (given: Given & { readonly which: string }) => onTokens(given, tokens.revoke(given));

/** Runs what works on tokens, on those of the database. */
const onTokens = <A>(given: Given, effect: Effect.Effect<A, Failure.Failure, Tokens | Output>) =>
  onDatabase(given, () => Effect.provide(effect, storedTokens));

const storedTokens = Layer.effect(
  Tokens,
  Effect.map(UseCases.Tokens, ({ create, list, revoke }) =>
    Tokens.of({
      create: ({ expiresAt, ...input }) =>
        create({ ...input, expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt) }).pipe(
          Effect.map(({ token, secret }) => ({ token: onWire(token), secret: Redacted.value(secret) })),
          Local.asOperator("cli"),
        ),
      list: Effect.map(list, (all) => all.map(onWire)).pipe(Local.asOperator("cli")),
      revoke: (id) => Effect.asVoid(revoke(TokenId.make(id))).pipe(Local.asOperator("cli")),
    }),
  ),
);

const onWire = ({ id, name, scopes, createdAt, expiresAt, lastUsedAt, revokedAt }: Token): Shown => ({
  id,
  name,
  scopes,
  createdAt: at(createdAt),
  ...(expiresAt === undefined ? {} : { expiresAt: at(expiresAt) }),
  ...(lastUsedAt === undefined ? {} : { lastUsedAt: at(lastUsedAt) }),
  ...(revokedAt === undefined ? {} : { revokedAt: at(revokedAt) }),
});

const at = (millis: number) => new Date(millis).toISOString();

interface Seed extends Given {
  readonly entities: Option.Option<number>;
}

export const seed = (given: Seed) =>
  onDatabase(given, (config) =>
    Effect.scoped(
      Effect.gen(function* () {
        const { line } = yield* Output;
        const batches = yield* Batches;
        const wanted = Option.getOrUndefined(given.entities);
        const progress = yield* Progress.bar("Seeding", "entities");
        const total = wanted ?? company.length;
        const documents = Stream.fromIterable(wanted === undefined ? company : generate(wanted)).pipe(
          Stream.zipWithIndex,
          Stream.map(([document, index]) => ({ index, line: index + 1, content: Either.right(document) })),
          Stream.tap(({ index }) => (index % 100 === 0 ? progress(index, total) : Effect.void)),
        );
        const { summary } = yield* batches
          .apply(documents, { mode: "best-effort", dryRun: false, force: false })
          .pipe(Local.asOperator("seed"), Effect.mapError(Failure.ofDomain));
        yield* progress(total, total);
        const program = yield* Environment.programName;
        yield* line(
          `${summary.documents} entities in ${config.database}: ${summary.created} created, ${summary.updated} updated, ${summary.unchanged} unchanged.`,
        );
        if (wanted === undefined) {
          yield* line(`Look at one: ${program} entity get component:payments`);
        }
      }),
    ),
  );

interface Dump extends Given {
  readonly output: Option.Option<string>;
  readonly format: ArchiveFile.Format;
}

export const dump = (given: Dump) =>
  onDatabase(given, () =>
    Effect.gen(function* () {
      const { note, toFile } = yield* Output;
      const archive = yield* Archive;
      // On a terminal it would stand among the records, and before a pipe beside the line of whoever reads them.
      const isKept = Option.isSome(given.output) || (yield* toFile);
      const progress = isKept ? yield* Progress.bar("Exporting", "records") : Progress.none;
      const counts = ArchiveFile.counter();
      const lines = archive.dump.pipe(
        Stream.mapError(Failure.ofDomain),
        Stream.tap((record) => progress(counts.add(record))),
        Stream.map(ArchiveFile.writer(given.format)),
      );
      yield* ArchiveFile.save(lines, given.output);
      yield* progress(0, 0);
      yield* note(
        `Exported ${counts.text()}${Option.match(given.output, { onNone: () => "", onSome: (file) => ` to ${file}` })}.`,
      );
    }),
  );

interface Load extends Given {
  readonly file: string;
}

export const load = (given: Load) =>
  onDatabase(given, (config) =>
    Effect.gen(function* () {
      const { line } = yield* Output;
      const archive = yield* Archive;
      yield* Sources.announce(given.file);
      const progress = yield* Progress.bar("Importing", "bytes");
      const counts = ArchiveFile.counter();
      yield* archive
        .load(Stream.tap(ArchiveFile.read(given.file, progress), (record) => Effect.sync(() => counts.add(record))))
        .pipe(Effect.mapError(Failure.from));
      yield* progress(0, 0);
      yield* line(`Imported ${counts.text()} into ${config.database}.`);
    }),
  );
