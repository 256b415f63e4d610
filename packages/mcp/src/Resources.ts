/**
 * The entities and the model as resources.
 */
import { Entities } from "@cadastre/core/Entities";
import type { Facets } from "@cadastre/core/Facets";
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import { byKey } from "@cadastre/domain/EntityStore";
import type { Resource as Definition } from "@modelcontextprotocol/server";
import * as Effect from "effect/Effect";
import * as Completion from "./internal/completion.ts";
import { type Found, foundOf } from "./internal/lookup.ts";
import { cut } from "./internal/view.ts";
import type { Resource } from "./Resource.ts";
import { type Tool, textOf, uriOf } from "./Tool.ts";

export const MODEL_URI = "cadastre://model";

const TEMPLATE = "cadastre://entity/{kind}/{namespace}/{name}";

/** Entities that are listed: those that changed last. The template reads all. */
const LISTED = 100;

const LATEST: EntityQuery = {
  kinds: [],
  namespaces: [],
  owners: [],
  tags: [],
  labels: [],
  states: [],
  order: { field: "updatedAt", descending: true },
  limit: LISTED,
  after: undefined,
};

/** The tool that describes the model gives the text of its resource. */
export const make = (tools: ReadonlyArray<Tool>): Effect.Effect<ReadonlyArray<Resource>, never, Entities | Facets> =>
  Effect.gen(function* () {
    const entities = yield* Entities;
    const complete = yield* Completion.parts;
    const model = tools.find(({ definition }) => definition.name === "describe_model");

    const all: Resource = {
      scope: "catalog:read",
      list: Effect.map(entities.list(LATEST), ({ items }) => items.map((item) => definitionOf(foundOf(item)))),
      template: {
        name: "entity",
        title: "An entity of the catalog",
        uriTemplate: TEMPLATE,
        description: "All that is known of an entity, as JSON. In lower case the URI can be subscribed to.",
        mimeType: "application/json",
      },
      read: (uri) => {
        const [, kind, namespace, name] = /^cadastre:\/\/entity\/([^/?#]+)\/([^/?#]+)\/([^/?#]+)$/.exec(uri) ?? [];
        if (kind === undefined || namespace === undefined || name === undefined) return undefined;
        return Effect.map(entities.get(byKey(`${kind}:${namespace}/${name}`.toLowerCase())), ({ json }) => ({
          contents: [{ uri, mimeType: "application/json", text: json }],
        }));
      },
      complete,
    };

    const described: Resource = {
      scope: "catalog:read",
      list: Effect.succeed([
        {
          uri: MODEL_URI,
          name: "model",
          title: "The model of the catalog",
          description: "Kinds and values in use, relations, and examples of filters.",
          mimeType: "text/plain",
        },
      ]),
      read: (uri) =>
        uri === MODEL_URI
          ? Effect.map(model?.call({}) ?? Effect.succeed({ content: [] }), (result) => ({
              contents: [{ uri, mimeType: "text/plain", text: textOf(result) }],
            }))
          : undefined,
    };

    return [described, all];
  });

const definitionOf = ({ key, entity }: Found): Definition => {
  const { title, description = "" } = entity.metadata;
  return {
    uri: uriOf(key),
    name: key,
    ...(title === undefined ? {} : { title }),
    description: description === "" ? `The ${entity.kind} ${entity.metadata.name}.` : cut(description, 200),
    mimeType: "application/json",
  };
};
