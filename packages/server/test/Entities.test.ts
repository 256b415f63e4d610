import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { component, type Reply, start } from "./harness.ts";

interface Named {
  readonly metadata: { readonly name: string };
}

const byRef = (name: string) => `/v1/entities/by-ref/component/default/${name}`;

describe("entities over HTTP", () => {
  it.scopedLive("are created with 201, a location and an ETag, and read back byte for byte", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const created = yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("payments") }));
      expect(created.status).toBe(201);
      expect(created.headers.get("etag")).toBe('"1"');
      expect(created.headers.get("content-type")).toBe("application/json");
      const location = created.headers.get("location") ?? "";
      expect(location).toBe(`/v1/entities/${created.body.metadata.uid}`);
      expect(created.body).toMatchObject({
        kind: "Component",
        metadata: { name: "payments", namespace: "default", revision: 1 },
        status: { state: "active" },
        source: { type: "api" },
        relations: [{ type: "ownedBy", targetRef: "group:default/checkout", dangling: true }],
      });

      const read = yield* Effect.promise(() => call("GET", location));
      expect(read).toMatchObject({ status: 200, text: created.text });
      expect(read.headers.get("etag")).toBe('"1"');
      const byReference = yield* Effect.promise(() => call("GET", "/v1/entities/by-ref/COMPONENT/Default/Payments"));
      expect(byReference.text).toBe(created.text);
    }),
  );

  it.scopedLive("are refused with every fault and its path", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const document = { ...component("not a name!"), metadata: { name: "not a name!", tags: ["UPPER CASE"] } };
      const { status, body } = yield* Effect.promise(() => call("POST", "/v1/entities", { json: document }));
      expect(status).toBe(400);
      expect(body.code).toBe("invalid-input");
      expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(["/metadata/name", "/metadata/tags/0"]);
    }),
  );

  it.scopedLive("are replaced, and the same document again changes nothing", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const first = yield* Effect.promise(() => call("PUT", byRef("payments"), { json: component("payments") }));
      expect(first.status).toBe(201);
      expect(first.headers.get("location")).toBe(`/v1/entities/${first.body.metadata.uid}`);
      const again = yield* Effect.promise(() => call("PUT", byRef("payments"), { json: component("payments") }));
      expect([again.status, again.headers.get("etag"), again.text]).toEqual([200, '"1"', first.text]);
      const uid = first.body.metadata.uid;
      const changed = yield* Effect.promise(() =>
        call("PUT", `/v1/entities/${uid}`, {
          json: { ...first.body, metadata: { ...first.body.metadata, title: "Pay" } },
        }),
      );
      expect([changed.status, changed.headers.get("etag"), changed.body.metadata.title]).toEqual([200, '"2"', "Pay"]);
    }),
  );

  it.scopedLive("take a stale If-Match for a conflict that tells the revision in force, and change nothing", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const { body } = yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("payments") }));
      const path = `/v1/entities/${body.metadata.uid}`;
      const patch = (title: string, ifMatch: string) =>
        Effect.promise(() => call("PATCH", path, { json: { metadata: { title } }, headers: { "if-match": ifMatch } }));

      expect(yield* patch("A", '"1"')).toMatchObject({ status: 200, body: { metadata: { revision: 2, title: "A" } } });
      expect(yield* patch("B", '"1"')).toMatchObject({ status: 412, body: { code: "revision-conflict", current: 2 } });
      const before = yield* Effect.promise(() => call("GET", path));
      for (const method of ["PUT", "DELETE"]) {
        const stale = yield* Effect.promise(() =>
          call(method, path, {
            headers: { "if-match": '"1"' },
            ...(method === "PUT" ? { json: component("payments") } : {}),
          }),
        );
        expect(stale).toMatchObject({ status: 412, body: { current: 2 } });
      }
      expect((yield* Effect.promise(() => call("GET", path))).text).toBe(before.text);
      const removed = yield* Effect.promise(() => call("DELETE", path, { headers: { "if-match": '"2"' } }));
      expect([removed.status, removed.text]).toEqual([204, ""]);
    }),
  );

  it.scopedLive("are patched by merge patch, which retires and revives", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const { body } = yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("payments") }));
      const path = `/v1/entities/${body.metadata.uid}`;
      const patched = yield* Effect.promise(() =>
        call("PATCH", path, {
          body: JSON.stringify({ spec: { lifecycle: null, tier: 1 }, status: { state: "inactive" } }),
          headers: { "content-type": "application/merge-patch+json; charset=utf-8" },
        }),
      );
      expect(patched.status).toBe(400); // a component needs its lifecycle
      expect((yield* Effect.promise(() => call("PATCH", path, { json: [] }))).body.code).toBe("invalid-input");
      const retired = yield* Effect.promise(() => call("PATCH", path, { json: { status: { state: "inactive" } } }));
      expect(retired.body.status.state).toBe("inactive");
      const listed = (query: string) =>
        Effect.promise(async () => (await call("GET", `/v1/entities?${query}`)).body.items.length);
      expect([yield* listed(""), yield* listed("state=inactive"), yield* listed("state=active,inactive")]).toEqual([
        0, 1, 1,
      ]);
    }),
  );

  it.scopedLive("are not deleted while others depend on them, unless forced", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      yield* Effect.promise(() => call("PUT", byRef("db"), { json: component("db") }));
      const spec = { ...component("x").spec, dependsOn: ["component:default/db"] };
      yield* Effect.promise(() => call("PUT", byRef("app"), { json: component("app", { spec }) }));
      const refused = yield* Effect.promise(() => call("DELETE", byRef("db")));
      expect(refused).toMatchObject({
        status: 409,
        body: { code: "has-dependencies", dependents: ["component:default/app"], total: 1 },
      });
      expect((yield* Effect.promise(() => call("DELETE", `${byRef("db")}?force=true`))).status).toBe(204);
      expect((yield* Effect.promise(() => call("GET", byRef("db")))).body.code).toBe("not-found");
    }),
  );

  it.scopedLive("are listed by page, in order, filtered and projected", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      for (const name of ["a", "b", "c", "d", "e"]) {
        const metadata = {
          name,
          tags: [name, "all"],
          labels: { tier: name === "a" ? "1" : "2" },
          annotations: { "x.io/y": name },
        };
        yield* Effect.promise(() => call("POST", "/v1/entities", { json: { ...component(name), metadata } }));
      }
      const list = (query: string) => Effect.promise(() => call("GET", `/v1/entities?${query}`));
      const names = ({ body }: Reply) => body.items.map((item: Named) => item.metadata.name).join("");

      const first = yield* list("orderBy=-name&limit=2");
      const second = yield* list(`orderBy=-name&limit=2&cursor=${first.body.nextCursor}`);
      const third = yield* list(`orderBy=-name&limit=2&cursor=${second.body.nextCursor}`);
      expect([first, second, third].map(names)).toEqual(["ed", "cb", "a"]);
      expect(third.body).not.toHaveProperty("nextCursor");

      expect(names(yield* list("kind=component&namespace=DEFAULT&owner=checkout"))).toBe("abcde");
      expect(names(yield* list("owner=group:other/checkout"))).toBe("");
      expect(names(yield* list("kind=api,component&tag=all&tag=b"))).toBe("b");
      expect(names(yield* list("label=tier%3D1"))).toBe("a");
      expect(names(yield* list("label=tier&label=tier=2"))).toBe("bcde");

      const projected = yield* list(
        "fields=metadata.name,kind&fields=metadata.annotations.x.io/y,spec.nothing&limit=1",
      );
      expect(projected.body.items).toEqual([
        { metadata: { name: "a", annotations: { "x.io/y": "a" } }, kind: "Component" },
      ]);
    }),
  );

  it.scopedLive("that are doubtful are taken, with a warning in ASCII for each doubt", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      const { status, headers } = yield* Effect.promise(() =>
        call("POST", "/v1/entities", {
          json: component("payments", { kind: "Raumschiff", spec: { "owner\u00fc": 1 } }),
        }),
      );
      expect(status).toBe(201);
      expect(headers.get("warning")).toMatch(/^299 - "\/kind: .*Raumschiff[\x20-\x7e]*"$/);
    }),
  );
});
