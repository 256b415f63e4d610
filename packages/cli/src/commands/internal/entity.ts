/**
 * What the `entity` commands do. Loaded when one of them runs.
 */

import * as Writer from "@cadastre/descriptors/Writer";
import * as Json from "@cadastre/domain/Json";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Client, type Entity, type Page } from "../../Client.ts";
import * as EntityView from "../../EntityView.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as ExplanationView from "../../ExplanationView.ts";
import * as Failure from "../../Failure.ts";
import * as Lookup from "../../Lookup.ts";
import { Output } from "../../Output.ts";
import * as Sources from "../../Sources.ts";
import * as Table from "../../Table.ts";
import * as Conditions from "../Conditions.ts";
import type * as Options from "../Options.ts";
import { asOptions, connected, type Given, tellUnevaluated } from "./connected.ts";

export { apply, validate } from "./apply.ts";

interface Get extends Given {
  readonly reference: string;
  readonly revision: Option.Option<number>;
  readonly format: Options.Format;
}

export const get = (given: Get) =>
  connected(
    given,
    Effect.gen(function* () {
      const { write, line, style, width } = yield* Output;
      const entity = yield* Lookup.find(given.reference, Option.getOrUndefined(Option.map(given.revision, String)));
      switch (given.format) {
        case "table":
          return yield* line(EntityView.view(entity, style, width ?? 100));
        case "json":
          return yield* line(JSON.stringify(entity, undefined, 2));
        case "yaml":
          return yield* write(yaml(entity));
        case "name":
          return yield* line(Lookup.referenceOf(entity));
      }
    }),
  );

interface List extends Given, Conditions.Conditions {
  readonly orderBy: Option.Option<string>;
  readonly explain: boolean;
  readonly limit: Option.Option<number>;
  readonly all: boolean;
  readonly format: Options.Format;
}

/** Entities of one call. */
const PAGE = 500;

const STANDARD_LIMIT = 50;

export const list = (given: List) =>
  connected(
    given,
    Effect.gen(function* () {
      const output = yield* Output;
      const { write } = output;
      const client = yield* Client;
      const limit = given.all ? Number.POSITIVE_INFINITY : Option.getOrElse(given.limit, () => STANDARD_LIMIT);

      const rows: Array<ReadonlyArray<string>> = [];
      let shown = 0;
      let cursor: string | undefined;
      const unevaluated: Array<Page["unevaluated"]> = [];
      const explained: Array<NonNullable<Page["explain"]>> = [];
      do {
        const page: Page = yield* client
          .list({
            ...Conditions.toQuery(given),
            ...Conditions.given({ orderBy: given.orderBy }),
            ...(given.explain ? { explain: "true" } : {}),
            limit: String(Math.min(PAGE, limit - shown)),
            ...(cursor === undefined ? {} : { cursor }),
          })
          .pipe(Effect.mapError(asOptions));
        for (const entity of page.items) {
          if (given.format === "json")
            yield* write(`${shown === 0 ? "[" : ","}\n${JSON.stringify(entity, undefined, 2)}`);
          else if (given.format === "yaml") yield* write(`${shown === 0 ? "" : "---\n"}${yaml(entity)}`);
          else if (given.format === "name") yield* write(`${Lookup.referenceOf(entity)}\n`);
          else rows.push(EntityView.row(entity));
          shown++;
        }
        unevaluated.push(page.unevaluated);
        if (page.explain !== undefined) explained.push(page.explain);
        cursor = page.nextCursor;
      } while (cursor !== undefined && shown < limit);

      if (given.format === "json") yield* write(shown === 0 ? "[]\n" : "\n]\n");
      else if (given.format === "table") {
        if (shown === 0) yield* output.note("No entity fits.");
        else yield* write(Table.render(EntityView.HEAD, rows, { ...output, keep: [0] }));
        if (cursor !== undefined)
          yield* output.note(`\nThe first ${shown}; there are more: --limit N or --all shows them.`);
      }
      yield* tellUnevaluated(unevaluated);
      if (given.explain) yield* output.note(ExplanationView.view(explained, output.noteStyle));
    }),
  );

interface Patch extends Given {
  readonly reference: string;
  readonly patch: Option.Option<string>;
  readonly patchFile: Option.Option<string>;
  readonly state: Option.Option<string>;
  readonly force: boolean;
}

export const patch = (given: Patch) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line } = yield* Output;
      const client = yield* Client;
      const patch = yield* patchOf(given);
      const before = yield* Lookup.find(given.reference);
      const after = yield* Effect.mapError(client.patch(before.metadata.uid, patch, given.force), Failure.from);
      const { revision } = after.metadata;
      const done = revision === before.metadata.revision ? "unchanged" : "updated";
      yield* line(`${done} ${Lookup.referenceOf(after)}, revision ${revision}`);
    }),
  );

/** The options as one merge patch. */
const patchOf = ({ patch, patchFile, state }: Patch): Effect.Effect<string, Failure.Failure> =>
  Effect.gen(function* () {
    if (Option.isSome(patch) && Option.isSome(patchFile))
      return yield* wrong("--patch and --patch-file exclude each other.");
    const text = Option.isSome(patchFile) ? Option.some(yield* Sources.text(patchFile.value)) : patch;
    const change = Option.map(state, (state) => ({ status: { state } }));
    if (Option.isNone(text)) {
      return Option.isSome(change)
        ? JSON.stringify(change.value)
        : yield* wrong("There is nothing to change.", "Give --patch, --patch-file or --state.");
    }
    const parsed = yield* Effect.try({
      try: () => JSON.parse(text.value) as Json.Json,
      catch: (cause) => wrong(`The patch is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`),
    });
    if (!Json.isObject(parsed))
      return yield* wrong('The patch must be a JSON object, such as {"metadata":{"title":"…"}}.');
    return JSON.stringify(Option.isSome(change) ? Json.mergePatch(parsed, change.value) : parsed);
  });

const wrong = (message: string, next?: string) => new Failure.Failure({ exit: ExitCode.usage, message, next });

interface Remove extends Given {
  readonly references: ReadonlyArray<string>;
  readonly force: boolean;
}

export const remove = (given: Remove) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line } = yield* Output;
      const client = yield* Client;
      for (const reference of given.references) {
        const entity = yield* Lookup.find(reference);
        yield* Effect.mapError(client.remove(entity.metadata.uid, given.force), Failure.from);
        yield* line(`deleted ${Lookup.referenceOf(entity)}`);
      }
    }),
  );

const yaml = (entity: Entity): string => Writer.write(entity);
