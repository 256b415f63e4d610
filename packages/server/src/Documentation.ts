/**
 * The endpoints that tell about the interface itself. Their texts are made when they are first asked for.
 */
import * as Module from "@cadastre/domain/Module";
import * as Effect from "effect/Effect";
import { json } from "./internal/answer.ts";
import type { GroupHandlers } from "./Routes.ts";

const texts = Module.lazy(() => import("./internal/documentation.ts"));

export const handlers = (version: string): Effect.Effect<GroupHandlers<"documentation">> =>
  Effect.gen(function* () {
    const openApi = yield* Effect.cached(Effect.map(texts, ({ openApi }) => openApi()));
    const docs = yield* Effect.cached(Effect.map(texts, ({ docs }) => docs()));
    const index = json(
      JSON.stringify({ name: "cadastre", version, docs: "/docs", openapi: "/openapi.json", health: "/v1/health" }),
    );
    return { index: () => Effect.succeed(index), openApi: () => openApi, docs: () => docs };
  });
