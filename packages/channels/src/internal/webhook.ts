/**
 * Webhooks: CloudEvents 1.0 in structured JSON, signed as Standard Webhooks 1.0.
 */
import { createHmac } from "node:crypto";
import type { Callback } from "@cadastre/domain/CallbackChannel";
import type { Signing, WebhookChannel } from "@cadastre/domain/Channel";
import type { JsonObject } from "@cadastre/domain/Json";
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { type Adapter, dataOf, type Tools, targetFaults, targetOf, wrong } from "./adapter.ts";
import { succeeded } from "./attempts.ts";

/** Milliseconds that a receiver has for the rest of an answer whose status was 2xx; nothing in it matters. */
const PATIENCE = 1000;

export const make = (tools: Tools, options: { readonly source: string }): Adapter<typeof WebhookChannel.Type> => ({
  check: ({ url }, { signing }) =>
    Effect.map(targetFaults(tools, "/channel/url", url, false), (faults) =>
      signing === undefined ? [...faults, { path: "/secrets/signing", message: "is missing" }] : faults,
    ),

  deliver: ({ url }, { signing }, callback, trace) =>
    Effect.gen(function* () {
      if (signing === undefined) return yield* wrong("There is no signing secret: rotate it to get one.");
      for (const secret of keysOf(signing, callback.at)) trace.hidden.add(secret).add(secret.slice(PREFIX.length));
      const target = yield* targetOf(tools.guard, url, false);
      const body = JSON.stringify(cloudEvent(options.source, callback));
      const timestamp = Math.floor(callback.at / 1000);
      const answer = yield* tools.client.send(
        {
          target,
          method: "POST",
          headers: {
            "content-type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": callback.id,
            "webhook-timestamp": String(timestamp),
            "webhook-signature": signatures(signing, callback, timestamp, body),
            ...traceOf(callback),
          },
          body,
          repeatable: true,
          patience: PATIENCE,
        },
        trace,
      );
      yield* succeeded(answer);
      return { message: `The receiver took it (${answer.status}).`, answer };
    }),
});

/** Types of a domain of ours, as the specification advises (CloudEvents 1.0, "type"). */
const cloudEvent = (source: string, callback: Callback): JsonObject => {
  const { id, type, at, reference, sequence } = callback.event;
  return {
    specversion: "1.0",
    id,
    source,
    type: `dev.cadastre.${type}`,
    ...(reference === undefined ? {} : { subject: reference }),
    time: at,
    datacontenttype: "application/json",
    // The extension's values are compared as texts.
    ...(typeof sequence === "number" ? { sequence: String(sequence).padStart(16, "0") } : {}),
    ...traceOf(callback),
    data: dataOf(callback),
  };
};

/** As a header and as an attribute, if it is one (W3C Trace Context §3.2): other text could be no header at all. */
const traceOf = (callback: Callback): { readonly traceparent?: string } => {
  const traceparent = TraceContext.read(callback.traceparent);
  return traceparent === undefined ? {} : { traceparent };
};

const PREFIX = "whsec_";

/** The secrets that are valid at a time, the current one first. */
const keysOf = ({ current, previous }: Signing, at: number): ReadonlyArray<string> =>
  [current, ...previous.filter(({ until }) => at < until).map(({ secret }) => secret)].map(Redacted.value);

/** One signature a secret, so that a receiver that knows any of them is content (Standard Webhooks 1.0, "Signature scheme"). */
const signatures = (signing: Signing, { id, at }: Callback, timestamp: number, body: string): string =>
  keysOf(signing, at)
    .map((secret) => {
      const hmac = createHmac("sha256", Buffer.from(secret.slice(PREFIX.length), "base64"));
      return `v1,${hmac.update(`${id}.${timestamp}.${body}`).digest("base64")}`;
    })
    .join(" ");
