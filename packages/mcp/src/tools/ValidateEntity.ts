import { optional } from "@cadastre/api/Parameters";
import { Entities } from "@cadastre/core/Entities";
import { byKey } from "@cadastre/domain/EntityStore";
import { Fault } from "@cadastre/domain/Fault";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Schema from "effect/Schema";
import * as Descriptors from "../internal/descriptors.ts";
import { document } from "../internal/inputs.ts";
import { plural } from "../internal/view.ts";
import { reading, type Tool } from "../Tool.ts";

const Output = Schema.Struct({
  valid: Schema.Boolean,
  documents: Schema.Array(
    Schema.Struct({
      reference: optional(Schema.String),
      faults: Schema.Array(Fault),
      warnings: Schema.Array(Fault),
      exists: optional(Schema.Boolean),
    }),
  ),
});

type Document = (typeof Output.Type)["documents"][number];

/** Documents of one call: each is looked up. */
const MAX_DOCUMENTS = 50;

export const tool: Effect.Effect<Tool, never, Entities> = Effect.map(Entities, (entities) =>
  reading({
    name: "validate_entity",
    title: "Check a descriptor",
    description:
      "Checks a descriptor, or a whole catalog-info.yaml, and changes nothing. Every fault is told with its place and how to mend it. Use it before apply_entity, or while writing a descriptor.",
    toolset: "write",
    scope: "catalog:read",
    input: Schema.Struct({ document }),
    output: Output,
    run: Effect.fnUntraced(function* ({ document }) {
      const checked = yield* Descriptors.check(document);
      const documents = yield* Effect.forEach(checked.slice(0, MAX_DOCUMENTS), ({ result }) =>
        Either.match(result, {
          onLeft: (faults) => Effect.succeed<Document>({ faults, warnings: [] }),
          onRight: ({ document, warnings }) => {
            const reference = Descriptors.keyOf(document);
            return entities.get(byKey(reference)).pipe(
              Effect.as(true),
              Effect.catchTag("NotFound", () => Effect.succeed(false)),
              Effect.map((exists): Document => ({ reference, faults: [], warnings, exists })),
            );
          },
        }),
      );
      const isComplete = documents.length === checked.length;
      return {
        structured: {
          valid: isComplete && documents.length > 0 && documents.every(({ faults }) => faults.length === 0),
          documents,
        },
        text: [
          documents.length === 0 ? "There is no document in it." : "",
          ...documents.map(textOf),
          isComplete ? "" : `Only the first ${MAX_DOCUMENTS} of ${checked.length} documents were checked.`,
        ]
          .filter((line) => line !== "")
          .join("\n"),
      };
    }),
  }),
);

const textOf = ({ reference, faults, warnings, exists }: Document, index: number): string => {
  const told = [...faults, ...warnings].map(({ path, message }) => `- ${path === "" ? "" : `${path}: `}${message}`);
  return [
    reference === undefined
      ? `document ${index + 1} has ${plural(faults.length, "fault", "faults")}:`
      : `${reference} is valid; it would be ${exists ? "compared with what is there and replace it" : "created"}.${warnings.length === 0 ? "" : " Doubtful:"}`,
    ...told,
  ].join("\n");
};
