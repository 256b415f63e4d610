/**
 * Parameters of a call, read by the schemas that the declaration gives them; every fault is reported.
 */
import { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import * as Json from "@cadastre/domain/Json";
import * as Either from "effect/Either";
import type * as Option from "effect/Option";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import * as AST from "effect/SchemaAST";
import { closest, distance } from "fastest-levenshtein";

type Values = { readonly [name: string]: string | ReadonlyArray<string> };

export type Reader<Input> = (input: Input) => Either.Either<object, ReadonlyArray<Fault>>;

const NOTHING = Either.right({});

/** Reads the query string (without `?`): `+` and percent-encoding, lists repeated or by commas, unknown names refused. */
export const query = (schema: Option.Option<Schema.Schema.All>): Reader<string> => {
  const known = membersOf(schema);
  const decode = members(schema);
  const empty = decode({});
  return (search) => {
    if (search === "") return empty;
    const values: Record<string, string | Array<string>> = {};
    const faults: Array<Fault> = [];
    for (const part of search.split("&")) {
      if (part === "") continue;
      const equals = part.indexOf("=");
      const name = unescape(equals === -1 ? part : part.slice(0, equals));
      const value = unescape(equals === -1 ? "" : part.slice(equals + 1));
      if (name === undefined || value === undefined) {
        faults.push({ path: name ?? part.slice(0, 40), message: "is not percent-encoded UTF-8" });
        continue;
      }
      const isList = known.get(name);
      const before = values[name];
      if (isList === undefined) faults.push({ path: name, message: unknown(name, [...known.keys()]) });
      else if (isList) values[name] = [...(before ?? []), ...value.split(",")];
      else if (before !== undefined) faults.push({ path: name, message: "is given twice; it takes one value" });
      else values[name] = value;
    }
    const decoded = decode(values);
    if (faults.length === 0) return decoded;
    return Either.left(Either.isLeft(decoded) ? [...faults, ...decoded.left] : faults);
  };
};

/** Reads what the path's parameters matched. */
export const path = (schema: Option.Option<Schema.Schema.All>): Reader<Values> => members(schema);

/** Reads the declared headers; all are optional. Of the others, a condition on a write must not be passed over in silence. */
export const headers = (
  schema: Option.Option<Schema.Schema.All>,
  method: string,
): Reader<{ readonly [name: string]: string | ReadonlyArray<string> | undefined }> => {
  const names = [...membersOf(schema).keys()];
  const refused = method === "GET" ? [] : CONDITIONS.filter((name) => !names.includes(name));
  const decode = members(schema);
  return (all) => {
    const faults = refused
      .filter((name) => all[name] !== undefined)
      .map((path) => ({ path, message: "is a condition that this call cannot keep: leave it out" }));
    if (faults.length > 0) return Either.left(faults);
    const given = names.filter((name) => all[name] !== undefined);
    return given.length === 0 ? NOTHING : decode(Object.fromEntries(given.map((name) => [name, String(all[name])])));
  };
};

/** RFC 9110 §13.1 */
const CONDITIONS = ["if-match", "if-none-match", "if-unmodified-since"];

/** A value as the schema reads it, or every fault; `where` turns the place of one into its path. */
export const decoder = <A, I>(schema: Schema.Schema<A, I>, where: (path: Json.Path) => string = Json.pointer) => {
  const decode = Schema.decodeUnknownEither(schema, { errors: "all" });
  return (input: unknown): Either.Either<A, ReadonlyArray<Fault>> =>
    Either.mapLeft(decode(input), (error) =>
      ParseResult.ArrayFormatter.formatErrorSync(error).map(({ path, message }) => ({
        path: where(path.filter((key) => typeof key !== "symbol")),
        message,
      })),
    );
};

export const invalidParameters = (faults: ReadonlyArray<Fault>): InvalidInput =>
  new InvalidInput({ message: faults.map(({ path, message }) => `${path} ${message}`).join("; "), faults });

/** The declaration's schemas have no requirements, and `Call` tells the handlers their types. */
const members = (schema: Option.Option<Schema.Schema.All>): Reader<unknown> =>
  schema._tag === "None" ? () => NOTHING : decoder(schema.value as Schema.Schema<object>, ([name]) => String(name));

/** Name of each member, and whether it is a list. */
const membersOf = (schema: Option.Option<Schema.Schema.All>): ReadonlyMap<string, boolean> =>
  new Map(
    schema._tag === "None"
      ? []
      : AST.getPropertySignatures(AST.encodedAST(schema.value.ast)).map(({ name, type }) => [
          String(name),
          AST.isTupleType(type) || (AST.isUnion(type) && type.types.some(AST.isTupleType)),
        ]),
  );

const unescape = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
};

const unknown = (name: string, known: ReadonlyArray<string>): string => {
  if (known.length === 0) return "is not known here: this call takes no parameters";
  const nearest = closest(name.slice(0, 40).toLowerCase(), known);
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, nearest.length / 2)
    ? `is not known here: did you mean "${nearest}"?`
    : `is not known here: this call takes ${known.join(", ")}`;
};
