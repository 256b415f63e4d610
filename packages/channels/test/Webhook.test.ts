import { rotate, type Signing } from "@cadastre/domain/Channel";
import * as Fixtures from "@cadastre/testing/Fixtures";
import { describe, expect, it } from "@effect/vitest";
import { CloudEvent, HTTP } from "cloudevents";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, vi } from "vitest";
import {
  changed,
  channels,
  check,
  deliver,
  faults,
  ping,
  type Received,
  receiver,
  secrets,
  signed,
  webhook,
  whsec,
} from "./support.ts";

const NOW = Fixtures.EPOCH;
const DAY = 24 * 60 * 60 * 1000;

// The verifier compares with the machine's clock.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

const verifies = (secret: string, { body, headers }: Received): boolean => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

describe("a webhook", () => {
  it.scopedLive("gets a CloudEvent that the public library takes", () =>
    Effect.gen(function* () {
      const { url, requests } = yield* receiver();
      const callback = changed();
      // Where nobody traces, the receiver is told of the change's own span.
      const attempt = yield* deliver(webhook(`${url}/in`), signed, callback).pipe(
        Effect.provide(channels()),
        Effect.withTracerEnabled(false),
      );
      expect(attempt).toMatchObject({ outcome: "delivered", failure: undefined, status: 200, answer: "ok" });
      const [request] = requests as [Received];
      expect(request).toMatchObject({ method: "POST", url: "/in" });
      expect(request.headers).toMatchObject({
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": "Cadastre/0.0.0",
        "webhook-id": "msg_1",
        "webhook-timestamp": String(NOW / 1000),
        traceparent: callback.traceparent,
      });
      const event = HTTP.toEvent({ headers: request.headers, body: request.body });
      if (!(event instanceof CloudEvent)) throw new Error("is no event");
      expect(event.validate()).toBe(true);
      expect(event).toMatchObject({
        specversion: "1.0",
        id: callback.event.id,
        source: "https://catalog.example.com",
        type: "dev.cadastre.entity.updated",
        subject: "component:default/payments",
        time: "2024-01-01T00:00:00.000Z",
        sequence: "0000000000000042",
        traceparent: callback.traceparent,
        data: { event: callback.event, entity: callback.entity },
      });
      expect(callback.event).toMatchObject({ sequence: 42, revision: 1, patch: [{ op: "replace" }] });
    }),
  );

  it.scopedLive("is verified by the public library before, during and after a rotation", () =>
    Effect.gen(function* () {
      const { url, requests } = yield* receiver();
      const layer = channels();
      const send = (signing: Signing, at: number) =>
        Effect.gen(function* () {
          vi.setSystemTime(at);
          yield* deliver(webhook(url), { signing }, changed({ at })).pipe(Effect.provide(layer));
          const request = requests.at(-1) as Received;
          return {
            old: verifies(whsec(1), request),
            new: verifies(whsec(2), request),
            other: verifies(whsec(3), request),
            count: request.headers["webhook-signature"]?.split(" ").length,
          };
        });
      const before: Signing = { current: Redacted.make(whsec(1)), previous: [] };
      const during = rotate(before, Redacted.make(whsec(2)), NOW, NOW + DAY);
      expect(yield* send(before, NOW)).toEqual({ old: true, new: false, other: false, count: 1 });
      expect(yield* send(during, NOW)).toEqual({ old: true, new: true, other: false, count: 2 });
      expect(yield* send(during, NOW + DAY - 1)).toEqual({ old: true, new: true, other: false, count: 2 });
      expect(yield* send(during, NOW + DAY)).toEqual({ old: false, new: true, other: false, count: 1 });
      // Rotated twice within the overlap, both that were in force still count; what has expired is let go.
      const twice = rotate(during, Redacted.make(whsec(3)), NOW + 1, NOW + 2 * DAY);
      expect(yield* send(twice, NOW + 1)).toEqual({ old: true, new: true, other: true, count: 3 });
      expect(rotate(twice, Redacted.make(whsec(4)), NOW + DAY, NOW + 3 * DAY).previous).toHaveLength(2);
    }),
  );

  it.scopedLive("is not verified if the body, the id or the time was changed", () =>
    Effect.gen(function* () {
      const { url, requests } = yield* receiver();
      yield* deliver(webhook(url), signed).pipe(Effect.provide(channels()));
      const [request] = requests as [Received];
      expect(verifies(whsec(1), request)).toBe(true);
      expect(verifies(whsec(1), { ...request, body: request.body.replace("team-b", "team-c") })).toBe(false);
      for (const header of ["webhook-id", "webhook-timestamp"]) {
        const headers = { ...request.headers, [header]: header === "webhook-id" ? "msg_2" : String(NOW / 1000 + 1) };
        expect([header, verifies(whsec(1), { ...request, headers })]).toEqual([header, false]);
      }
      vi.setSystemTime(NOW + 6 * 60 * 1000);
      expect(verifies(whsec(1), request)).toBe(false); // replayed later
    }),
  );

  it.scopedLive("keeps its id across attempts, and signs each with its own time", () =>
    Effect.gen(function* () {
      const { url, requests } = yield* receiver((_, response) => response.writeHead(500).end());
      const layer = channels();
      const callback = changed();
      for (const at of [NOW, NOW + 5000]) {
        vi.setSystemTime(at);
        const attempt = yield* deliver(webhook(url), signed, { ...callback, at }).pipe(Effect.provide(layer));
        expect(attempt).toMatchObject({ outcome: "failed", failure: "status", status: 500 });
        expect(verifies(whsec(1), requests.at(-1) as Received)).toBe(true);
      }
      const header = (name: string) => requests.map(({ headers }) => headers[name]);
      expect(header("webhook-id")).toEqual(["msg_1", "msg_1"]);
      expect(new Set(header("webhook-timestamp")).size).toBe(2);
      expect(new Set(header("webhook-signature")).size).toBe(2);
      expect(requests[0]?.body).toBe(requests[1]?.body);
    }),
  );

  it.scopedLive("gets a ping as a CloudEvent without an entity", () =>
    Effect.gen(function* () {
      const { url, requests } = yield* receiver();
      yield* deliver(webhook(url), signed, ping).pipe(Effect.provide(channels()));
      const [request] = requests as [Received];
      expect(verifies(whsec(1), request)).toBe(true);
      const event = JSON.parse(request.body);
      expect(event).toMatchObject({ type: "dev.cadastre.ping", data: { event: ping.event } });
      expect(Object.keys(event.data)).toEqual(["event"]);
      expect(Object.keys(event)).not.toContain("subject");
    }),
  );

  it.scopedLive("gets a document of a mebibyte, and text of every script, as it is", () =>
    Effect.gen(function* () {
      const { url, requests } = yield* receiver();
      const entity = { metadata: { description: "é€𝒳\u2028\u0000".repeat(80_000), __proto__: "x" } };
      yield* deliver(webhook(url), signed, changed({ entity })).pipe(Effect.provide(channels()));
      const [request] = requests as [Received];
      expect(verifies(whsec(1), request)).toBe(true);
      expect(JSON.parse(request.body).data.entity).toEqual(entity);
    }),
  );

  it.scopedLive("gets no trace context that is none", () =>
    Effect.gen(function* () {
      const { url, requests } = yield* receiver();
      const attempt = yield* deliver(webhook(url), signed, { ...changed(), traceparent: "x\r\ny: z" });
      expect(attempt).toMatchObject({ outcome: "delivered" });
      expect(requests[0]?.headers).not.toHaveProperty("traceparent");
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("sends nothing without a signing secret, and says so", () =>
    Effect.gen(function* () {
      const { url, requests } = yield* receiver();
      const attempt = yield* deliver(webhook(url), {}).pipe(Effect.provide(channels()));
      expect(attempt).toMatchObject({ outcome: "failed", failure: "settings" });
      expect(requests).toEqual([]);
    }),
  );
});

describe("the check of a webhook", () => {
  it.scopedLive("names every fault at its place", () =>
    Effect.gen(function* () {
      expect(yield* faults(webhook("https://user@example.com"), {})).toEqual([
        "/channel/url must not hold a user name or a password: they would be shown with the settings",
        "/secrets/signing is missing",
      ]);
      expect(yield* faults(webhook("http://127.0.0.1:1"), { ...signed, ...secrets({ password: "x" }) })).toEqual([
        "/secrets/password is not used: this channel takes signing alone",
      ]);
      expect(yield* Effect.flip(check(webhook("x"), signed))).toMatchObject({ _tag: "InvalidInput" });
    }).pipe(Effect.provide(channels())),
  );
});
