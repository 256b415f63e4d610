import type { EntityState, EntityUid } from "@cadastre/domain/Entity";
import { type Direction, type EntityGraph, type GraphNode, MAX_NODES } from "@cadastre/domain/Graph";
import type { ReferenceKey } from "@cadastre/domain/Reference";
import type { Edge, EdgeType } from "@cadastre/domain/Relation";
import type { Row } from "@effect/sql/SqlConnection";
import type { Fragment } from "@effect/sql/Statement";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Engine } from "./Engine.ts";
import * as routes from "./internal/routes.ts";
import * as Statements from "./internal/statements.ts";

interface Reach {
  readonly start: ReferenceKey;
  readonly direction: Direction;
  readonly types: ReadonlyArray<EdgeType>;
  /** Undefined: to the end, and each node is one row. Else each way of another length to a node is one. */
  readonly depth: number | undefined;
  /** Rows in each direction. */
  readonly rows: number;
}

export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<EntityGraph> => {
  const { client: sql, dialect } = engine;
  const statements = Statements.make(engine);

  /**
   * What is in reach and the edges between, by code point. UNION walks equal rows once, so a row of a key alone ends all
   * cycles. Rows come in the order of a queue, so the first are the nearest: both databases do that, though only the
   * contract's tests promise it.
   */
  const reach = ({ start, direction, types, depth, rows }: Reach) => {
    const ofTypes = types.length === 0 ? sql`` : sql`AND d.type IN ${sql.in(types)}`;
    // Each within a query of its own: named beside the others, and with them used twice, it would be walked to its end.
    const way = (here: string, there: string): Fragment => sql`
      SELECT key FROM (
        WITH RECURSIVE way (key, depth) AS (
          SELECT ${dialect.codePoints(start)}, 0
          UNION
          SELECT d.${sql.literal(there)}, w.depth + ${sql.literal(depth === undefined ? "0" : "1")}
          FROM way w CROSS JOIN edges d WHERE d.${sql.literal(here)} = w.key ${ofTypes} AND w.depth < ${depth ?? 1}
        )
        SELECT key FROM way LIMIT ${rows}
      ) ${sql.literal(there)}`;
    const ways = [
      ...(direction === "dependents" ? [] : [way("from_key", "to_key")]),
      ...(direction === "dependencies" ? [] : [way("to_key", "from_key")]),
    ];
    return statements.run(sql`
      WITH nodes (key, ways) AS MATERIALIZED (
        SELECT key, count(*) FROM (${sql.join(" UNION ALL ", false)(ways)}) found GROUP BY key
      )
      SELECT 0 AS is_edge, n.key AS from_key, NULL AS to_key, NULL AS type, n.ways, e.uid, e.state,
        CASE WHEN e.title IS NOT NULL THEN ${dialect.text(["metadata", "title"])} END AS title
      FROM nodes n LEFT JOIN entities e ON e.key = n.key
      UNION ALL
      SELECT 1, d.from_key, d.to_key, d.type, NULL, NULL, NULL, NULL
      FROM nodes n CROSS JOIN edges d
      WHERE d.from_key = n.key ${ofTypes} AND ${dialect.residual(sql`d.to_key`)} IN (SELECT key FROM nodes)
      ORDER BY 1, 2, 3, 4`);
  };

  const read = (asked: Reach) => Effect.map(reach(asked), toFound);

  return {
    walk: Effect.fnUntraced(function* ({ start, direction, types, depth, limit }) {
      const asked = { start, direction, types, rows: limit + 1 };
      const counted = depth !== undefined && depth <= SHALLOW ? depth : undefined;
      const first = yield* read({ ...asked, depth: counted });
      // So many ways to so few nodes that the rows may have ended before the nodes did.
      const isCut = counted !== undefined && first.rows > limit && first.nodes.length <= limit;
      const found = isCut ? yield* read({ ...asked, depth: undefined }) : first;

      const depths = routes.depths(start, direction, found.edges);
      const depthOf = (reference: ReferenceKey): number => depths.get(reference) ?? Number.POSITIVE_INFINITY;
      const near = found.nodes
        .map((node) => ({ ...node, depth: depthOf(node.reference) }))
        .filter((node) => depth === undefined || node.depth <= depth)
        .sort((a, b) => a.depth - b.depth);
      const nodes = near.slice(0, limit);
      const kept = new Set(nodes.map(({ reference }) => reference));
      return {
        nodes,
        edges: found.edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
        truncated: near.length > limit,
      };
    }),

    path: (from, to, types) =>
      Effect.map(
        read({ start: from, direction: "dependencies", types, depth: undefined, rows: MAX_NODES }),
        ({ edges }) => Option.fromNullable(routes.shortest(from, to, edges)),
      ),
  };
};

/** To this depth the database keeps to it. A deeper walk, with many ways to a node, goes to the limit and is cut then. */
const SHALLOW = 4;

interface Found {
  /** By reference, without their depths. */
  readonly nodes: ReadonlyArray<Omit<GraphNode, "depth">>;
  readonly edges: ReadonlyArray<Edge>;
  readonly rows: number;
}

const toFound = (rows: ReadonlyArray<Row>): Found => ({
  nodes: rows.filter(({ is_edge }) => is_edge === 0).map(toNode),
  edges: rows.filter((row, i) => row["is_edge"] === 1 && !isSameEdge(row, rows[i - 1])).map(toEdge),
  rows: rows.reduce((sum, { ways }) => sum + Number(ways), 0),
});

/** Both ends may have declared it; equals follow each other. */
const isSameEdge = (a: Row, b: Row | undefined): boolean =>
  a["type"] === b?.["type"] && a["from_key"] === b?.["from_key"] && a["to_key"] === b?.["to_key"];

/** The casts are the store's trust in its own columns. */
const toNode = ({ from_key, uid, state, title }: Row): Omit<GraphNode, "depth"> => ({
  reference: String(from_key),
  entity:
    uid === null
      ? undefined
      : { uid: uid as EntityUid, state: state as EntityState, title: title === null ? undefined : String(title) },
});

const toEdge = ({ type, from_key, to_key }: Row): Edge => ({
  type: type as EdgeType,
  from: String(from_key),
  to: String(to_key),
});
