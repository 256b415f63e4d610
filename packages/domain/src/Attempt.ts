/**
 * One try to deliver a callback, as the delivery log shows it.
 */
import * as Schema from "effect/Schema";

export const AttemptFailure = Schema.Literal(
  "settings",
  "refused",
  "dns",
  "connect",
  "tls",
  "timeout",
  "redirect",
  "status",
  "answer",
).annotations({
  identifier: "AttemptFailure",
  description: [
    "`settings`: a secret or a setting is missing or wrong; nothing was sent.",
    "`refused`: the target guard forbids the address.",
    "`dns`: the name has no address.",
    "`connect`: no connection, or it broke.",
    "`tls`: the certificate or the handshake was not accepted.",
    "`timeout`: 5 s to connect or 15 s in all had passed.",
    "`redirect`: 3xx; redirects are never followed.",
    "`status`: any other status than 2xx.",
    "`answer`: the status was good, the answer was not: no HTTP, no JSON where there must be, or an error in it.",
  ].join(" "),
});

export type AttemptFailure = typeof AttemptFailure.Type;

/** Milliseconds from the start of the attempt. Absent: it did not come so far, or a connection was used again. */
export const Timings = Schema.Struct({
  dns: Schema.optional(Schema.Number),
  /** Connected, TLS included. */
  connect: Schema.optional(Schema.Number),
  /** The status line came. */
  firstByte: Schema.optional(Schema.Number),
  total: Schema.Number,
}).annotations({ identifier: "AttemptTimings" });

export type Timings = typeof Timings.Type;

/** Nothing secret is in any member: neither in the message nor in what the receiver answered. */
export const Attempt = Schema.Struct({
  outcome: Schema.Literal("delivered", "failed", "gone").annotations({
    description: "`gone`: the receiver answered 410 and wants no more callbacks.",
  }),
  failure: Schema.optional(AttemptFailure).annotations({ description: "Present unless delivered." }),
  message: Schema.String.annotations({ description: "What happened, in a sentence, and what to do if it failed." }),
  status: Schema.optional(Schema.Number).annotations({ description: "Of the answer that decided." }),
  retryAfter: Schema.optional(Schema.Number).annotations({
    description: "Milliseconds that the receiver asked to be left alone for, from now; at most a day.",
  }),
  address: Schema.optional(Schema.String).annotations({ description: "The IP address that was connected to." }),
  timings: Timings,
  answer: Schema.String.annotations({
    description: "The first KiB of the answer's body, control characters replaced; empty if there was none.",
  }),
}).annotations({ identifier: "Attempt" });

export type Attempt = typeof Attempt.Type;
