/**
 * The port that makes secrets fit to be stored.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import type { SecretsUnavailable } from "./Errors.ts";

export class Vault extends Context.Tag("@cadastre/domain/Vault")<
  Vault,
  {
    /**
     * The text encrypted and authenticated, as printable ASCII that names its key: keys can be replaced, and what older
     * ones sealed still opens. `owner` (say, the subscription's id) is bound to it.
     */
    readonly seal: (text: Redacted.Redacted, owner: string) => Effect.Effect<string, SecretsUnavailable>;

    /** The inverse of `seal`. Fails if the key is not at hand, the owner is another, or one bit was changed. */
    readonly open: (sealed: string, owner: string) => Effect.Effect<Redacted.Redacted, SecretsUnavailable>;
  }
>() {}
