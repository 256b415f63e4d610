/**
 * What ServiceNow answers. JSON is demanded: a login page or the page of an instance that sleeps comes with status 200, too.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { type Answer, Failed } from "./attempts.ts";

/** The answer's JSON, if it is what was asked for. */
export const jsonOf = <A, I>(answer: Answer, schema: Schema.Schema<A, I>, what: string): Effect.Effect<A, Failed> => {
  const type = answer.headers["content-type"] ?? "nothing that says what it is";
  const unusable = (message: string) => new Failed({ failure: "answer", message, answer });
  if (!answer.complete) return unusable("The answer did not come whole, or is longer than 64 KiB.");
  if (!/^application\/(\S+\+)?json\b/i.test(type)) {
    return unusable(
      `The answer is ${type}, not JSON: is the URL that of an instance, is the instance awake, and do these credentials let in programs?`,
    );
  }
  return Schema.decodeUnknown(Schema.parseJson(schema))(answer.body.toString("utf8")).pipe(
    Effect.mapError(() => unusable(`The answer is JSON, but not ${what}.`)),
  );
};

const result = <A, I>(schema: Schema.Schema<A, I>) => Schema.Struct({ result: schema });

/** Table API: records, with the fields that were asked for. */
export const Records = result(Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })));

export const OneRecord = result(Schema.Record({ key: Schema.String, value: Schema.Unknown }));

/** Import Set API: what each transform map made of the row. */
export const ImportResult = result(
  Schema.Array(
    Schema.Struct({
      status: Schema.String,
      error_message: Schema.optional(Schema.String),
      status_message: Schema.optional(Schema.String),
    }),
  ),
);

const Item = Schema.Struct({
  operation: Schema.optional(Schema.String),
  errors: Schema.optionalWith(
    Schema.Array(Schema.Struct({ error: Schema.optional(Schema.String), message: Schema.optional(Schema.String) })),
    { default: () => [] },
  ),
});

/** Identification and Reconciliation: what became of each item. */
export const Reconciliation = result(
  Schema.Struct({ hasError: Schema.optional(Schema.Boolean), items: Schema.Array(Item) }),
);
