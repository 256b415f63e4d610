/**
 * How Postgres answers what the stores ask.
 */
import type { Engine } from "@cadastre/sql/Engine";
import { watched } from "@cadastre/testing/Watched";
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
  return {
    watched: watched(engine, (connection, statement, values) =>
      Effect.tap(connection.executeUnprepared(`EXPLAIN (FORMAT JSON) ${statement}`, values, undefined), (rows) =>
        Effect.sync(() => {
          // The server's own document, in one row.
          for (const row of rows)
            for (const { Plan } of row["QUERY PLAN"] as ReadonlyArray<{ readonly Plan: Node }>)
              asked.push(...stepsOf(Plan));
        }),
      ),
    ),
    steps: <E>(call: Effect.Effect<unknown, E>): Effect.Effect<ReadonlyArray<string>, E> =>
      Effect.suspend(() => {
        asked.length = 0;
        return Effect.map(call, () => [...asked]);
      }),
  };
};
