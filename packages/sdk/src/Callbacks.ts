/**
 * Callbacks as their receivers get them: CloudEvents, signed as Standard Webhooks 1.0. WebCrypto alone, so that this runs
 * in servers, workers and browsers alike.
 */
import { Entity } from "@cadastre/api/Entity";
import { ChangeEvent as WireEvent } from "@cadastre/api/Events";
import * as Clock from "effect/Clock";
import * as Data from "effect/Data";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Encoding from "effect/Encoding";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";

/** The callback is not to be believed, and not to be acted upon: answer it with 401. */
export class CallbackRefused extends Data.TaggedError("CallbackRefused")<{
  readonly reason: "headers" | "time" | "signature" | "body";
  readonly message: string;
}> {}

/** What was given as a secret is none: a fault of whoever runs the receiver. */
export class SecretMalformed extends Data.TaggedError("SecretMalformed")<{ readonly message: string }> {}

/** A callback that was signed with one of the secrets, within the tolerance. */
export interface Callback {
  /** The same in every attempt: remember it for some days, and drop what has it. */
  readonly id: string;
  /** The change; undefined for a ping, which `cadastre subscription test` sends. */
  readonly event: ChangeEvent | undefined;
  /** The entity after the change, without its relations; after a deletion, as it last was. */
  readonly entity: Entity | undefined;
}

export type ChangeEvent = typeof WireEvent.Type;

export type Headers =
  | { readonly get: (name: string) => string | null }
  | { readonly [name: string]: string | ReadonlyArray<string> | undefined };

export interface Options {
  /** `whsec_…`; while one is rotated, the new and the old. */
  readonly secrets: readonly [Redacted.Redacted, ...ReadonlyArray<Redacted.Redacted>];
  /** How far the time of the callback may be from now; five minutes where absent. */
  readonly tolerance?: Duration.DurationInput | undefined;
}

/**
 * Checks a callback by its headers, as the web's `Headers` or as a record of lower-case names, and by its body exactly as it
 * came: bytes, or text that has not been parsed.
 */
export type Verifier = (headers: Headers, body: string | Uint8Array) => Effect.Effect<Callback, CallbackRefused>;

const TOLERANCE = Duration.minutes(5);

export const verifier = ({ secrets, tolerance = TOLERANCE }: Options): Effect.Effect<Verifier, SecretMalformed> =>
  Effect.map(
    Effect.forEach(secrets, importKey),
    (keys) => (headers, body) =>
      Effect.gen(function* () {
        const id = header(headers, "webhook-id");
        const timestamp = header(headers, "webhook-timestamp");
        const signatures = header(headers, "webhook-signature");
        if (id === undefined || timestamp === undefined || signatures === undefined || !/^\d{1,15}$/.test(timestamp)) {
          return yield* new CallbackRefused({
            reason: "headers",
            message: "It has no (whole) signature of Standard Webhooks",
          });
        }
        const off = Math.abs((yield* Clock.currentTimeMillis) - Number(timestamp) * 1000);
        if (off > Duration.toMillis(tolerance)) {
          return yield* new CallbackRefused({
            reason: "time",
            message: `It was signed ${Duration.format(Duration.millis(off))} from now`,
          });
        }
        const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
        const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
        if (!(yield* isSigned(keys, signatures, signed))) {
          return yield* new CallbackRefused({ reason: "signature", message: "None of the secrets made its signature" });
        }
        const { data } = yield* Effect.mapError(
          decode(new TextDecoder().decode(bytes)),
          ({ message }) =>
            new CallbackRefused({ reason: "body", message: `It is signed, and no callback of a catalog: ${message}` }),
        );
        return "entity" in data ? { id, ...data } : { id, event: undefined, entity: undefined };
      }),
  );

/** What is read of the CloudEvent. A ping is no change: of it only the type is. */
const decode = Schema.decodeUnknown(
  Schema.parseJson(
    Schema.Struct({
      specversion: Schema.Literal("1.0"),
      data: Schema.Union(
        Schema.Struct({ event: WireEvent, entity: Entity }),
        Schema.Struct({ event: Schema.Struct({ type: Schema.Literal("ping") }) }),
      ),
    }),
  ),
);

const importKey = (secret: Redacted.Redacted): Effect.Effect<Key, SecretMalformed> => {
  const key = Encoding.decodeBase64(Redacted.value(secret).replace(/^whsec_/, ""));
  return Either.isLeft(key) || key.right.length === 0
    ? new SecretMalformed({
        message: 'A secret is "whsec_" and Base64, as it was shown when the subscription was made',
      })
    : Effect.promise(() => crypto.subtle.importKey("raw", key.right, ALGORITHM, false, ["verify"]));
};

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

/** One signature for each secret that was valid, in any order; `subtle.verify` takes the same time whichever byte differs. */
const isSigned = (keys: ReadonlyArray<Key>, signatures: string, signed: Uint8Array): Effect.Effect<boolean> => {
  const given = signatures
    .split(" ", MAX_SIGNATURES)
    .flatMap((signature) =>
      signature.startsWith("v1,")
        ? Either.match(Encoding.decodeBase64(signature.slice(3)), { onLeft: () => [], onRight: (it) => [it] })
        : [],
    );
  const pairs = keys.flatMap((key) => given.map((signature) => [key, signature] as const));
  return Effect.map(
    Effect.forEach(pairs, ([key, signature]) =>
      Effect.promise(() => crypto.subtle.verify(ALGORITHM, key, signature, signed)),
    ),
    (results) => results.includes(true),
  );
};

/** No header makes a receiver compute more than this. */
const MAX_SIGNATURES = 10;

const header = (headers: Headers, name: string): string | undefined => {
  const value = isHeaders(headers) ? headers.get(name) : headers[name];
  return typeof value === "string" ? value : undefined;
};

const isHeaders = (headers: Headers): headers is { readonly get: (name: string) => string | null } =>
  typeof headers["get"] === "function";

const concat = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
};
