/**
 * Who may call what, as the declaration tells it. The use cases enforce it.
 */
import { Unauthenticated } from "@cadastre/domain/Errors";
import type { Scope } from "@cadastre/domain/Principal";
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware";
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Context from "effect/Context";
import { wire } from "./Problem.ts";

/** Marks the endpoints that need a bearer token; the others are open. */
export class Bearer extends HttpApiMiddleware.Tag<Bearer>()("@cadastre/api/Bearer", {
  failure: wire(Unauthenticated),
  security: {
    bearer: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotateContext(
        OpenApi.annotations({
          description: "A token of this catalog: `cad_` and 43 characters. `cadastre admin token create` makes one.",
          format: "cad_…",
        }),
      ),
    ),
  },
}) {}

/** The scope that an endpoint needs; only the documentation reads it. */
class RequiredScope extends Context.Tag("@cadastre/api/RequiredScope")<RequiredScope, Scope>() {}

/** What is said of an endpoint that needs a scope. */
export const operation = (scope: Scope, summary: string, description?: string): Context.Context<never> =>
  OpenApi.annotations({
    summary,
    description,
    // OpenAPI 3.1 lets the requirement of an HTTP scheme name the roles that it needs.
    transform: (operation) => ({ ...operation, security: [{ bearer: [scope] }] }),
  }).pipe(Context.add(RequiredScope, scope)) as Context.Context<never>; // annotations are looked up by tag, untyped
