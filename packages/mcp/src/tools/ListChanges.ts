import { Unevaluated } from "@cadastre/api/Conditions";
import { ChangeEvent, EventQuery } from "@cadastre/api/Events";
import { toChange } from "@cadastre/api/Histories";
import { Integer, one, optional } from "@cadastre/api/Parameters";
import { Events } from "@cadastre/core/Events";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { fitting } from "../internal/budget.ts";
import { page } from "../internal/inputs.ts";
import { change, plural, shortened } from "../internal/view.ts";
import { reading, type Tool } from "../Tool.ts";

const STANDARD = 20;

const DAY = 24 * 60 * 60 * 1000;

const time = Schema.String.pipe(
  Schema.filter(
    (text) => !Number.isNaN(Date.parse(text)) || "must be a time in ISO 8601, such as 2026-01-31T12:00:00Z",
  ),
);

const Input = Schema.typeSchema(
  Schema.Struct({
    since: one(time, {
      description: "From this time on, ISO 8601; where absent, the last 24 hours.",
      example: "2026-01-31",
    }),
    after: optional(Integer.annotations({ description: "`next` of the page before; it goes before `since`." })),
    type: EventQuery.fields.type,
    kind: EventQuery.fields.kind,
    filter: EventQuery.fields.filter,
    limit: page("Changes", STANDARD, 100),
  }),
);

const Change = ChangeEvent.omit("sequence", "id", "uid", "requestId", "traceparent", "entity");

const Output = Schema.typeSchema(
  Schema.Struct({
    changes: Schema.Array(Change),
    next: Integer,
    isEnd: Schema.Boolean,
    unevaluated: optional(Unevaluated),
  }),
);

export const tool: Effect.Effect<Tool, never, Events> = Effect.map(Events, (events) =>
  reading({
    name: "list_changes",
    title: "What changed in the catalog",
    description:
      "Changes of any entities since a time, the oldest first: what was created, updated, retired or deleted, by whom and how. For one entity use get_history.",
    toolset: "history",
    scope: "catalog:read",
    input: Input,
    output: Output,
    run: Effect.fnUntraced(function* ({ since, after, type = [], kind = [], filter, limit = STANDARD }) {
      const from = since === undefined ? (yield* Clock.currentTimeMillis) - DAY : Date.parse(since);
      const start = after ?? (yield* events.at(from));
      const found = yield* events.list({ types: type, kinds: kind, filter }, start, limit);
      const rows = fitting(found.events.map((event) => shortened({ reference: event.reference, ...toChange(event) })));
      const last = rows.length < found.events.length ? found.events[rows.length - 1] : undefined;
      const next = last?.sequence ?? found.next;
      const isEnd =
        last === undefined &&
        found.events.length < limit &&
        (yield* events.list({ types: [], kinds: [] }, next, 1)).events.length === 0;
      return {
        structured: {
          changes: rows as unknown as (typeof Output.Type)["changes"], // by what `toChange` is
          next,
          isEnd,
          ...(found.unevaluated === undefined ? {} : { unevaluated: found.unevaluated }),
        },
        text: [
          rows.length === 0
            ? `No such changes since ${new Date(from).toISOString()}${isEnd ? "" : " so far"}.`
            : `${plural(rows.length, "change", "changes")}:`,
          ...found.events.slice(0, rows.length).map((event) => change(event, event.reference)),
          ...(isEnd ? [] : [`There may be more: repeat with after: ${next}.`]),
        ].join("\n"),
      };
    }),
  }),
);
