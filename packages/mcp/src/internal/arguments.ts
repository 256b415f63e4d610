/**
 * From what a model sent to what a tool takes, or everything that is wrong with it.
 */
import { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import { isObject, type Json } from "@cadastre/domain/Json";
import * as Either from "effect/Either";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import type { ObjectSchema } from "./jsonSchema.ts";

/**
 * Reads arguments by the schema of a tool. Models write lists as text with commas, numbers and objects as text, and null for
 * what they leave out: where the schema leaves no doubt what is meant, it is taken so.
 */
export const reader = <A>(schema: Schema.Schema<A>, json: ObjectSchema) => {
  const decode = Schema.decodeUnknownEither(schema, { errors: "all" });
  const known = Object.keys(json.properties);
  return (given: unknown): Either.Either<A, InvalidInput> => {
    if (given !== undefined && !isObject(given)) {
      return invalid([{ path: "arguments", message: "must be an object" }]);
    }
    const faults: Array<Fault> = [];
    const values: Record<string, Json> = {};
    for (const [name, value] of Object.entries(given ?? {})) {
      if (!known.includes(name)) faults.push({ path: name, message: unknown(known) });
      else if (value !== null) values[name] = meant(value, json.properties[name]);
    }
    const decoded = decode(values);
    if (Either.isLeft(decoded)) {
      for (const { path, message } of ParseResult.ArrayFormatter.formatErrorSync(decoded.left)) {
        faults.push({ path: path.map(String).join("."), message });
      }
    } else if (faults.length === 0) {
      return Either.right(decoded.right);
    }
    return invalid(faults);
  };
};

const invalid = (faults: ReadonlyArray<Fault>) =>
  Either.left(new InvalidInput({ message: "The arguments cannot be used", faults }));

const unknown = (known: ReadonlyArray<string>): string =>
  known.length === 0
    ? "is not known: this tool takes no arguments"
    : `is not known: this tool takes ${known.join(", ")}`;

const meant = (value: Json, schema: Json | undefined): Json => {
  if (typeof value !== "string" || !isObject(schema)) return value;
  switch (schema["type"]) {
    case "array":
      return value.startsWith("[") ? parsed(value) : value.split(",").map((item) => item.trim());
    case "object":
      return parsed(value);
    case "integer":
      return /^\d{1,15}$/.test(value) ? Number(value) : value;
    case "boolean":
      return value === "true" ? true : value === "false" ? false : value;
    default:
      return value;
  }
};

const parsed = (text: string): Json => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
