/**
 * A daemon with the sample company, as agents find it.
 */
import * as Program from "@cadastre/e2e/Program";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import * as Effect from "effect/Effect";

export const company = Effect.fnUntraced(function* (words: ReadonlyArray<string> = []) {
  const home = yield* Program.home;
  yield* Program.run(home, ["admin", "seed"]);
  return yield* Program.daemon(home, words);
});

/** A client of the current revision. */
export const modern = ({ url, token }: Program.Daemon) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", url), { requestInit }));
      return client;
    }),
    (client) => Effect.promise(() => client.close()),
  );

export interface Call {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

const document = {
  apiVersion: "cadastre.dev/v1",
  kind: "Component",
  metadata: { name: "gateway" },
  spec: { type: "service", lifecycle: "production", owner: "checkout" },
};

/** Every tool once, in an order in which they succeed. */
export const CALLS: ReadonlyArray<Call> = [
  { name: "search_catalog", arguments: { q: "payments" } },
  { name: "get_entity", arguments: { reference: "component:payments" } },
  { name: "get_owner", arguments: { reference: "component:payments" } },
  { name: "get_graph", arguments: { reference: "resource:payments-db", direction: "dependents", depth: "all" } },
  { name: "get_history", arguments: { reference: "component:payments" } },
  { name: "list_changes", arguments: { kind: ["Component"], limit: 5 } },
  { name: "get_facets", arguments: { by: ["kind", "owner"] } },
  { name: "describe_model", arguments: { kind: "Component" } },
  { name: "validate_entity", arguments: { document } },
  { name: "apply_entity", arguments: { document } },
  { name: "patch_entity", arguments: { reference: "component:gateway", patch: { metadata: { title: "Gateway" } } } },
  { name: "delete_entity", arguments: { reference: "component:gateway" } },
  { name: "whoami", arguments: {} },
];
