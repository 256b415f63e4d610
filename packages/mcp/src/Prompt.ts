/**
 * A question that people ask again and again, to be chosen from a menu.
 */
import type { DomainError } from "@cadastre/api/Problem";
import type { Caller, Scope } from "@cadastre/domain/Principal";
import type { Prompt as Definition, GetPromptResult, ServerContext } from "@modelcontextprotocol/server";
import type * as Effect from "effect/Effect";
import type { Complete } from "./Resource.ts";

export interface Prompt {
  readonly definition: Definition;
  /** Who lacks it does not see the prompt; undefined: anyone with a token. */
  readonly scope: Scope | undefined;
  readonly get: (
    args: { readonly [name: string]: string },
    context: ServerContext,
  ) => Effect.Effect<GetPromptResult, DomainError, Caller>;
  readonly complete?: Complete | undefined;
}
