/**
 * Applying many documents in one call.
 */
import { MAX_ATOMIC, MAX_DOCUMENT_BYTES, MAX_DOCUMENTS } from "@cadastre/domain/Batch";
import { EntityUid } from "@cadastre/domain/Entity";
import { InvalidInput, PayloadTooLarge, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import { Fault } from "@cadastre/domain/Fault";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { EntityInput } from "./Entity.ts";
import { flag, Integer, one, optional, word } from "./Parameters.ts";
import { wire } from "./Problem.ts";

const ACTIONS = ["created", "updated", "unchanged", "invalid", "conflict", "refused"] as const;

/** What became of one document. */
export const DocumentResult = Schema.Struct({
  index: Integer.annotations({ description: "Place in the stream, from 0." }),
  line: Integer.annotations({ description: "Line on which the document starts, from 1." }),
  action: Schema.Literal(...ACTIONS),
  reference: optional(Schema.String.annotations({ examples: ["Component:default/payments"] })),
  uid: optional(EntityUid),
  revision: optional(Integer),
  faults: optional(Schema.Array(Fault).annotations({ description: "Why it was not applied." })),
  warnings: optional(Schema.Array(Fault).annotations({ description: "Legal and yet probably not meant." })),
}).annotations({ identifier: "DocumentResult" });

/** The last line of a batch's answer. */
export const BatchSummary = Schema.Struct({
  summary: Schema.Struct({
    documents: Integer,
    created: Integer,
    updated: Integer,
    unchanged: Integer,
    invalid: Integer,
    conflict: Integer,
    refused: Integer,
  }),
}).annotations({ identifier: "BatchSummary" });

/** One line of a batch's answer. */
export const BatchLine = Schema.Union(DocumentResult, BatchSummary).annotations({
  identifier: "BatchLine",
  description:
    "A `DocumentResult` for each document, in the order of the stream, and the `BatchSummary` as the last line.",
});

const text = (contentType: string) => HttpApiSchema.Text({ contentType });

const apply = HttpApiEndpoint.post("apply", "/v1/entities/batch")
  .setUrlParams(
    Schema.Struct({
      mode: one(word("atomic", "best-effort"), {
        description: `\`atomic\` (where absent): all or none, at most ${MAX_ATOMIC} documents. \`best-effort\`: every document that can go in goes in.`,
        example: "best-effort",
      }),
      dryRun: one(flag, { description: "Tell what would happen and change nothing.", example: true }),
      force: one(flag, { description: "Write even to entities that a managed source keeps.", example: true }),
    }),
  )
  .setPayload(
    Schema.Union(
      Schema.Union(Schema.Array(EntityInput), EntityInput).pipe(
        HttpApiSchema.withEncoding({ kind: "Json", contentType: "application/json" }),
      ),
      text("application/x-ndjson"),
      text("application/yaml"),
      text("text/yaml"),
    ),
  )
  .addSuccess(text("application/x-ndjson").annotations({ description: "One JSON object a line, each a `BatchLine`." }))
  .annotateContext(
    operation(
      "catalog:write",
      "Apply many documents",
      `A JSON array, newline-delimited JSON or a multi-document YAML stream: at most ${MAX_DOCUMENTS} documents of at most ${MAX_DOCUMENT_BYTES} bytes. A reference that occurs twice is a conflict of both places.`,
    ),
  );

export const BatchesGroup = HttpApiGroup.make("batches")
  .add(apply)
  .addError(wire(InvalidInput))
  .addError(wire(PermissionDenied))
  .addError(wire(PayloadTooLarge))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(OpenApi.annotations({ title: "Batches", description: "Many documents in one call." }));
