import * as Callbacks from "@cadastre/sdk/Callbacks";
import { verifier } from "@cadastre/sdk/Promises";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as TestClock from "effect/TestClock";
import { Webhook } from "standardwebhooks";

const SECRET = `whsec_${Buffer.from("a secret of some length for tests").toString("base64")}`;
const OTHER = `whsec_${Buffer.from("another secret").toString("base64")}`;

const NOW = 1_767_225_600_000;

const event = {
  id: "evt_1",
  type: "entity.updated",
  uid: "ent_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d",
  reference: "component:default/a",
  revision: 2,
  at: "2026-01-01T00:00:00.000Z",
  actor: "token:ci",
  via: "rest",
  requestId: "r-1",
  patch: [],
  sequence: 42,
};

const entity = {
  apiVersion: "cadastre.dev/v1",
  kind: "Component",
  metadata: {
    name: "ä",
    namespace: "default",
    uid: event.uid,
    revision: 2,
    createdAt: event.at,
    updatedAt: event.at,
  },
  status: { state: "active", since: event.at },
  source: { type: "api" },
};

const body = JSON.stringify({ specversion: "1.0", id: "evt_1", data: { event, entity } });

/** As a library of Standard Webhooks signs it. */
const signed = (text: string, secret = SECRET, at = NOW) => ({
  "webhook-id": "msg_1",
  "webhook-timestamp": String(at / 1000),
  "webhook-signature": new Webhook(secret).sign("msg_1", new Date(at), text),
});

const verify = (headers: Callbacks.Headers, text: string | Uint8Array, secrets = [SECRET]) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(NOW);
    const [first = "", ...rest] = secrets;
    const verify = yield* Callbacks.verifier({
      secrets: [Redacted.make(first), ...rest.map((it) => Redacted.make(it))],
    });
    return yield* verify(headers, text);
  });

describe("a callback", () => {
  it.effect("is taken from text and from bytes, with headers as a record and as the web has them", () =>
    Effect.gen(function* () {
      const callback = { id: "msg_1", event, entity };
      expect(yield* verify(signed(body), body)).toEqual(callback);
      expect(yield* verify(new Headers(signed(body)), new TextEncoder().encode(body))).toEqual(callback);
    }),
  );

  it.effect("is taken while a secret is rotated, whichever side changed first", () =>
    Effect.gen(function* () {
      expect((yield* verify(signed(body, OTHER), body, [SECRET, OTHER])).id).toBe("msg_1");
      const both = {
        ...signed(body),
        "webhook-signature": `${signed(body, OTHER)["webhook-signature"]} ${signed(body)["webhook-signature"]}`,
      };
      expect((yield* verify(both, body)).id).toBe("msg_1");
    }),
  );

  it.effect("that is a ping has no event", () =>
    Effect.gen(function* () {
      const ping = JSON.stringify({ specversion: "1.0", data: { event: { id: "evt_1", type: "ping", at: event.at } } });
      expect(yield* verify(signed(ping), ping)).toEqual({ id: "msg_1", event: undefined, entity: undefined });
    }),
  );

  const refused: ReadonlyArray<readonly [string, Callbacks.CallbackRefused["reason"], Callbacks.Headers, string]> = [
    ["another body", "signature", signed(body), `${body} `],
    ["another secret", "signature", signed(body, OTHER), body],
    ["another id", "signature", { ...signed(body), "webhook-id": "msg_2" }, body],
    [
      "no signature of the known version",
      "signature",
      { ...signed(body), "webhook-signature": "v2,AAAA v1,%%%" },
      body,
    ],
    ["five minutes and a second ago", "time", signed(body, SECRET, NOW - 301_000), body],
    ["five minutes and a second ahead", "time", signed(body, SECRET, NOW + 301_000), body],
    ["no time", "headers", { ...signed(body), "webhook-timestamp": "soon" }, body],
    ["no headers", "headers", {}, body],
    ["a signed text that is no callback", "body", signed("{}"), "{}"],
  ];
  for (const [what, reason, headers, text] of refused) {
    it.effect(`is refused: ${what}`, () =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(verify(headers, text))).toMatchObject({ _tag: "CallbackRefused", reason });
      }),
    );
  }

  it.effect("cannot be verified by what is no secret", () =>
    Effect.gen(function* () {
      expect(yield* Effect.flip(verify(signed(body), body, ["whsec_%"]))).toMatchObject({ _tag: "SecretMalformed" });
    }),
  );

  it("is verified by a Promise, too", async () => {
    const verify = await verifier({ secrets: [SECRET], tolerance: Number.MAX_SAFE_INTEGER });
    expect((await verify(signed(body), body)).event?.sequence).toBe(42);
    await expect(verify(signed(body, OTHER), body)).rejects.toMatchObject({ _tag: "CallbackRefused" });
  });
});
