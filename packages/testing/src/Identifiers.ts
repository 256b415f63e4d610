/**
 * Identifiers that count: the same in every run, and in order of their making as UUIDv7s are.
 */
import { createHash } from "node:crypto";
import { MessageId } from "@cadastre/domain/Delivery";
import { EntityUid } from "@cadastre/domain/Entity";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { TokenId } from "@cadastre/domain/Token";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

/** The nth uuid: `entityUid(1)` is the first that {@link layer} gives out, if nothing else was asked for before. */
const uuid = (n: number): string => `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

export const entityUid = (n: number): EntityUid => EntityUid.make(`ent_${uuid(n)}`);

export const layer: Layer.Layer<Identifiers> = Layer.sync(Identifiers, () => {
  let count = 0;
  const next = <A>(make: (n: number) => A) =>
    Effect.sync(() => {
      count += 1;
      return make(count);
    });
  return {
    entityUid: next(entityUid),
    eventId: next((n) => `evt_${uuid(n)}`),
    tokenId: next((n) => TokenId.make(`tok_${uuid(n)}`)),
    subscriptionId: next((n) => SubscriptionId.make(`sub_${uuid(n)}`)),
    messageId: next((n) => MessageId.make(`msg_${uuid(n)}`)),
    secret: next((n) => Buffer.alloc(32, n).toString("base64url")),
    hash: (secret) => createHash("sha256").update(secret).digest("hex"),
  };
});
