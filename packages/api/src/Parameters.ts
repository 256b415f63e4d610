/**
 * Parameters that several endpoints share: how each is written in a URL or a header, and what is said when it is wrong.
 */
import { EntityUid } from "@cadastre/domain/Entity";
import * as Option from "effect/Option";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import * as AST from "effect/SchemaAST";

interface Notes<A> {
  readonly description: string;
  readonly example: A;
}

export const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true });

/** Where the JSON Schema of a parameter is given by hand, it alone counts: the notes have to go in there too. */
const documented = <A, I>(schema: Schema.Schema<A, I>, { description, example }: Notes<A>) =>
  schema.annotations({
    description,
    examples: [example],
    ...Option.match(AST.getJSONSchemaAnnotation(schema.ast), {
      onNone: () => ({}),
      onSome: (jsonSchema: { readonly type?: unknown }) => ({
        jsonSchema: {
          ...jsonSchema,
          description,
          examples: [jsonSchema.type === "string" ? Schema.encodeSync(schema)(example) : example],
        },
      }),
    }),
  });

/** Zero or more values: `?tag=java&tag=core` or `?tag=java,core`. */
export const many = <A extends string, I extends string>(
  item: Schema.Schema<A, I>,
  { description, example }: Notes<NoInfer<A>>,
) =>
  optional(
    Schema.Array(item).annotations({
      description: `${description} ${SEVERAL}`,
      examples: [[example]],
    }),
  );

/** What is said of a list in a URL; a list in JSON needs no such words. */
export const SEVERAL = "Repeat it or separate the values by commas.";

/** One value or more, up to `maximum`. */
export const atLeastOne = <A extends string, I extends string>(
  item: Schema.Schema<A, I>,
  maximum: number,
  { description, example }: Notes<ReadonlyArray<NoInfer<A>>>,
) =>
  Schema.Array(item).pipe(
    Schema.maxItems(maximum, { message: () => `may have at most ${maximum} values` }),
    Schema.annotations({ description: `${description} ${SEVERAL}`, examples: [example] }),
  );

/** A value that has to be given. */
export const required = <A, I extends string>(item: Schema.Schema<A, I>, notes: Notes<NoInfer<A>>) =>
  documented(item, notes);

export const one = <A, I extends string>(item: Schema.Schema<A, I>, notes: Notes<NoInfer<A>>) =>
  optional(documented(item, notes));

/** Text of 1 to `max` characters without control characters. */
export const text = (max: number) =>
  Schema.String.pipe(
    Schema.pattern(new RegExp(`^[^\\u0000-\\u001f\\u007f]{1,${max}}$`, "u"), {
      jsonSchema: { minLength: 1, maxLength: max },
      description: `1 to ${max} characters.`,
      message: () => `must be 1 to ${max} characters without control characters`,
    }),
  );

/** One of a list of words; the message names them all. */
export const word = <const Words extends readonly [string, ...Array<string>]>(...words: Words) =>
  Schema.Literal(...words).annotations({
    message: () => ({ message: `must be one of: ${words.join(", ")}`, override: true }),
  });

export const flag = Schema.transform(word("true", "false"), Schema.Boolean, {
  strict: true,
  decode: (value) => value === "true",
  encode: (value) => (value ? "true" : "false"),
}).annotations({ jsonSchema: { type: "boolean" } });

/** A whole number; `standard` is what stands where it is not given, if that is a number. */
export const integer = (minimum: number, maximum: number, standard?: number) =>
  Schema.compose(Schema.String.pipe(Schema.pattern(/^\d{1,15}$/)), Schema.NumberFromString).pipe(
    Schema.between(minimum, maximum),
    Schema.annotations({
      jsonSchema: { type: "integer", minimum, maximum, ...(standard === undefined ? {} : { default: standard }) },
      message: () => ({ message: `must be a whole number from ${minimum} to ${maximum}`, override: true }),
    }),
  );

/** A whole number from 1, or `all`. */
export const integerOrAll = (maximum: number, standard: number) =>
  Schema.Union(Schema.Literal("all"), integer(1, maximum)).annotations({
    jsonSchema: { anyOf: [{ type: "integer", minimum: 1, maximum }, { const: "all" }], default: standard },
    message: () => ({ message: `must be a whole number from 1 to ${maximum}, or all`, override: true }),
  });

/** ISO 8601 on the wire, milliseconds since the epoch in programs. */
export const Instant = Schema.transform(
  Schema.String.pipe(
    Schema.filter((text) => /^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text))),
    Schema.annotations({
      jsonSchema: { type: "string", format: "date-time" },
      message: () => ({ message: 'must be a time in ISO 8601, such as "2030-01-31T12:00:00Z"', override: true }),
    }),
  ),
  Schema.Number,
  { strict: true, decode: (text) => Date.parse(text), encode: (millis) => new Date(millis).toISOString() },
);

/** Revisions and places in the feed begin at 1, and grow for ever. */
export const ordinal = (minimum: 0 | 1) => integer(minimum, Number.MAX_SAFE_INTEGER - 1);

/** A JSON pointer (RFC 6901) of at most 400 characters. */
export const jsonPointer = Schema.String.pipe(
  Schema.pattern(/^(?=.{1,400}$)(?:\/(?:[^~/\p{Cc}]|~[01])*)+$/u, {
    jsonSchema: { minLength: 1, maxLength: 400, format: "json-pointer" },
    message: () => "must be a JSON pointer, such as /spec/owner, of at most 400 characters",
  }),
);

export const byUid = Schema.Struct({
  uid: EntityUid.annotations({
    description: "What the catalog calls the entity: `ent_` and a UUIDv7.",
    message: () => ({
      message: 'is not an entity uid: one is "ent_" and a UUIDv7, as metadata.uid shows it',
      override: true,
    }),
  }),
});

/** A whole number in a body. */
export const Integer = Schema.Number.pipe(Schema.int());

/** The revision that a write expects, from the strong ETag: `"7"` is 7. */
const Revision = Schema.transformOrFail(Schema.String, Schema.Number, {
  strict: true,
  decode: (value, _, ast) => {
    const digits = /^"([1-9][0-9]{0,14})"$/.exec(value)?.[1];
    return digits === undefined
      ? ParseResult.fail(new ParseResult.Type(ast, value))
      : ParseResult.succeed(Number(digits));
  },
  encode: (revision) => ParseResult.succeed(`"${revision}"`),
}).annotations({
  jsonSchema: { type: "string", pattern: '^"[1-9][0-9]*"$' },
  message: () => ({
    message: 'must be one revision in double quotes, as ETag gave it: If-Match: "7"',
    override: true,
  }),
});

export const Preconditions = Schema.Struct({
  "if-match": one(Revision, {
    description: "Write only if the entity is still at this revision; otherwise 412 and nothing is changed.",
    example: 7,
  }),
});

export const force = (description: string) => ({ force: one(flag, { description, example: true }) });
