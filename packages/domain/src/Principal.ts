/**
 * Who calls. Where an identity came from is the adapters' affair; use cases know only this.
 */
import * as Context from "effect/Context";
import * as Schema from "effect/Schema";

export const Scope = Schema.Literal(
  "catalog:read",
  "catalog:write",
  "callbacks:manage",
  "metrics:read",
  "admin",
).annotations({
  identifier: "Scope",
  description: "`admin` includes all the others; `catalog:write` does not include `catalog:read`.",
});

export type Scope = typeof Scope.Type;

export interface Principal {
  /** Stable name of the actor, as history shows it: `token:<name>`, `oidc:<subject>`, `cli:<user>`, `system`. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** True if the principal holds the scope, or `admin`, which stands for every scope. */
export const holds = (principal: Principal, scope: Scope): boolean =>
  principal.scopes.has(scope) || principal.scopes.has("admin");

/** The door a call came in by, as history shows it. */
export const Via = Schema.Literal("rest", "cli", "mcp", "import", "seed", "worker").annotations({ identifier: "Via" });

export type Via = typeof Via.Type;

/**
 * The call that is being served: each use case asks for it, so no write can be without an actor.
 *
 * @effect-leakable-service
 */
export class Caller extends Context.Tag("@cadastre/domain/Caller")<
  Caller,
  {
    readonly principal: Principal;
    readonly requestId: string;
    readonly via: Via;
    /** W3C `traceparent` of the call, carried into the events it causes. */
    readonly traceparent?: string | undefined;
  }
>() {}
