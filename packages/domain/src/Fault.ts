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

/** Faults of one document that are reported. */
export const MAX_FAULTS = 100;

/** The first of `total` faults, at most {@link MAX_FAULTS}; if there are more, the last one says how many. */
export const limit = (faults: ReadonlyArray<Fault>, total = faults.length): ReadonlyArray<Fault> =>
  total <= MAX_FAULTS
    ? faults
    : [...faults.slice(0, MAX_FAULTS - 1), { path: "", message: `and ${total - MAX_FAULTS + 1} more faults` }];
