/**
 * What the interface is documented by, made from its declaration.
 */
import { createHash } from "node:crypto";
import * as DocsPage from "@cadastre/api/DocsPage";
import * as OpenApi from "@cadastre/api/OpenApi";
import { type Answer, json, text } from "./answer.ts";

export const openApi = (): Answer => json(JSON.stringify(OpenApi.document()));

/** The page runs its own script and style and nothing else. */
export const docs = (): Answer => {
  const { html, script, style } = DocsPage.render(OpenApi.document());
  const hash = (source: string) => `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
  const policy = `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return text("text/html; charset=utf-8", html, 200, { "content-security-policy": policy });
};
