/**
 * What goes out and what comes in, by the schemas of the declaration.
 */
import { InvalidInput } from "@cadastre/domain/Errors";
import * as Json from "@cadastre/domain/Json";
import * as Effect from "effect/Effect";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import * as AST from "effect/SchemaAST";
import { UnexpectedAnswer } from "../Failures.ts";

/** Parameters, as they stand in a URL or a header. */
export type Texts = { readonly [name: string]: string | ReadonlyArray<string> | undefined };

/** Writes the members that the schema has, and only these. What it refuses the daemon would refuse too. */
export const writer = (schema: Schema.Schema.All) => {
  const names = AST.getPropertySignatures(AST.typeAST(schema.ast)).map(({ name }) => String(name));
  // The declaration's parameters are texts where they stand, and need no services.
  const encode = encoder(schema as Schema.Schema<unknown, Texts>);
  return (given: { readonly [name: string]: unknown }): Effect.Effect<Texts, InvalidInput> =>
    encode(Object.fromEntries(names.filter((name) => given[name] !== undefined).map((name) => [name, given[name]])));
};

export const encoder = <A, I>(schema: Schema.Schema<A, I>) => {
  const encode = Schema.encodeUnknown(schema, { errors: "all" });
  return (value: unknown): Effect.Effect<I, InvalidInput> =>
    Effect.mapError(encode(value), (error) => {
      const faults = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ path, message }) => ({
        path: Json.pointer(path.map((part) => (typeof part === "symbol" ? String(part) : part))),
        message,
      }));
      return new InvalidInput({ message: "What was given cannot be sent", faults });
    });
};

/** Reads the JSON text of a good answer. */
export const decoder = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(Schema.parseJson(schema));
  return (text: string): Effect.Effect<A, UnexpectedAnswer> =>
    Effect.mapError(
      decode(text),
      ({ message }) =>
        new UnexpectedAnswer({ message: `This version of the SDK does not know the answer: ${message}`, status: 200 }),
    );
};
