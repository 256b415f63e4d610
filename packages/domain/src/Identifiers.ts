import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { MessageId } from "./Delivery.ts";
import type { EntityUid } from "./Entity.ts";
import type { SubscriptionId } from "./SubscriptionId.ts";
import type { TokenId } from "./Token.ts";

/** The port that makes what must be unique or unguessable. */
export class Identifiers extends Context.Tag("@cadastre/domain/Identifiers")<
  Identifiers,
  {
    readonly entityUid: Effect.Effect<EntityUid>;
    /** `evt_` and a UUIDv7. */
    readonly eventId: Effect.Effect<string>;
    readonly tokenId: Effect.Effect<TokenId>;
    readonly subscriptionId: Effect.Effect<SubscriptionId>;
    /** Those of one replica sort in the order of their making. */
    readonly messageId: Effect.Effect<MessageId>;
    /** 256 random bits, in base64url. */
    readonly secret: Effect.Effect<string>;
    /** SHA-256, hexadecimal: a token's 256 bits need no slower hash. */
    readonly hash: (secret: string) => string;
  }
>() {}
