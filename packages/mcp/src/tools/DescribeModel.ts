import { FacetReport } from "@cadastre/api/Facets";
import { one, optional, text } from "@cadastre/api/Parameters";
import { Entities } from "@cadastre/core/Entities";
import { Facets } from "@cadastre/core/Facets";
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import type { Facet, FacetCounts } from "@cadastre/domain/Facets";
import * as Relation from "@cadastre/domain/Relation";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { foundOf } from "../internal/lookup.ts";
import { some } from "../internal/view.ts";
import { reading, type Tool } from "../Tool.ts";

const Input = Schema.typeSchema(
  Schema.Struct({ kind: one(text(63), { description: "Only of this kind, with its fields.", example: "Component" }) }),
);

const Output = Schema.Struct({
  facets: FacetReport.fields.facets,
  relations: Schema.Array(Schema.Struct({ type: Schema.String, inverse: Schema.String })),
  fields: Schema.Array(
    Schema.Struct({ path: Schema.String, relation: optional(Schema.String), kind: optional(Schema.String) }),
  ),
  filters: Schema.Array(Schema.String),
});

/** What there is to count that all catalogs have. */
const FACETS: ReadonlyArray<readonly [string, Facet]> = [
  ["kind", { _tag: "Field", field: "kind" }],
  ["namespace", { _tag: "Field", field: "namespace" }],
  ["spec.type", { _tag: "Spec", path: ["type"] }],
  ["spec.lifecycle", { _tag: "Spec", path: ["lifecycle"] }],
  ["tag", { _tag: "Tag" }],
];

/** Values of one facet. */
const VALUES = 12;

/** Entities that are looked at for the fields that are in use: those that changed last. */
const SAMPLE = 50;

/** Fields that are told. */
const MAX_FIELDS = 40;

const CRIB = [
  'kind == "Component" && entity.spec.type == "service"',
  'owner == ""  (nobody owns it)',
  'owner == "group:default/checkout"',
  '"java" in tags',
  'has(labels.tier) && labels.tier == "1"',
  '!("pagerduty.com/id" in annotations)',
  'entity.spec.?lifecycle.orValue("") != "production"  (also where the field is missing)',
  '"resource:orders-db" in entity.spec.dependsOn  (as written there; get_graph compares references)',
  'entity.relations.exists(r, r.type == "ownedBy" && r.dangling)  (its owner is not registered)',
  'timestamp(entity.metadata.updatedAt) < timestamp("2026-01-01T00:00:00Z")',
];

export const tool: Effect.Effect<Tool, never, Entities | Facets> = Effect.gen(function* () {
  const entities = yield* Entities;
  const facets = yield* Facets;
  return reading({
    name: "describe_model",
    title: "Kinds, fields, relations and filters",
    description:
      "What this catalog holds: kinds, values in use, fields, relations, and examples of filters. Call it first when you do not know the catalog, and with `kind` before you write a descriptor or a filter.",
    toolset: "search",
    scope: "catalog:read",
    input: Input,
    output: Schema.typeSchema(Output),
    run: Effect.fnUntraced(function* ({ kind }) {
      const query = queryOf(kind);
      const wanted = kind === undefined ? FACETS : FACETS.filter(([by]) => by !== "namespace");
      const report = yield* facets.count(
        query,
        wanted.map(([, facet]) => facet),
        { limit: VALUES },
      );
      const counts = report.facets.map((facet, i) => ({ by: wanted[i]?.[0] ?? "", ...facet }));
      const name = kind === undefined ? undefined : (counts[0]?.values[0]?.value ?? kind);
      const fields =
        name === undefined
          ? []
          : fieldsOf(
              name,
              (yield* entities.list(query)).items.map((item) => foundOf(item).entity),
            );
      const relations = Object.entries(Relation.INVERSES).map(([type, inverse]) => ({ type, inverse }));
      return {
        structured: { facets: counts, relations, fields, filters: CRIB },
        text: [
          ...counts.map(countText),
          ...(fields.length === 0
            ? []
            : [
                `fields of ${name}: ${fields.map(({ path, relation }) => (relation === undefined ? path : `${path} (${relation})`)).join(", ")}`,
              ]),
          `relations (and inverse): ${relations.map(({ type, inverse }) => `${type} (${inverse})`).join(", ")}`,
          "filters are CEL, for example:",
          ...CRIB.map((example) => `  ${example}`),
        ].join("\n"),
      };
    }),
  });
});

const queryOf = (kind: string | undefined): EntityQuery => ({
  kinds: kind === undefined ? [] : [kind],
  namespaces: [],
  owners: [],
  tags: [],
  labels: [],
  states: [],
  order: { field: "updatedAt", descending: true },
  limit: SAMPLE,
  after: undefined,
});

interface Field {
  readonly path: string;
  readonly relation?: string;
  readonly kind?: string;
}

/** The fields that stand for relations, and those that entities of the kind have. */
const fieldsOf = (
  kind: string,
  sample: ReadonlyArray<{ readonly metadata: object; readonly spec?: object }>,
): ReadonlyArray<Field> => {
  const fields = new Map<string, Field>();
  for (const { field, type, defaultKind, reversed } of Relation.fieldsOf(kind)) {
    fields.set(`spec.${field}`, {
      path: `spec.${field}`,
      relation: reversed ? Relation.INVERSES[type] : type,
      ...(defaultKind === undefined ? {} : { kind: defaultKind }),
    });
  }
  const add = (prefix: string, members: object = {}) => {
    for (const key of Object.keys(members)) {
      const path = `${prefix}${key}`;
      if (!fields.has(path) && fields.size < MAX_FIELDS) fields.set(path, { path });
    }
  };
  for (const { metadata, spec } of sample) {
    add("spec.", spec);
    if ("labels" in metadata) add("metadata.labels.", metadata.labels as object); // validated when they were written
    if ("annotations" in metadata) add("metadata.annotations.", metadata.annotations as object);
  }
  return [...fields.values()];
};

const countText = ({ by, values, distinct, missing }: FacetCounts & { readonly by: string }): string =>
  `${by}: ${
    some(
      values.map(({ value, count }) => `${value} ${count}`),
      VALUES,
    ) || "none"
  }${distinct > values.length ? ` (${distinct - values.length} more)` : ""}${missing > 0 && by.startsWith("spec.") ? `; without: ${missing}` : ""}`;
