import * as CadastreClient from "@cadastre/sdk/CadastreClient";
import * as FetchHttpClient from "@effect/platform/FetchHttpClient";
import { describe, expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Stream from "effect/Stream";
import { type Answer, json, serve, transport, unavailable } from "./server.ts";

const client = (answer: Answer, options: Partial<CadastreClient.Options> = {}) =>
  Effect.gen(function* () {
    const server = yield* serve(answer);
    const client = yield* CadastreClient.make({ url: server.url, token: Redacted.make("cad_x"), ...options });
    return { ...server, client };
  }).pipe(Effect.provide(FetchHttpClient.layer));

const ME = { id: "token:ci", scopes: [] };

const document = { apiVersion: "cadastre.dev/v1", kind: "Component", metadata: { name: "a" } };

/** An entity as the wire has it. */
const entity = {
  ...document,
  metadata: {
    name: "a",
    namespace: "default",
    uid: "ent_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d",
    revision: 1,
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
  },
  status: { state: "active", since: "2026-01-01T00:00:00.000Z" },
  source: { type: "api" },
};

describe("a call", () => {
  it.scopedLive("is asked again where that is safe, and until an answer comes", () =>
    Effect.gen(function* () {
      const { client: it, asked } = yield* client((_, response, n) =>
        n < 2 ? unavailable(response) : json(response, ME),
      );
      expect(yield* it.tokens.whoami()).toEqual(ME);
      expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(Array(3).fill("GET /v1/whoami"));
      expect(asked[0]?.headers.authorization).toBe("Bearer cad_x");
    }),
  );

  it.scopedLive("is asked again when the connection breaks", () =>
    Effect.gen(function* () {
      const { client: it, asked } = yield* client((_, response, n) =>
        n === 0 ? response.destroy() : json(response, ME),
      );
      expect(yield* it.tokens.whoami()).toEqual(ME);
      expect(asked.length).toBe(2);
    }),
  );

  it.scopedLive("is given up after so many attempts, with the domain's own error", () =>
    Effect.gen(function* () {
      const { client: it, asked } = yield* client((_, response) => unavailable(response), { retries: 2 });
      expect(yield* Effect.flip(it.tokens.whoami())).toMatchObject({ _tag: "StoreUnavailable" });
      expect(asked.length).toBe(3);
    }),
  );

  it.scopedLive("is not asked again when it may have been done already", () =>
    Effect.gen(function* () {
      const { client: it, asked } = yield* client((_, response) => unavailable(response));
      const uid = entity.metadata.uid;
      yield* Effect.flip(it.entities.create({ payload: document }));
      yield* Effect.flip(it.entities.patch({ uid, payload: {} }));
      yield* Effect.flip(it.entities.replace({ uid, payload: document, "if-match": 3 }));
      expect(asked.map(({ method }) => method)).toEqual(["POST", "PATCH", "PUT"]);
      expect(asked[2]?.headers["if-match"]).toBe('"3"');
    }),
  );

  it.scopedLive("waits no longer than half a minute", () =>
    Effect.gen(function* () {
      const { client: it, asked } = yield* client((_, response) => unavailable(response, "31"));
      yield* Effect.flip(it.tokens.whoami());
      expect(asked.length).toBe(1);
    }),
  );

  it.scopedLive("that nobody answers ends as Unreachable", () =>
    Effect.gen(function* () {
      const { client: it, url, close } = yield* client(() => {}, { retries: 0 });
      close();
      const failure = yield* Effect.flip(it.tokens.whoami());
      expect(failure).toMatchObject({ _tag: "Unreachable", reason: "transport" });
      expect(failure.message).toContain(url);
    }),
  );

  it.scopedLive("that takes too long ends as Unreachable", () =>
    Effect.gen(function* () {
      const { client: it } = yield* client(() => {}, { retries: 0, timeout: "20 millis" });
      expect(yield* Effect.flip(it.tokens.whoami())).toMatchObject({ _tag: "Unreachable", reason: "timeout" });
    }),
  );

  it.scopedLive("ends as UnexpectedAnswer, with the request id, where the answer is none of the declaration's", () =>
    Effect.gen(function* () {
      const { client: it } = yield* client((_, response, n) =>
        n === 0
          ? transport(response, "Internal")
          : n === 1
            ? json(response, { odd: true })
            : response.writeHead(404).end("no"),
      );
      expect(yield* Effect.flip(it.tokens.whoami())).toMatchObject({
        _tag: "UnexpectedAnswer",
        status: 500,
        problem: { code: "internal", requestId: "r-1" },
      });
      expect(yield* Effect.flip(it.tokens.whoami())).toMatchObject({ _tag: "UnexpectedAnswer", status: 200 });
      expect(yield* Effect.flip(it.tokens.whoami())).toMatchObject({ _tag: "UnexpectedAnswer", status: 404 });
    }),
  );

  it.scopedLive("escapes what stands in the path, and refuses what the daemon would", () =>
    Effect.gen(function* () {
      const { client: it, asked } = yield* client((_, response) => json(response, entity));
      yield* it.entities.getByReference({ kind: "a/b", namespace: "c?d", name: "ü" });
      expect(asked[0]?.path).toBe("/v1/entities/by-ref/a%2Fb/c%3Fd/%C3%BC");
      expect(yield* Effect.flip(it.entities.list({ limit: 5000 }))).toMatchObject({
        _tag: "InvalidInput",
        faults: [{ path: "/limit", message: "must be a whole number from 1 to 1000" }],
      });
      expect(asked.length).toBe(1);
    }),
  );

  it.scopedLive("carries the trace on", () =>
    Effect.gen(function* () {
      const { client: it, asked } = yield* client((_, response) => json(response, ME));
      const span = yield* it.tokens.whoami().pipe(Effect.zipRight(Effect.currentSpan), Effect.withSpan("mine"));
      expect(asked[0]?.headers["traceparent"]).toContain(span.traceId);
    }),
  );
});

it.scopedLive("a list is fetched page by page, and only as far as it is read", () =>
  Effect.gen(function* () {
    const { client: it, asked } = yield* client((_, response, n) =>
      json(response, { items: [entity, entity], ...(n < 4 ? { nextCursor: `c${n}` } : {}) }),
    );
    expect(
      Chunk.size(yield* Stream.runCollect(Stream.take(it.entities.all({ kind: ["Component"], limit: 2 }), 3))),
    ).toBe(3);
    expect(asked.map(({ path }) => path)).toEqual([
      "/v1/entities?kind=Component&limit=2",
      "/v1/entities?kind=Component&limit=2&cursor=c0",
    ]);
  }),
);

it.scopedLive("is configured by two variables", () =>
  Effect.gen(function* () {
    const { url, asked } = yield* serve((_, response) => json(response, ME));
    const layer = CadastreClient.layerConfig().pipe(
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(
        Layer.setConfigProvider(
          ConfigProvider.fromMap(
            new Map([
              ["CADASTRE_URL", url],
              ["CADASTRE_TOKEN", "cad_y"],
            ]),
          ),
        ),
      ),
    );
    yield* Effect.provide(
      Effect.flatMap(CadastreClient.CadastreClient, ({ tokens }) => tokens.whoami()),
      layer,
    );
    expect(asked[0]?.headers.authorization).toBe("Bearer cad_y");
  }),
);
