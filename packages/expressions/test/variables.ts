import { isObject, type JsonObject } from "@cadastre/domain/Json";
import { ownerOf } from "@cadastre/domain/Relation";

/** The variables of a filter, made apart from the product's code, with `namespace` under the name `Namespace`. */
export const variablesOf = (entity: JsonObject): { [name: string]: unknown } => {
  const metadata = isObject(entity["metadata"]) ? entity["metadata"] : {};
  const { name, namespace, tags, labels, annotations } = metadata;
  return {
    entity,
    kind: entity["kind"],
    name,
    Namespace: namespace,
    // The arbitrary makes what an envelope has wherever an owner is looked for.
    owner: ownerOf(entity as unknown as Parameters<typeof ownerOf>[0]) ?? "",
    tags: Array.isArray(tags) ? tags : [],
    labels: isObject(labels) ? labels : {},
    annotations: isObject(annotations) ? annotations : {},
  };
};
