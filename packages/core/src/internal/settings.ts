/**
 * What a subscription may be set to.
 */
import { type Channel, type Secrets, SigningSecret } from "@cadastre/domain/Channel";
import { InvalidInput } from "@cadastre/domain/Errors";
import type { EventType } from "@cadastre/domain/Event";
import type { Fault } from "@cadastre/domain/Fault";
import { MAX_ATTEMPTS, MAX_DELAY, MAX_OVERLAP, MAX_RATE, type Subscription } from "@cadastre/domain/Subscription";
import * as Arr from "effect/Array";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";

/** Secrets that a caller knows; the signing secret is the catalog's own. */
export type GivenSecrets = { readonly [Name in "password" | "clientSecret" | "url"]?: Redacted.Redacted | undefined };

export interface Settings {
  /** 1 to 63 letters, digits and `-`, `_`, `.` between them; unique without regard to case. */
  readonly name: string;
  readonly channel: Channel;
  readonly secrets?: GivenSecrets | undefined;
  /** At least one. */
  readonly types: ReadonlyArray<EventType>;
  /** An expression of the environment `subscription`. */
  readonly filter: string | undefined;
  /** Milliseconds before each attempt: 1 to 20, each of at most seven days. */
  readonly retry: ReadonlyArray<number>;
  /** 1 to 1000 attempts a second. */
  readonly rateLimit: number;
  readonly ordered: boolean;
}

export type Checked = Pick<Subscription, "name" | "channel" | "types" | "filter" | "retry" | "rateLimit">;

/** Fails with every fault at once: the settings' own, and what the channel says of itself. */
export const check = Effect.fnUntraced(function* (
  { name, channel, types, retry, rateLimit }: Checked,
  given: GivenSecrets,
  checks: ReadonlyArray<Effect.Effect<unknown, InvalidInput>>,
) {
  const isDelay = (delay: number) => Number.isInteger(delay) && delay >= 0 && delay <= MAX_DELAY;
  const isRate = Number.isInteger(rateLimit) && rateLimit >= 1 && rateLimit <= MAX_RATE;
  const surplus = NAMES.filter((secret) => given[secret] !== undefined && !takes(channel).includes(secret));
  const faults = [
    ...Arr.getSomes([
      fault(!NAME.test(name), "/name", "must be 1 to 63 letters and digits, with -, _ and . between them"),
      fault(types.length === 0, "/types", "must have at least one type, or be left out for every change of an entity"),
      fault(
        retry.length === 0 || retry.length > MAX_ATTEMPTS || !retry.every(isDelay),
        "/retry",
        `must have 1 to ${MAX_ATTEMPTS} delays of at most ${MAX_DELAY / 1000} seconds`,
      ),
      fault(!isRate, "/rateLimit", `must be a whole number from 1 to ${MAX_RATE}`),
    ]),
    ...surplus.map((secret) => ({ path: `/secrets/${secret}`, message: "is not taken by this channel: leave it out" })),
  ];
  for (const checked of checks) {
    faults.push(...(yield* Effect.match(checked, { onFailure: ({ faults }) => faults, onSuccess: () => [] })));
  }
  if (faults.length > 0) return yield* new InvalidInput({ message: "the subscription is not valid", faults });
});

export const checkOverlap = (overlap: number): Effect.Effect<void, InvalidInput> => {
  if (Number.isInteger(overlap) && overlap >= 0 && overlap <= MAX_OVERLAP) return Effect.void;
  const message = `must be from 0 to ${MAX_OVERLAP / 1000} seconds`;
  return new InvalidInput({ message: `the overlap ${message}`, faults: [{ path: "/overlap", message }] });
};

const fault = (holds: boolean, path: string, message: string): Option.Option<Fault> =>
  holds ? Option.some({ path, message }) : Option.none();

const NAME = /^[a-z\d](?:[-\w.]{0,61}[a-z\d])?$/i;

const NAMES = ["password", "clientSecret", "url"] as const;

/** The given secrets that a channel needs. */
const takes = (channel: Channel): ReadonlyArray<keyof GivenSecrets> => {
  switch (channel.type) {
    case "webhook":
      return [];
    case "servicenow":
      return channel.auth.type === "basic" ? ["password"] : ["clientSecret"];
    case "chat":
      return ["url"];
  }
};

/**
 * The secrets of a channel that replaces another, with those that are given and, if it signs, one to sign with. Secrets that
 * were there stay only where they go to the same receiver: else who may change a subscription could learn them.
 */
export const secretsOf = (
  channel: Channel,
  given: GivenSecrets,
  signing: NonNullable<Secrets["signing"]>,
  before?: { readonly channel: Channel; readonly secrets: Secrets },
): Secrets => {
  const kept = before !== undefined && receiverOf(before.channel) === receiverOf(channel) ? before.secrets : {};
  const secrets = takes(channel).flatMap((name) => {
    const secret = given[name] ?? kept[name];
    return secret === undefined ? [] : [[name, secret]];
  });
  return {
    ...(channel.type === "webhook" ? { signing: before?.secrets.signing ?? signing } : {}),
    ...Object.fromEntries(secrets),
  };
};

/** Who is told secrets. */
const receiverOf = (channel: Channel): string =>
  JSON.stringify(channel.type === "servicenow" ? [channel.instance, channel.auth] : channel.type);

/** The signing secret of a channel that signs, from 256 random bits in base64url (Standard Webhooks 1.0). */
export const signingSecret = (bits: string): Redacted.Redacted =>
  decodeSigning(`whsec_${bits.replaceAll("-", "+").replaceAll("_", "/")}=`);

const decodeSigning = Schema.decodeSync(SigningSecret);
