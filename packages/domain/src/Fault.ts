/**
 * One thing that is wrong (or doubtful) in what was given, and where.
 */
import * as Schema from "effect/Schema";

export const Fault = Schema.Struct({
  path: Schema.String.annotations({
    description: "Where: a JSON pointer (RFC 6901) into the document, or the name of a parameter. Empty for the whole.",
    examples: ["/metadata/name"],
  }),
  message: Schema.String.annotations({
    description: "What is wrong, what is allowed, and how to mend it.",
  }),
}).annotations({ identifier: "Fault" });

export interface Fault extends Schema.Schema.Type<typeof Fault> {}
