/**
 * The endpoints of what entities need and what needs them.
 */
import { EntityState, EntityUid } from "@cadastre/domain/Entity";
import { InvalidInput, NotFound, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import type * as Domain from "@cadastre/domain/Graph";
import { MAX_NODES } from "@cadastre/domain/Graph";
import type { ReferenceKey } from "@cadastre/domain/Reference";
import { EDGE_TYPES, INVERSES, type RelationType } from "@cadastre/domain/Relation";
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { Bearer, operation } from "./Authorization.ts";
import { byUid, Integer, integer, integerOrAll, many, one, optional, required, text, word } from "./Parameters.ts";
import { wire } from "./Problem.ts";

/** Steps from the start where none are asked for. */
export const DEFAULT_DEPTH = 1;

/** Nodes of a graph where none are asked for. */
export const DEFAULT_NODES = 500;

const MAX_DEPTH = 20;

/** The cast: that the table is not empty its type does not tell. */
const RELATION_TYPES = Object.entries(INVERSES).flat() as [RelationType, ...Array<RelationType>];

const relation = many(word(...RELATION_TYPES), {
  description: "Only these relations, in either reading: `ownedBy` and `ownerOf` are the same.",
  example: "dependsOn",
});

const reference = Schema.String.annotations({ examples: ["component:default/payments"] });

export const Edge = Schema.Struct({
  type: Schema.Literal(...EDGE_TYPES),
  from: reference,
  to: reference,
}).annotations({ identifier: "Edge", description: "`from` needs `to`." });

export const Graph = Schema.Struct({
  root: reference,
  nodes: Schema.Array(
    Schema.Struct({
      reference,
      depth: Integer.annotations({ description: "Steps from the root by the shortest way." }),
      uid: optional(EntityUid),
      state: optional(EntityState),
      title: optional(Schema.String),
      dangling: optional(Schema.Literal(true).annotations({ description: "It is named, and not registered (yet)." })),
    }),
  ).annotations({ description: "By depth, then reference; the root is the first." }),
  edges: Schema.Array(Edge).annotations({ description: "All of the chosen relations between two of the nodes." }),
  truncated: Schema.Boolean.annotations({ description: "The limit left nodes out, the farthest first." }),
}).annotations({ identifier: "Graph" });

export const GraphPath = Schema.Struct({
  from: reference,
  to: reference,
  steps: Schema.Array(Edge).annotations({ description: "One after the other; none if both are the same." }),
}).annotations({ identifier: "GraphPath" });

export const GraphQuery = Schema.Struct({
  direction: one(word("dependencies", "dependents", "both"), {
    description:
      "`dependencies`: what the entity needs; `dependents`: what needs it; `both` (where absent): each, one walk up and one down.",
    example: "dependents",
  }),
  relation,
  depth: one(integerOrAll(MAX_DEPTH, DEFAULT_DEPTH), { description: "Steps from the entity.", example: 3 }),
  limit: one(integer(1, MAX_NODES, DEFAULT_NODES), {
    description: "Nodes, the entity included; the nearest are kept.",
    example: 100,
  }),
});

export const GraphPathQuery = Schema.Struct({
  to: required(text(512), {
    description: "The reference, kind included, of what the entity may depend on.",
    example: "resource:default/orders-db",
  }),
  relation,
});

const walk = HttpApiEndpoint.get("walk", "/v1/entities/:uid/graph")
  .setPath(byUid)
  .setUrlParams(GraphQuery)
  .addSuccess(Graph)
  .annotateContext(
    operation("catalog:read", "What an entity needs, and what needs it", "Over any number of steps; cycles are fine."),
  );

const path = HttpApiEndpoint.get("path", "/v1/entities/:uid/path")
  .setPath(byUid)
  .setUrlParams(GraphPathQuery)
  .addSuccess(GraphPath)
  .annotateContext(
    operation(
      "catalog:read",
      "Why an entity depends on another",
      "A shortest way, step by step; 404 if there is none.",
    ),
  );

export const GraphsGroup = HttpApiGroup.make("graphs")
  .add(walk)
  .add(path)
  .addError(wire(InvalidInput))
  .addError(wire(NotFound))
  .addError(wire(PermissionDenied))
  .addError(wire(StoreUnavailable))
  .middleware(Bearer)
  .annotateContext(OpenApi.annotations({ title: "Graph", description: "Who needs whom." }));

/** A graph around its root, as the wire shows it. */
export const toWire = ({
  root,
  nodes,
  edges,
  truncated,
}: Domain.Graph & { readonly root: ReferenceKey }): typeof Graph.Type => ({
  root,
  nodes: nodes.map(toNode),
  edges,
  truncated,
});

const toNode = ({ reference, depth, entity }: Domain.GraphNode): (typeof Graph.Type)["nodes"][number] =>
  entity === undefined
    ? { reference, depth, dangling: true }
    : {
        reference,
        depth,
        uid: entity.uid,
        state: entity.state,
        ...(entity.title === undefined ? {} : { title: entity.title }),
      };
