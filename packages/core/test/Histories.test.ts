import { Entities } from "@cadastre/core/Entities";
import { Histories } from "@cadastre/core/Histories";
import { byKey, byUid } from "@cadastre/domain/EntityStore";
import { uid } from "@cadastre/testing/Fixtures";
import { expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { component, onEachStore } from "./support.ts";

const payments = byKey("component:default/payments");

/** An entity with a revision for each of these. */
const revised = (...specs: ReadonlyArray<{ readonly [field: string]: string }>) =>
  Effect.gen(function* () {
    const entities = yield* Entities;
    const { entity } = yield* entities.create(component("payments"));
    for (const spec of specs) yield* entities.patch(payments, { spec });
    return entity.uid;
  });

onEachStore("histories", (test) => {
  test("have every revision once, the latest first, page by page", () =>
    Effect.gen(function* () {
      const uid = yield* revised({ owner: "b" }, { lifecycle: "x" }, { owner: "c" });
      const { list } = yield* Histories;
      const first = yield* list(uid, { limit: 3 });
      expect(first.items.map(({ revision }) => revision)).toEqual([4, 3, 2]);
      expect(first.items[0]).toMatchObject({
        type: "entity.updated",
        patch: [{ op: "replace", path: "/spec/owner", value: "c" }],
      });
      const second = yield* list(uid, { limit: 3, before: first.next });
      expect(second.items).toMatchObject([{ revision: 1, type: "entity.created", patch: [] }]);
      expect([first.next, second.next]).toEqual([2, undefined]);
      expect((yield* list(uid, { limit: 3, before: 1 })).items).toEqual([]);
    }));

  test("tell who changed a field last", () =>
    Effect.gen(function* () {
      const uid = yield* revised({ owner: "b" }, { lifecycle: "x" });
      const { list } = yield* Histories;
      const last = (path: string) => Effect.map(list(uid, { path, limit: 1 }), ({ items }) => items[0]?.revision);
      expect(yield* last("/spec/owner")).toBe(2);
      expect(yield* last("/spec/lifecycle")).toBe(3);
      expect(yield* last("/spec")).toBe(3);
      expect(yield* last("/metadata/name")).toBe(1);
    }));

  test("give an entity as a revision left it, without relations", () =>
    Effect.gen(function* () {
      const uid = yield* revised({ owner: "b" });
      const { revision } = yield* Histories;
      for (const selector of [byUid(uid), payments]) {
        const before = yield* revision(selector, 1);
        expect([before.uid, before.revision]).toEqual([uid, 1]);
        expect(JSON.parse(before.json)).toMatchObject({ metadata: { revision: 1 }, spec: { owner: "team-a" } });
        expect(JSON.parse(before.json)).not.toHaveProperty("relations");
        expect(JSON.parse((yield* revision(selector, 2)).json).spec.owner).toBe("b");
        expect(yield* Effect.flip(revision(selector, 3))).toMatchObject({
          _tag: "NotFound",
          message: expect.stringMatching(/no revision 3/),
        });
      }
    }));

  test("outlive the entity, under its uid", () =>
    Effect.gen(function* () {
      const uid = yield* revised({ owner: "b" });
      yield* (yield* Entities).remove(payments);
      const { list, revision } = yield* Histories;
      expect((yield* list(uid, { limit: 1 })).items).toMatchObject([{ type: "entity.deleted", revision: 3 }]);
      expect(JSON.parse((yield* revision(byUid(uid), 2)).json).spec.owner).toBe("b");
      expect(yield* Effect.flip(revision(byUid(uid), 3))).toMatchObject({ _tag: "NotFound" });
      expect(yield* Effect.flip(revision(payments, 2))).toMatchObject({ _tag: "NotFound" });
    }));

  test("of nobody are NotFound", () =>
    Effect.gen(function* () {
      const { list } = yield* Histories;
      for (const before of [undefined, 7]) {
        expect(yield* Effect.flip(list(uid(1), { before, limit: 1 }))).toMatchObject({ _tag: "NotFound" });
      }
    }));
});
