import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { component, type Running, start } from "./harness.ts";

const encoded = encodeURIComponent;

/** A running server with `payments`, which depends on `ledger` and on a database that is not registered, and the path of each. */
const seeded = Effect.gen(function* () {
  const running = yield* start();
  const create = (name: string, spec: object) =>
    Effect.map(
      Effect.promise(() => running.call("POST", "/v1/entities", { json: component(name, { spec }) })),
      ({ body }) => `/v1/entities/${body.metadata.uid}`,
    );
  const payments = yield* create("payments", {
    type: "service",
    lifecycle: "production",
    owner: "checkout",
    dependsOn: ["component:ledger"],
  });
  const ledger = yield* create("ledger", {
    type: "service",
    lifecycle: "experimental",
    owner: "finance",
    dependsOn: ["resource:db"],
    replicas: 3,
  });
  return { running, payments, ledger };
});

const get = ({ call }: Running, path: string) =>
  Effect.map(
    Effect.promise(() => call("GET", path)),
    ({ status, body, headers }) => ({ status, body, headers }),
  );

describe("questions over HTTP", () => {
  it.scopedLive("a list tells what its filter could not be evaluated on, and how it was dealt with", () =>
    Effect.gen(function* () {
      const { running } = yield* seeded;
      const filter = 'kind == "Component" && entity.spec.replicas * 2.0 > 5.0';
      const asked = `/v1/entities?fields=metadata.name&filter=${encoded(filter)}`;
      const plain = yield* get(running, asked);
      expect(plain.body).toEqual({
        items: [{ metadata: { name: "ledger" } }],
        unevaluated: {
          count: 1,
          sample: { reference: "component:default/payments", message: expect.stringContaining("replicas") },
        },
      });
      const explained = yield* get(running, `${asked}&explain=true`);
      expect(explained.body.explain).toEqual({
        filter,
        exact: false,
        cost: expect.any(Number),
        evaluated: 2,
        parts: [
          { start: 0, end: 19, text: 'kind == "Component"', pushed: true },
          { start: 23, end: 55, text: "entity.spec.replicas * 2.0 > 5.0", pushed: false, reason: expect.any(String) },
        ],
      });
    }),
  );

  it.scopedLive("a search goes on page by page, the best match first", () =>
    Effect.gen(function* () {
      const { running } = yield* seeded;
      const names: Array<string> = [];
      let cursor = "";
      do {
        const { body } = yield* get(running, `/v1/entities?q=pay&limit=1${cursor}`);
        names.push(...body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name));
        cursor = body.nextCursor === undefined ? "" : `&cursor=${body.nextCursor}`;
      } while (cursor !== "");
      expect(names).toEqual(["payments"]);
    }),
  );

  it.scopedLive("a wrong filter is refused with its place, a caret and the mend", () =>
    Effect.gen(function* () {
      const { running } = yield* seeded;
      const { status, body } = yield* get(running, `/v1/entities?filter=${encoded('has(labels["tier"])')}`);
      expect([status, body.code]).toEqual([400, "invalid-input"]);
      expect(body.errors).toEqual([
        { path: "filter", message: expect.stringMatching(/^line 1, column 1: .*"tier" in labels\n.*\n +\^+$/) },
      ]);
    }),
  );

  it.scopedLive("counts are in the order in which they were asked for", () =>
    Effect.gen(function* () {
      const { running } = yield* seeded;
      const { body } = yield* get(running, "/v1/facets?by=spec.lifecycle&by=owner,label:tier&limit=1");
      expect(body).toEqual({
        facets: [
          { by: "spec.lifecycle", values: [{ value: "experimental", count: 1 }], distinct: 2, missing: 0 },
          { by: "owner", values: [{ value: "group:default/checkout", count: 1 }], distinct: 2, missing: 0 },
          { by: "label:tier", values: [], distinct: 0, missing: 2 },
        ],
      });
    }),
  );

  it.scopedLive("a graph is read in both spellings of a relation, and marks what dangles", () =>
    Effect.gen(function* () {
      const { running, payments, ledger } = yield* seeded;
      const down = yield* get(running, `${payments}/graph?direction=dependencies&relation=dependencyOf&depth=all`);
      expect(down.body).toEqual({
        root: "component:default/payments",
        nodes: [
          expect.objectContaining({ reference: "component:default/payments", depth: 0, state: "active" }),
          expect.objectContaining({ reference: "component:default/ledger", depth: 1, state: "active" }),
          { reference: "resource:default/db", depth: 2, dangling: true },
        ],
        edges: [
          { type: "dependsOn", from: "component:default/ledger", to: "resource:default/db" },
          { type: "dependsOn", from: "component:default/payments", to: "component:default/ledger" },
        ],
        truncated: false,
      });
      const up = yield* get(running, `${ledger}/graph?direction=dependents&relation=dependsOn`);
      expect(up.body.nodes.length).toBe(2);
      const cut = yield* get(running, `${payments}/graph?depth=all&limit=2`);
      expect([cut.body.nodes.length, cut.body.truncated]).toEqual([2, true]);
    }),
  );

  it.scopedLive("a way tells why one depends on another, and there is none the other way round", () =>
    Effect.gen(function* () {
      const { running, payments, ledger } = yield* seeded;
      const { body } = yield* get(running, `${payments}/path?to=Resource:db`);
      expect(body).toMatchObject({ from: "component:default/payments", to: "resource:default/db" });
      expect(body.steps.map(({ to }: { to: string }) => to)).toEqual([
        "component:default/ledger",
        "resource:default/db",
      ]);
      const none = yield* get(running, `${ledger}/path?to=component:payments`);
      expect([none.status, none.body.code]).toEqual([404, "not-found"]);
    }),
  );

  it.scopedLive("a history tells who changed a field last, and what the entity was before", () =>
    Effect.gen(function* () {
      const { running, payments } = yield* seeded;
      yield* Effect.promise(() => running.call("PATCH", payments, { json: { spec: { owner: "finance" } } }));
      const last = yield* get(running, `${payments}/history?path=/spec/owner&limit=1`);
      expect(last.body).toEqual({
        items: [
          {
            revision: 2,
            type: "entity.updated",
            at: expect.any(String),
            actor: "token:admin",
            via: "rest",
            requestId: expect.any(String),
            patch: [{ op: "replace", path: "/spec/owner", value: "finance" }],
          },
        ],
        next: 2,
      });
      for (const path of [payments, "/v1/entities/by-ref/component/default/payments"]) {
        const before = yield* get(running, `${path}?revision=1`);
        expect(before.body).toMatchObject({ metadata: { revision: 1 }, spec: { owner: "checkout" } });
        expect(before.headers.get("etag")).toBe('"1"');
      }
    }),
  );

  it.scopedLive("the feed shows entities only if asked, and advances over what is not wanted", () =>
    Effect.gen(function* () {
      const { running } = yield* seeded;
      const plain = yield* get(running, "/v1/events?limit=1");
      expect(plain.body).toMatchObject({ events: [{ sequence: 1, type: "entity.created", revision: 1 }], next: 1 });
      expect(plain.body.events[0]).not.toHaveProperty("entity");
      const full = yield* get(running, "/v1/events?after=1&include=entity");
      expect(full.body).toMatchObject({ events: [{ entity: { metadata: { name: "ledger" } } }], next: 2 });
      expect((yield* get(running, "/v1/events?kind=API")).body).toEqual({ events: [], next: 2 });
    }),
  );
});
