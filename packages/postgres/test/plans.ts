/**
 * How Postgres answers what the stores ask.
 */
import type { Engine } from "@cadastre/sql/Engine";
import type { Connection } from "@effect/sql/SqlConnection";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";

interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly Plans?: ReadonlyArray<Node>;
}

const stepsOf = (node: Node): ReadonlyArray<string> => [
  [node["Node Type"], node["Index Name"] ?? node["Relation Name"] ?? ""].join(" ").trim(),
  ...(node.Plans ?? []).flatMap(stepsOf),
];

/** An engine for stores, and what each statement does that a call of those runs: `node relation or index`, in the plan's order. */
export const watch = (engine: Context.Tag.Service<Engine>) => {
  const asked: Array<string> = [];
  const explaining = (connection: Connection): Connection => ({
    ...connection,
    execute: (statement, values, transform) =>
      connection.executeUnprepared(`EXPLAIN (FORMAT JSON) ${statement}`, values, undefined).pipe(
        Effect.tap((rows) =>
          Effect.sync(() => {
            // The server's own document, in one row.
            for (const row of rows)
              for (const { Plan } of row["QUERY PLAN"] as ReadonlyArray<{ readonly Plan: Node }>)
                asked.push(...stepsOf(Plan));
          }),
        ),
        Effect.zipRight(connection.execute(statement, values, transform)),
      ),
  });
  const watched: typeof engine = {
    ...engine,
    withReader: (use) => engine.withReader((connection) => use(explaining(connection))),
    client: new Proxy(engine.client, {
      get: (client, key) => (key === "reserve" ? Effect.map(client.reserve, explaining) : Reflect.get(client, key)),
    }),
  };
  return {
    watched,
    steps: <E>(call: Effect.Effect<unknown, E>): Effect.Effect<ReadonlyArray<string>, E> =>
      Effect.suspend(() => {
        asked.length = 0;
        return Effect.map(call, () => [...asked]);
      }),
  };
};
