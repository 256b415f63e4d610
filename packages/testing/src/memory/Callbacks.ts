/**
 * A receiver of callbacks and a vault, kept in memory.
 */
import type { Attempt } from "@cadastre/domain/Attempt";
import { type Callback, CallbackChannel } from "@cadastre/domain/CallbackChannel";
import type { Channel, Secrets } from "@cadastre/domain/Channel";
import { InvalidInput, SecretsUnavailable } from "@cadastre/domain/Errors";
import { Vault } from "@cadastre/domain/Vault";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";

export interface Sent {
  readonly channel: Channel;
  readonly secrets: Secrets;
  readonly callback: Callback;
}

/** What was sent, and how the receiver answers: well, unless a test says otherwise. */
export class Receiver extends Context.Tag("@cadastre/testing/Receiver")<
  Receiver,
  {
    readonly sent: Array<Sent>;
    answer: (sent: Sent) => Effect.Effect<Attempt>;
  }
>() {}

export const delivered: Attempt = { outcome: "delivered", message: "answered 204", timings: { total: 1 }, answer: "" };

export const failed: Attempt = {
  outcome: "failed",
  failure: "status",
  message: "answered 500",
  status: 500,
  timings: { total: 1 },
  answer: "no",
};

export const gone: Attempt = { ...failed, outcome: "gone", message: "answered 410", status: 410 };

/** Refuses targets on `refused.example`. */
const layerChannel: Layer.Layer<CallbackChannel, never, Receiver> = Layer.effect(
  CallbackChannel,
  Effect.map(Receiver, (receiver) => ({
    check: (channel) =>
      channel.type === "webhook" && new URL(channel.url).hostname === "refused.example"
        ? new InvalidInput({ message: "no", faults: [{ path: "/channel/url", message: "is refused" }] })
        : Effect.void,
    deliver: (channel, secrets, callback) =>
      Effect.suspend(() => {
        const sent = { channel, secrets, callback };
        receiver.sent.push(sent);
        return receiver.answer(sent);
      }),
  })),
);

const layerVault: Layer.Layer<Vault> = Layer.succeed(Vault, {
  seal: (text, owner) =>
    Effect.succeed(`sealed:${Buffer.from(JSON.stringify([owner, Redacted.value(text)])).toString("base64")}`),
  open: (sealed, owner) =>
    Effect.suspend(() => {
      const [sealer, text] = JSON.parse(Buffer.from(sealed.replace(/^sealed:/, ""), "base64").toString() || "[]");
      return sealer === owner
        ? Effect.succeed(Redacted.make(String(text)))
        : new SecretsUnavailable({ message: "the key is another" });
    }),
});

export const layer: Layer.Layer<Receiver | CallbackChannel | Vault> = Layer.mergeAll(layerChannel, layerVault).pipe(
  Layer.provideMerge(Layer.sync(Receiver, () => ({ sent: [], answer: () => Effect.succeed(delivered) }))),
);
