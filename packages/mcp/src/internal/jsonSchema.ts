/**
 * The schemas of the interface as JSON Schemas of tools: the same rules in fewer words, for every client pays for them with
 * each list of tools.
 */
import { SEVERAL } from "@cadastre/api/Parameters";
import { isObject, type Json, type JsonObject } from "@cadastre/domain/Json";
import * as JSONSchema from "effect/JSONSchema";
import type * as Schema from "effect/Schema";

/** A JSON Schema (2020-12) whose root is an object, without references. */
export interface ObjectSchema extends JsonObject {
  readonly type: "object";
  readonly properties: JsonObject;
}

/** What a tool takes. Lengths and patterns are left out: who breaks them is told. */
export const ofInput = <A>(schema: Schema.Schema<A>): ObjectSchema => ({
  ...rooted(schema, (key) => !INPUT.has(key)),
  additionalProperties: false,
});

/** What a tool gives: shapes alone. More members than these may come. */
export const ofOutput = <A>(schema: Schema.Schema<A>): ObjectSchema => rooted(schema, (key) => !OUTPUT.has(key));

const INPUT = new Set(["$id", "title", "examples", "minLength", "maxLength", "pattern", "format"]);

const OUTPUT = new Set([...INPUT, "description", "additionalProperties", "minimum", "maximum", "minItems", "maxItems"]);

const rooted = <A>(schema: Schema.Schema<A>, isKept: (keyword: string) => boolean): ObjectSchema => {
  const generated: unknown = JSONSchema.fromAST(schema.ast, {
    definitions: {},
    target: "jsonSchema2020-12",
    topLevelReferenceStrategy: "skip",
  });
  const compact = compactSchema(generated as Json, isKept); // JSON, by what a JSON Schema is
  const root = isObject(compact) ? compact : {};
  // A struct without fields is described as anything at all.
  const { anyOf: _, ...rest } = root;
  return { ...rest, type: "object", properties: isObject(root["properties"]) ? root["properties"] : {} };
};

const compactSchema = (schema: Json, isKept: (keyword: string) => boolean): Json => {
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).flatMap(([keyword, value]): ReadonlyArray<[string, Json]> => {
    if (!isKept(keyword)) return [];
    switch (keyword) {
      case "description":
        return typeof value === "string" ? described(value) : [];
      case "required":
        return Array.isArray(value) && value.length === 0 ? [] : [[keyword, value]];
      case "properties":
        return isObject(value) && Object.keys(value).length > 0
          ? [
              [
                keyword,
                Object.fromEntries(Object.entries(value).map(([name, of]) => [name, compactSchema(of, isKept)])),
              ],
            ]
          : [];
      case "maximum":
        return typeof value === "number" && value < 1e9 ? [[keyword, value]] : [];
      case "items":
      case "additionalProperties":
        return [[keyword, compactSchema(value, isKept)]];
      case "anyOf":
        return Array.isArray(value) ? [[keyword, value.map((of: Json) => compactSchema(of, isKept))]] : [];
      default:
        return [[keyword, value]];
    }
  });
  return Object.fromEntries(entries);
};

/** Without what generators say by themselves and what goes for URLs alone. */
const described = (text: string): ReadonlyArray<[string, Json]> => {
  const description = text.replace(SEVERAL, "").trim();
  return description === "" || /^(an integer|\d+ to \d+ characters\.)$|^a string matching/.test(description)
    ? []
    : [["description", description]];
};
