import { Unevaluated } from "@cadastre/api/Conditions";
import { EntityListQuery, toOrder } from "@cadastre/api/Entities";
import { optional } from "@cadastre/api/Parameters";
import { Entities } from "@cadastre/core/Entities";
import { EntityState } from "@cadastre/domain/Entity";
import { decodeCursor, encodeCursor } from "@cadastre/domain/EntityQuery";
import { InvalidInput } from "@cadastre/domain/Errors";
import { project } from "@cadastre/domain/Projection";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Schema from "effect/Schema";
import { fitting } from "../internal/budget.ts";
import * as Conditions from "../internal/conditions.ts";
import { page } from "../internal/inputs.ts";
import { type Found, foundOf } from "../internal/lookup.ts";
import { line, plural, summary } from "../internal/view.ts";
import { reading, type Tool } from "../Tool.ts";

const STANDARD = 20;

const Input = Schema.typeSchema(
  Schema.Struct({
    ...EntityListQuery.pick(
      "q",
      "filter",
      "kind",
      "owner",
      "tag",
      "label",
      "namespace",
      "state",
      "orderBy",
      "cursor",
      "fields",
    ).fields,
    filter: Conditions.filter,
    limit: page("Entities", STANDARD, 100),
  }),
);

const Summary = Schema.Struct({
  reference: Schema.String,
  title: optional(Schema.String),
  description: optional(Schema.String),
  type: optional(Schema.String),
  lifecycle: optional(Schema.String),
  owner: optional(Schema.String),
  system: optional(Schema.String),
  tags: optional(Schema.Array(Schema.String)),
  state: optional(EntityState),
  fields: optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
});

const Output = Schema.Struct({
  items: Schema.Array(Summary),
  nextCursor: optional(Schema.String),
  unevaluated: optional(Unevaluated),
});

export const tool: Effect.Effect<Tool, never, Entities> = Effect.map(Entities, (entities) =>
  reading({
    name: "search_catalog",
    title: "Search the catalog",
    description:
      "Find entities (services, APIs, databases, teams …) by words and conditions. Use it to list or to look for something; for one entity whose name you know use get_entity, to count use get_facets.",
    toolset: "search",
    scope: "catalog:read",
    input: Input,
    output: Output,
    run: Effect.fnUntraced(function* ({ orderBy, cursor, limit = STANDARD, fields, ...conditions }) {
      const asked = yield* Conditions.query(conditions);
      const order = orderBy === undefined ? asked.order : toOrder(orderBy);
      const after = yield* cursor === undefined
        ? Either.right(undefined)
        : Either.mapLeft(
            decodeCursor(order, cursor),
            (message) =>
              new InvalidInput({ message: "The page cannot be read", faults: [{ path: "cursor", message }] }),
          );
      const { items, next, unevaluated } = yield* entities.list({ ...asked, order, limit, after }, conditions);

      const found = items.map((item) => ({ ...foundOf(item), place: item.place }));
      const rows = fitting(
        found.map((it) =>
          fields === undefined
            ? summary(it)
            : { reference: it.key, fields: JSON.parse(project(it.text.json, fields)) as object },
        ),
      );
      // A page that was cut goes on after the last entity that is shown.
      const last = rows.length < found.length ? found[rows.length - 1]?.place : next;
      const nextCursor = last === undefined ? undefined : encodeCursor(order, last);
      const skipped =
        unevaluated === undefined
          ? ""
          : `\nThe filter could not be evaluated on ${plural(unevaluated.count, "entity", "entities")}, which are left out; the first: ${unevaluated.sample.reference}: ${unevaluated.sample.message}.`;
      const more =
        nextCursor === undefined
          ? ""
          : "\nThere are more: repeat the call with cursor: nextCursor, or narrow it (get_facets counts what there is).";
      return {
        structured: {
          items: rows as (typeof Output.Type)["items"],
          ...(nextCursor === undefined ? {} : { nextCursor }),
          ...(unevaluated === undefined ? {} : { unevaluated }),
        },
        text:
          (rows.length === 0
            ? nextCursor === undefined
              ? "Nothing matches. Try fewer or other words; get_facets shows which kinds, owners, tags and values there are."
              : "Nothing so far."
            : rows
                .map((row, i) =>
                  "fields" in row ? `${row.reference} ${JSON.stringify(row.fields)}` : line(found[i] as Found),
                )
                .join("\n")) +
          more +
          skipped,
      };
    }),
  }),
);
