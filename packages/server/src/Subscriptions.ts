/**
 * The endpoints of subscriptions.
 */
import * as Wire from "@cadastre/api/Subscriptions";
import {
  type NewSubscription,
  type SubscriptionChanges,
  Subscriptions,
  type SubscriptionView,
  type WithSecret,
} from "@cadastre/core/Subscriptions";
import { InvalidInput } from "@cadastre/domain/Errors";
import { DEFAULT_OVERLAP, DEFAULT_RATE, DEFAULT_RETRY, DEFAULT_TYPES } from "@cadastre/domain/Subscription";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { json, noContent } from "./internal/answer.ts";
import * as Parameters from "./internal/parameters.ts";
import type { GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"subscriptions">, never, Subscriptions> = Effect.map(
  Subscriptions,
  (subscriptions) => ({
    list: () => Effect.map(subscriptions.list, (items) => json(encodeList({ items: items.map(toWire) }))),

    create: ({ body }) =>
      body.json.pipe(
        Effect.flatMap(decodeInput),
        Effect.flatMap(({ enabled = true, ...input }) => subscriptions.create({ ...complete(input), enabled })),
        Effect.map((created) => withSecret(created, 201, { location: `/v1/subscriptions/${created.subscription.id}` })),
      ),

    get: ({ path }) => Effect.map(subscriptions.get(path.id), shown),

    replace: ({ path, headers, body }) =>
      Effect.gen(function* () {
        const { enabled = true, ...input } = yield* Effect.flatMap(body.json, decodeInput);
        return withSecret(yield* subscriptions.change(path.id, { ...complete(input), enabled }, headers["if-match"]));
      }),

    patch: ({ path, headers, body }) =>
      Effect.gen(function* () {
        const input = yield* Effect.flatMap(body.json, decodePatch);
        return withSecret(yield* subscriptions.change(path.id, toChanges(input), headers["if-match"]));
      }),

    remove: ({ path, headers }) => Effect.as(subscriptions.remove(path.id, headers["if-match"]), noContent),

    enable: ({ path }) => Effect.map(subscriptions.setEnabled(path.id, true), shown),

    disable: ({ path }) => Effect.map(subscriptions.setEnabled(path.id, false), shown),

    rotateSecret: ({ path, query: { overlap = DEFAULT_OVERLAP / 1000 } }) =>
      Effect.map(subscriptions.rotateSecret(path.id, overlap * 1000), (rotated) => withSecret(rotated)),
  }),
);

const decoded = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Parameters.decoder(schema);
  return (input: unknown) =>
    Either.mapLeft(decode(input), (faults) => new InvalidInput({ message: "The subscription is not valid.", faults }));
};

const decodeInput = decoded(Wire.SubscriptionInput);

const decodePatch = decoded(Wire.SubscriptionPatch);

/** With its defaults. */
const complete = ({
  retry,
  types = DEFAULT_TYPES,
  filter,
  rateLimit = DEFAULT_RATE,
  ordered = false,
  ...input
}: Omit<typeof Wire.SubscriptionInput.Type, "enabled">): Omit<NewSubscription, "enabled"> => ({
  ...input,
  types,
  filter,
  rateLimit,
  ordered,
  retry: retry?.map(toMillis) ?? DEFAULT_RETRY,
});

const toChanges = ({ retry, filter, ...input }: typeof Wire.SubscriptionPatch.Type): SubscriptionChanges => ({
  ...input,
  ...(retry === undefined ? {} : { retry: retry.map(toMillis) }),
  ...(filter === undefined ? {} : { filter: filter ?? undefined }),
});

const toMillis = (seconds: number): number => seconds * 1000;

const toWire = ({
  disabled,
  filter,
  retry,
  failingSince,
  unevaluated,
  sample,
  since: _,
  until: __,
  ...subscription
}: SubscriptionView): typeof Wire.Subscription.Type => ({
  ...subscription,
  enabled: disabled === undefined,
  retry: retry.map((millis) => millis / 1000),
  ...(filter === undefined ? {} : { filter }),
  ...(disabled === undefined ? {} : { disabled }),
  ...(failingSince === undefined ? {} : { failingSince }),
  ...(sample === undefined ? {} : { unevaluated: { count: unevaluated, sample } }),
});

const etag = ({ revision }: SubscriptionView) => `"${revision}"`;

const shown = (subscription: SubscriptionView) =>
  json(encodeOne(toWire(subscription)), 200, { etag: etag(subscription) });

const withSecret = ({ subscription, secret }: WithSecret, status = 200, headers: { readonly location?: string } = {}) =>
  json(
    encodeWithSecret({
      subscription: toWire(subscription),
      ...(secret === undefined ? {} : { secret: Redacted.value(secret) }),
    }),
    status,
    { etag: etag(subscription), "cache-control": "no-store", ...headers },
  );

const encodeOne = Schema.encodeSync(Schema.parseJson(Wire.Subscription));
const encodeList = Schema.encodeSync(Schema.parseJson(Wire.SubscriptionList));
const encodeWithSecret = Schema.encodeSync(Schema.parseJson(Wire.SubscriptionWithSecret));
