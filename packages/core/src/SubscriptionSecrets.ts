/**
 * A channel's secrets in the vault: nothing else of a subscription is sealed.
 */
import { Secrets } from "@cadastre/domain/Channel";
import type { SecretsUnavailable } from "@cadastre/domain/Errors";
import type { Subscription } from "@cadastre/domain/Subscription";
import type { SubscriptionId } from "@cadastre/domain/SubscriptionId";
import { Vault } from "@cadastre/domain/Vault";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";

export interface SubscriptionSecrets {
  readonly seal: (secrets: Secrets, id: SubscriptionId) => Effect.Effect<string, SecretsUnavailable>;
  readonly open: (subscription: Pick<Subscription, "id" | "sealed">) => Effect.Effect<Secrets, SecretsUnavailable>;
}

export const make: Effect.Effect<SubscriptionSecrets, never, Vault> = Effect.map(Vault, (vault) => ({
  seal: (secrets, id) => vault.seal(Redacted.make(encode(secrets)), id),
  // Nobody else can have sealed for this id.
  open: ({ id, sealed }) => Effect.map(vault.open(sealed, id), (text) => decode(Redacted.value(text))),
}));

const Text = Schema.parseJson(Secrets);

const encode = Schema.encodeSync(Text);

const decode = Schema.decodeSync(Text);
