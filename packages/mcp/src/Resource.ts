/**
 * What is read by its URI.
 */
import type { DomainError } from "@cadastre/api/Problem";
import type { Caller, Scope } from "@cadastre/domain/Principal";
import type { Resource as Definition, ReadResourceResult, ResourceTemplateType } from "@modelcontextprotocol/server";
import type * as Effect from "effect/Effect";

export interface Resource {
  /** Who lacks it does not see the resource; undefined: anyone with a token. */
  readonly scope: Scope | undefined;
  /** Those that are listed; there may be others. */
  readonly list: Effect.Effect<ReadonlyArray<Definition>, DomainError, Caller>;
  readonly template?: ResourceTemplateType | undefined;
  /** Undefined: the URI is none of its own. */
  readonly read: (uri: string) => Effect.Effect<ReadResourceResult, DomainError, Caller> | undefined;
  /** Values of a parameter of the template. */
  readonly complete?: Complete | undefined;
}

/** Values that begin with `value`, those of the other parameters given. */
export type Complete = (
  parameter: string,
  value: string,
  others: { readonly [parameter: string]: string },
) => Effect.Effect<ReadonlyArray<string>, DomainError, Caller>;
