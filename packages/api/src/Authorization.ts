/**
 * Who may call what, as the declaration tells it. The use cases enforce it.
 */
import { IdentityUnavailable, Unauthenticated } from "@cadastre/domain/Errors";
import type { Scope } from "@cadastre/domain/Principal";
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware";
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Context from "effect/Context";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { wire } from "./Problem.ts";

/** Marks the endpoints that need a bearer token; the others are open. */
export class Bearer extends HttpApiMiddleware.Tag<Bearer>()("@cadastre/api/Bearer", {
  failure: Schema.Union(wire(Unauthenticated), wire(IdentityUnavailable)),
  security: {
    bearer: HttpApiSecurity.bearer.pipe(
      HttpApiSecurity.annotateContext(
        OpenApi.annotations({
          description:
            "A token of this catalog, `cad_` and 43 characters (`cadastre admin token create` makes one), or, where the operator has set an issuer, a JWT of that.",
          format: "cad_…",
        }),
      ),
    ),
  },
}) {}

/** What a caller needs: a scope, a token of any scope, or nothing at all. */
export type Access = Scope | "token" | "open";

class Needs extends Context.Tag("@cadastre/api/Needs")<Needs, Access>() {}

/** What is said of an endpoint; what it needs has to be said of each. */
export const operation = (access: Access, summary: string, description?: string): Context.Context<never> =>
  OpenApi.annotations({
    summary,
    description,
    // OpenAPI 3.1 lets the requirement of an HTTP scheme name the roles that it needs.
    transform: (operation) =>
      access === "open" ? operation : { ...operation, security: [{ bearer: access === "token" ? [] : [access] }] },
  }).pipe(Context.add(Needs, access)) as Context.Context<never>; // annotations are looked up by tag, untyped

/** What `HttpApi.reflect` tells of an endpoint, as far as it matters here. */
interface Declared {
  readonly endpoint: Pick<HttpApiEndpoint.HttpApiEndpoint.AnyWithProps, "method" | "path">;
  readonly mergedAnnotations: Context.Context<never>;
  readonly middleware: ReadonlySet<HttpApiMiddleware.TagClassAny>;
}

/**
 * What a declared endpoint needs. Throws where that was not said, or where `Bearer` is on an open endpoint or missing on another:
 * the document is made of this and so is the router, so nothing is open by oversight.
 */
export const accessOf = ({ endpoint, mergedAnnotations, middleware }: Declared): Access => {
  const name = `${endpoint.method} ${endpoint.path}`;
  const access = Option.getOrThrowWith(
    Context.getOption(mergedAnnotations as Context.Context<Needs>, Needs), // annotations are looked up by tag, untyped
    () => new Error(`${name} does not declare who may call it: annotate it with operation(…)`),
  );
  const wantsToken = [...middleware].some(({ key }) => key === Bearer.key);
  if (wantsToken !== (access !== "open"))
    throw new Error(`${name} is declared "${access}" ${wantsToken ? "behind" : "without"} Bearer`);
  return access;
};
