import { ChangeEvent } from "@cadastre/api/Events";
import { HistoryQuery, toChange } from "@cadastre/api/Histories";
import { Integer, optional } from "@cadastre/api/Parameters";
import { Histories } from "@cadastre/core/Histories";
import { EntityUid } from "@cadastre/domain/Entity";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { fitting } from "../internal/budget.ts";
import { loose, page } from "../internal/inputs.ts";
import type { Lookup } from "../internal/lookup.ts";
import { change, shortened } from "../internal/view.ts";
import { reading, type Tool } from "../Tool.ts";

const STANDARD = 10;

const Input = Schema.typeSchema(
  Schema.Struct({
    reference: loose,
    path: HistoryQuery.fields.path,
    before: HistoryQuery.fields.before,
    limit: page("Changes", STANDARD, 100),
  }),
);

/** A change of an entity that is known. */
const Change = ChangeEvent.omit("sequence", "id", "uid", "reference", "requestId", "traceparent", "entity");

const Output = Schema.typeSchema(
  Schema.Struct({ reference: Schema.String, items: Schema.Array(Change), next: optional(Integer) }),
);

const isUid = Schema.is(EntityUid);

export const tool = (lookup: Lookup): Effect.Effect<Tool, never, Histories> =>
  Effect.map(Histories, (histories) =>
    reading({
      name: "get_history",
      title: "Who changed it, when and how",
      description:
        "The changes of one entity, the latest first: who, when, through what, and the difference as JSON Patch. With `path` only changes of that place, such as /spec/owner. For changes across the catalog, or of what was deleted, use list_changes.",
      toolset: "history",
      scope: "catalog:read",
      input: Input,
      output: Output,
      run: Effect.fnUntraced(function* ({ reference, limit = STANDARD, ...query }) {
        // What was deleted is still there under its uid.
        const subject = isUid(reference)
          ? { uid: reference, key: reference }
          : yield* Effect.map(lookup.find(reference), ({ text, key }) => ({ uid: text.uid, key }));
        const { items, next } = yield* histories.list(subject.uid, { ...query, limit });
        const shown = fitting(items.map((item) => shortened(toChange(item))));
        const older = shown.length < items.length ? items[shown.length - 1]?.revision : next;
        return {
          structured: {
            reference: subject.key,
            items: shown as unknown as (typeof Output.Type)["items"], // by what `toChange` is
            ...(older === undefined ? {} : { next: older }),
          },
          text: [
            `${subject.key}:`,
            ...items.slice(0, shown.length).map((item) => change(item, `revision ${item.revision}`)),
            ...(older === undefined ? [] : [`There are older changes: repeat with before: ${older}.`]),
          ].join("\n"),
        };
      }),
    }),
  );
