import { WhoAmI } from "@cadastre/api/Tokens";
import { Caller, holds } from "@cadastre/domain/Principal";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { reading, type Tool } from "../Tool.ts";

export const tool: Tool = reading({
  name: "whoami",
  title: "Who the token says is calling",
  description:
    "As whom you act, and what this token allows. Use it when something is refused or a tool seems to be missing.",
  toolset: undefined,
  scope: undefined,
  input: Schema.Struct({}),
  output: WhoAmI,
  run: () =>
    Effect.map(Caller, ({ principal }) => ({
      structured: { id: principal.id, scopes: [...principal.scopes] },
      text: `You act as ${principal.id}, which may ${holds(principal, "catalog:read") ? "" : "not "}read and ${holds(principal, "catalog:write") ? "" : "not "}write the catalog (scopes: ${[...principal.scopes].join(", ")}). Changes are recorded under this name.`,
    })),
});
