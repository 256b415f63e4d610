import * as Jobs from "@cadastre/core/Jobs";
import { callback } from "@cadastre/domain/Delivery";
import type { NewJob } from "@cadastre/domain/Job";
import { JobQueue } from "@cadastre/domain/JobQueue";
import { backend } from "@cadastre/testing/Backends";
import { claim, job } from "@cadastre/testing/Fixtures";
import { describe, expect, it } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { type Services, start } from "./harness.ts";

describe("jobs over HTTP", () => {
  it.scopedLive("are listed by state, queue and kind, the latest first, page by page", () =>
    Effect.gen(function* () {
      const { call, enqueue, fail } = yield* running;
      const [a, b, c] = yield* enqueue(job({ kind: "a" }), job({ kind: "b", queue: "r" }), job({ kind: "a" }));
      yield* fail(1);
      const idsOf = (query: string) =>
        Effect.map(call("GET", `/v1/jobs${query}`), ({ status, body }) => {
          expect(status, query).toBe(200);
          return [body.items.map(({ id }: { id: number }) => id), body.next];
        });
      expect(yield* idsOf("")).toEqual([[c, b, a], undefined]);
      expect(yield* idsOf("?kind=a")).toEqual([[c, a], undefined]);
      expect(yield* idsOf("?queue=r&state=ready")).toEqual([[b], undefined]);
      expect(yield* idsOf("?state=dead")).toEqual([[a], undefined]);
      expect(yield* idsOf("?limit=2")).toEqual([[c, b], b]);
      expect(yield* idsOf(`?limit=2&before=${b}`)).toEqual([[a], undefined]);
      for (const wrong of ["state=spoon", "limit=0", "limit=9999", "before=x"]) {
        const refused = yield* call("GET", `/v1/jobs?${wrong}`);
        expect(refused, wrong).toMatchObject({ status: 400, body: { code: "invalid-input" } });
      }
    }),
  );

  it.scopedLive("are read, retried and discarded, where they are in a state for it", () =>
    Effect.gen(function* () {
      const { call, enqueue, fail } = yield* running;
      const [id, waiting] = yield* enqueue(job({ payload: { n: 1 } }), job());
      yield* fail(1);
      expect(yield* call("GET", `/v1/jobs/${id}`)).toMatchObject({
        status: 200,
        body: { id, queue: "q", kind: "k", state: "dead", payload: { n: 1 }, attempts: 1, lastError: "no" },
      });
      expect(yield* call("POST", `/v1/jobs/${id}/retry`)).toMatchObject({
        status: 200,
        body: { id, state: "ready", attempts: 0 },
      });
      expect(yield* call("POST", `/v1/jobs/${waiting}/discard`)).toMatchObject({
        status: 200,
        body: { id: waiting, state: "discarded" },
      });
      yield* fail(1);
      yield* call("POST", `/v1/jobs/${id}/discard`);
      const { body } = yield* call("GET", `/v1/jobs/${id}`);
      expect(body.state).toBe("discarded");
    }),
  );

  it.scopedLive("say why they cannot be moved, or that there is none, and stay as they are", () =>
    Effect.gen(function* () {
      const { call, enqueue, claimed } = yield* running;
      const [delivering, own] = yield* enqueue(job({ kind: callback.name }), job());
      yield* claimed(9);
      const before = (yield* call("GET", "/v1/jobs")).text;
      expect(yield* call("POST", `/v1/jobs/${own}/retry`)).toMatchObject({
        status: 409,
        body: {
          code: "wrong-state",
          detail: `job ${own} is running: only what is scheduled, dead or discarded can be retried`,
        },
      });
      expect(yield* call("POST", `/v1/jobs/${delivering}/discard`)).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining("makes a delivery: redeliver that, or disable its subscription") },
      });
      for (const [method, path] of [
        ["GET", ""],
        ["POST", "/retry"],
        ["POST", "/discard"],
      ] as const) {
        expect((yield* call(method, `/v1/jobs/99999${path}`)).status, path).toBe(404);
        expect((yield* call(method, `/v1/jobs/spoon${path}`)).status, path).toBe(400);
      }
      expect((yield* call("GET", "/v1/jobs")).text).toBe(before);
    }),
  );

  it.scopedLive("are for those alone who may manage callbacks", () =>
    Effect.gen(function* () {
      const { call, enqueue } = yield* running;
      const [id] = yield* enqueue(job());
      const { body } = yield* call("POST", "/v1/tokens", {
        json: { name: "ci", scopes: ["catalog:read", "catalog:write"] },
      });
      const headers = { authorization: `Bearer ${body.secret}` };
      for (const [method, path] of [
        ["GET", ""],
        ["GET", `/${id}`],
        ["POST", `/${id}/retry`],
        ["POST", `/${id}/discard`],
      ] as const) {
        const denied = yield* call(method, `/v1/jobs${path}`, { headers });
        expect(denied, path).toMatchObject({ status: 403, body: { scope: "callbacks:manage" } });
      }
    }),
  );
});

/** A server, and the queue that it shows. */
const running = Effect.gen(function* () {
  const stores = yield* Layer.build(backend("memory").layer);
  const queue = Context.get(stores, JobQueue);
  const shown = Layer.provide(Jobs.layer, Layer.succeedContext(stores));
  const { call } = yield* start({}, shown as Layer.Layer<Services>);
  const claimed = (limit: number) =>
    Effect.map(queue.claim(claim({ limit, kinds: ["a", "k", callback.name] })), ({ jobs }) => jobs);
  return {
    call: (...asked: Parameters<typeof call>) => Effect.promise(() => call(...asked)),
    enqueue: (...jobs: ReadonlyArray<NewJob>) => queue.enqueue(jobs),
    claimed,
    /** Lets the first jobs fail for good. */
    fail: (count: number) =>
      Effect.flatMap(claimed(count), (jobs) =>
        queue.finish(
          jobs.map(({ lease }) => ({ lease, outcome: { _tag: "Failed", error: "no", retryAt: undefined } })),
        ),
      ),
  };
});
