/**
 * The endpoints that tell about the interface itself. Their texts are made when they are first asked for.
 */
import { createHash } from "node:crypto";
import * as DocsPage from "@cadastre/api/DocsPage";
import * as OpenApi from "@cadastre/api/OpenApi";
import * as Effect from "effect/Effect";
import { type Answer, json, text } from "./internal/answer.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers = (version: string): Effect.Effect<GroupHandlers<"documentation">> =>
  Effect.gen(function* () {
    const openApi = yield* Effect.cached(Effect.sync(() => json(JSON.stringify(OpenApi.document()))));
    const docs = yield* Effect.cached(Effect.sync(docsAnswer));
    const index = json(
      JSON.stringify({ name: "cadastre", version, docs: "/docs", openapi: "/openapi.json", health: "/v1/health" }),
    );
    return { index: () => Effect.succeed(index), openApi: () => openApi, docs: () => docs };
  });

/** The page runs its own script and style and nothing else. */
const docsAnswer = (): Answer => {
  const { html, script, style } = DocsPage.render(OpenApi.document());
  const hash = (source: string) => `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return text("text/html; charset=utf-8", html, 200, { "content-security-policy": policy });
};
