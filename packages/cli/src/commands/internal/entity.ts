/**
 * What the `entity` commands do. Loaded when one of them runs.
 */

import * as Writer from "@cadastre/descriptors/Writer";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Client, type Entity, type Page } from "../../Client.ts";
import * as EntityView from "../../EntityView.ts";
import * as ExplanationView from "../../ExplanationView.ts";
import * as Failure from "../../Failure.ts";
import { closest } from "../../internal/closest.ts";
import * as Lookup from "../../Lookup.ts";
import { Output } from "../../Output.ts";
import * as Progress from "../../Progress.ts";
import * as Table from "../../Table.ts";
import * as Conditions from "../Conditions.ts";
import type * as Options from "../Options.ts";
import { asOptions, connected, type Given, tellUnevaluated } from "./connected.ts";

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

      // What is printed as it comes to a terminal is its own progress.
      const progress =
        given.format === "table" || output.width === undefined ? yield* Progress.bar("Listing", "entities") : quiet;
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
        yield* progress(shown);
      } while (cursor !== undefined && shown < limit);
      yield* progress(shown, shown);

      if (given.format === "json") yield* write(shown === 0 ? "[]\n" : "\n]\n");
      else if (given.format === "table") {
        if (shown === 0)
          yield* output.note(`No entity fits${given.kind.map(likeAKind).join("")}.`.replace(/\?\.$/, "?"));
        else yield* write(Table.render(EntityView.HEAD, rows, { ...output, keep: [0] }));
        if (cursor !== undefined)
          yield* output.note(`\nThe first ${shown}; there are more: --limit N or --all shows them.`);
      }
      yield* tellUnevaluated(unevaluated);
      if (given.explain) yield* output.note(ExplanationView.view(explained, output.noteStyle));
    }),
  );

/** Kinds are free, and those that are misspelt are most often these. */
const likeAKind = (kind: string): string =>
  KINDS.includes(kind.toLowerCase()) ? "" : closest(kind.toLowerCase(), KINDS);

const KINDS = ["component", "api", "resource", "system", "domain", "group", "user", "location", "template"];

const quiet: Progress.Bar = () => Effect.void;

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
