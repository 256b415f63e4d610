/**
 * What tells about the interface itself. Open to all.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { operation } from "./Authorization.ts";

/** What is at the root: where to go on. */
const Index = Schema.Struct({
  name: Schema.Literal("cadastre"),
  version: Schema.String,
  docs: Schema.Literal("/docs"),
  openapi: Schema.Literal("/openapi.json"),
  health: Schema.Literal("/v1/health"),
}).annotations({ identifier: "Index" });

const index = HttpApiEndpoint.get("index", "/")
  .addSuccess(Index)
  .annotateContext(operation("open", "Where things are"));

const openApi = HttpApiEndpoint.get("openApi", "/openapi.json")
  .addSuccess(Schema.Record({ key: Schema.String, value: Schema.Unknown.annotations({ jsonSchema: {} }) }))
  .annotateContext(operation("open", "This interface as an OpenAPI 3.1 document"));

const docs = HttpApiEndpoint.get("docs", "/docs")
  .addSuccess(HttpApiSchema.Text({ contentType: "text/html" }))
  .annotateContext(operation("open", "This interface as a page for people"));

export const DocumentationGroup = HttpApiGroup.make("documentation")
  .add(index)
  .add(openApi)
  .add(docs)
  .annotateContext(OpenApi.annotations({ title: "Documentation" }));
