/**
 * Ids and secrets.
 */
import { createHash, randomBytes } from "node:crypto";
import { MessageId } from "@cadastre/domain/Delivery";
import { EntityUid } from "@cadastre/domain/Entity";
import { Identifiers } from "@cadastre/domain/Identifiers";
import { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { TokenId } from "@cadastre/domain/Token";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { v7 } from "uuid";

/** UUIDv7 grows within one process even inside a millisecond, so ids sort as they were made. */
export const layer: Layer.Layer<Identifiers> = Layer.succeed(Identifiers, {
  entityUid: Effect.sync(() => EntityUid.make(`ent_${v7()}`)),
  eventId: Effect.sync(() => `evt_${v7()}`),
  tokenId: Effect.sync(() => TokenId.make(`tok_${v7()}`)),
  subscriptionId: Effect.sync(() => SubscriptionId.make(`sub_${v7()}`)),
  messageId: Effect.sync(() => MessageId.make(`msg_${v7()}`)),
  secret: Effect.sync(() => randomBytes(32).toString("base64url")),
  hash: (secret) => createHash("sha256").update(secret).digest("hex"),
});
