/**
 * The endpoint that applies many documents.
 */
import { Batches } from "@cadastre/core/Batches";
import type { Format } from "@cadastre/descriptors/Framing";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import type { Answer } from "./internal/answer.ts";
import { documents } from "./internal/documents.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"batches">, never, Batches> = Effect.map(Batches, (batches) => ({
  apply: ({ query, body }) =>
    Effect.map(
      Effect.flatMap(documents, ({ readStream }) =>
        batches.apply(readStream(formatOf(body.mediaType), body.bytes), {
          mode: query.mode ?? "atomic",
          dryRun: query.dryRun ?? false,
          force: query.force ?? false,
        }),
      ),
      ({ summary, results }): Answer => ({
        status: 200,
        headers: { "content-type": "application/x-ndjson" },
        body: Stream.concat(
          Stream.map(results, line),
          Stream.sync(() => line({ summary })),
        ),
      }),
    ),
}));

const formatOf = (mediaType: string): Format => {
  switch (mediaType) {
    case "application/json":
      return "json";
    case "application/x-ndjson":
      return "ndjson";
    default:
      return "yaml";
  }
};

const line = (value: object): string => `${JSON.stringify(value)}\n`;
