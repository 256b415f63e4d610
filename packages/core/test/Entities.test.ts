import { Entities, type PutTarget } from "@cadastre/core/Entities";
import { byKey, byUid } from "@cadastre/domain/EntityStore";
import type { Json } from "@cadastre/domain/Json";
import { Caller } from "@cadastre/domain/Principal";
import { everything } from "@cadastre/testing/Fixtures";
import { entityUid } from "@cadastre/testing/Identifiers";
import { expect } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as TestClock from "effect/TestClock";
import { at, caller, component, events, group, json, onEachStore } from "./support.ts";

const payments = byKey("component:default/payments");

const toPayments: PutTarget = {
  _tag: "Reference",
  reference: { kind: "component", namespace: "default", name: "payments" },
};

const types = Effect.map(events, (all) => all.map(({ type }) => type));

onEachStore("Entities", (test) => {
  test("a created entity is read back as it was written, with what the server adds", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* TestClock.setTime(1_704_067_200_000);
      const { entity, action } = yield* entities.create(component("payments", { extra: { deep: [1, null] } }));
      expect(action).toBe("created");
      expect(json(entity)).toEqual({
        apiVersion: "backstage.io/v1alpha1",
        kind: "Component",
        metadata: {
          name: "payments",
          namespace: "default",
          uid: entity.uid,
          revision: 1,
          createdAt: "2024-01-01T00:00:00.000Z",
          updatedAt: "2024-01-01T00:00:00.000Z",
        },
        spec: { type: "service", lifecycle: "production", owner: "team-a", extra: { deep: [1, null] } },
        status: { state: "active", since: "2024-01-01T00:00:00.000Z" },
        source: { type: "api" },
        relations: [{ type: "ownedBy", targetRef: "group:default/team-a", dangling: true }],
      });
      expect(yield* entities.get(payments)).toEqual(entity);
      expect(yield* entities.get(byUid(entity.uid))).toEqual(entity);
    }));

  test("a reference can be created once, whatever its case", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"));
      const error = yield* Effect.flip(entities.create(component("PAYMENTS")));
      expect(error).toMatchObject({ _tag: "AlreadyExists", reference: "Component:default/PAYMENTS" });
      expect(yield* types).toEqual(["entity.created"]);
    }));

  test("of many that create the same reference at once exactly one does", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const attempts = Array.from({ length: 10 }, () => Effect.either(entities.create(component("payments"))));
      const outcomes = yield* Effect.all(attempts, { concurrency: "unbounded" });
      expect(outcomes.filter(Either.isRight)).toHaveLength(1);
      expect(outcomes.flatMap((one) => (Either.isLeft(one) ? one.left._tag : []))).toEqual(
        Array(9).fill("AlreadyExists"),
      );
    }));

  test("every fault of a document is told, and nothing is written", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const bad = { ...component("bad name!"), labels: {} };
      const error = yield* Effect.flip(entities.create(bad));
      expect(error._tag).toBe("InvalidInput");
      if (error._tag === "InvalidInput") {
        expect(error.faults.map(({ path }) => path)).toEqual(expect.arrayContaining(["/metadata/name", "/labels"]));
      }
      expect(yield* events).toEqual([]);
    }));

  test("what is not registered is not found", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const uid = entityUid(999);
      const failures = yield* Effect.all([
        Effect.flip(entities.get(payments)),
        Effect.flip(entities.put({ _tag: "Uid", uid }, component("payments"))),
        Effect.flip(entities.patch(payments, {})),
        Effect.flip(entities.remove(byUid(uid))),
      ]);
      expect(failures.map(({ _tag }) => _tag)).toEqual(Array(4).fill("NotFound"));
    }));

  test("a list has active entities only, unless it asks for others", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("a"));
      yield* entities.create(component("b"));
      yield* entities.patch(byKey("component:default/b"), { status: { state: "inactive" } });
      const names = (states: ReadonlyArray<"active" | "inactive">) =>
        Effect.map(entities.list({ ...everything, states }), ({ items }) =>
          items.map((item) => json(item).metadata["name"]),
        );
      expect(yield* names([])).toEqual(["a"]);
      expect(yield* names(["inactive"])).toEqual(["b"]);
      expect(yield* names(["active", "inactive"])).toEqual(["a", "b"]);
    }));
});

onEachStore("Entities.put", (test) => {
  test("creates where the reference is free, then replaces", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const first = yield* entities.put(toPayments, component("payments"));
      yield* TestClock.adjust("1 second");
      const second = yield* entities.put(toPayments, component("payments", { lifecycle: "deprecated" }));
      expect([first.action, second.action]).toEqual(["created", "updated"]);
      expect(second.entity).toMatchObject({ uid: first.entity.uid, revision: 2 });
      expect(json(second.entity).metadata).toMatchObject({
        createdAt: "1970-01-01T00:00:00.000Z",
        updatedAt: "1970-01-01T00:00:01.000Z",
      });
      expect(yield* types).toEqual(["entity.created", "entity.updated"]);
    }));

  test("the same document again changes nothing, whatever the order of its keys", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { entity } = yield* entities.create(component("payments", { a: { x: 1, y: 2 } }));
      yield* TestClock.adjust("1 second");
      const again = yield* entities.put(toPayments, component("payments", { a: { y: 2, x: 1 } }));
      expect(again).toMatchObject({ action: "unchanged", entity });
      expect(yield* types).toEqual(["entity.created"]);
    }));

  test("what was read can be put back, and changes nothing", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { entity } = yield* entities.create(component("payments"));
      yield* entities.patch(payments, { status: { state: "inactive" } });
      const read = yield* entities.get(payments);
      expect(yield* entities.put({ _tag: "Uid", uid: entity.uid }, json(read))).toMatchObject({ action: "unchanged" });
    }));

  test("a document that says nothing of the state leaves it", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"));
      yield* entities.patch(payments, { status: { state: "inactive" } });
      const { entity, action } = yield* entities.put(toPayments, component("payments", { type: "library" }));
      expect(action).toBe("updated");
      expect(at(json(entity), "status", "state")).toBe("inactive");
    }));

  test("a stale If-Match is refused with the revision in force, and nothing changes", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"));
      yield* entities.put(toPayments, component("payments", { type: "library" }), { ifMatch: 1 });
      const stale = { ifMatch: 1 };
      const failures = yield* Effect.all([
        Effect.flip(entities.put(toPayments, component("payments", { type: "website" }), stale)),
        Effect.flip(entities.put(toPayments, component("payments", { type: "library" }), stale)),
        Effect.flip(entities.patch(payments, { spec: { type: "website" } }, stale)),
        Effect.flip(entities.remove(payments, stale)),
      ]);
      for (const failure of failures) expect(failure).toMatchObject({ _tag: "RevisionConflict", current: 2 });
      expect(yield* entities.get(payments)).toMatchObject({ revision: 2 });
      expect(yield* events).toHaveLength(2);
    }));

  test("with If-Match nothing is created", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const failure = yield* Effect.flip(entities.put(toPayments, component("payments"), { ifMatch: 1 }));
      expect(failure._tag).toBe("RevisionConflict");
      expect(yield* events).toEqual([]);
    }));

  test("of two with the same If-Match at once exactly one wins", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"));
      const put = (type: string) =>
        Effect.either(entities.put(toPayments, component("payments", { type }), { ifMatch: 1 }));
      const outcomes = yield* Effect.all([put("library"), put("website")], { concurrency: "unbounded" });
      expect(outcomes.filter(Either.isRight)).toHaveLength(1);
      expect(outcomes.find(Either.isLeft)).toMatchObject({ left: { _tag: "RevisionConflict", current: 2 } });
      expect(yield* types).toEqual(["entity.created", "entity.updated"]);
    }));

  test("writers that ask for no revision all get through, one revision each", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const puts = Array.from({ length: 10 }, (_, i) => entities.put(toPayments, component("payments", { i })));
      const outcomes = yield* Effect.all(puts, { concurrency: "unbounded" });
      const revisions = outcomes.map(({ entity }) => entity.revision).sort((a, b) => a - b);
      expect(revisions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect((yield* events).map(({ revision }) => revision)).toEqual(revisions);
    }));

  test("an entity cannot be renamed, but its spelling can change", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { entity } = yield* entities.create(component("payments"));
      const elsewhere = component("billing", {}, { namespace: "other" });
      for (const target of [toPayments, { _tag: "Uid", uid: entity.uid } as const]) {
        const failure = yield* Effect.flip(entities.put(target, elsewhere));
        expect(failure._tag).toBe("InvalidInput");
        if (failure._tag !== "InvalidInput") continue;
        expect(failure.faults.map(({ path }) => path)).toEqual(["/metadata/namespace", "/metadata/name"]);
      }
      const respelt = yield* entities.put(toPayments, component("Payments"));
      expect(respelt).toMatchObject({ action: "updated", entity: { uid: entity.uid, revision: 2 } });
      expect(json(respelt.entity).metadata["name"]).toBe("Payments");
    }));
});

onEachStore("Entities.patch", (test) => {
  test("merges: null removes, lists are replaced, the rest stays", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(
        component("payments", { dependsOn: ["resource:a", "resource:b"] }, { title: "T", tags: ["x"] }),
      );
      const { entity } = yield* entities.patch(payments, {
        metadata: { title: null, labels: { tier: "1" } },
        spec: { dependsOn: ["resource:c"] },
      });
      expect(json(entity).metadata).toMatchObject({
        name: "payments",
        tags: ["x"],
        labels: { tier: "1" },
        revision: 2,
      });
      expect(json(entity).metadata).not.toHaveProperty("title");
      expect(at(json(entity), "spec", "dependsOn")).toEqual(["resource:c"]);
    }));

  test("status.state retires and revives, and its time is kept", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"));
      yield* TestClock.adjust("1 second");
      const retired = yield* entities.patch(payments, { status: { state: "inactive" } });
      yield* TestClock.adjust("1 second");
      const edited = yield* entities.patch(payments, { metadata: { title: "Old" } });
      const revived = yield* entities.patch(payments, { status: { state: "active" }, metadata: { title: "New" } });
      expect([retired, edited, revived].map(({ entity }) => json(entity)["status"])).toEqual([
        { state: "inactive", since: "1970-01-01T00:00:01.000Z" },
        { state: "inactive", since: "1970-01-01T00:00:01.000Z" },
        { state: "active", since: "1970-01-01T00:00:02.000Z" },
      ]);
      expect(yield* types).toEqual(["entity.created", "entity.deactivated", "entity.updated", "entity.activated"]);
    }));

  test("what changes nothing is no write", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"));
      for (const patch of [
        {},
        { spec: { type: "service" } },
        { status: { state: "active" } },
        { spec: { none: null } },
      ]) {
        expect(yield* entities.patch(payments, patch)).toMatchObject({ action: "unchanged" });
      }
      expect(yield* events).toHaveLength(1);
    }));

  test("what the server writes cannot be patched", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { entity } = yield* entities.create(component("payments"));
      for (const patch of [
        { metadata: { uid: null, revision: 17, createdAt: "1999-01-01T00:00:00Z" } },
        { relations: [], source: { type: "git" }, status: null },
      ]) {
        expect(yield* entities.patch(payments, patch)).toMatchObject({ action: "unchanged", entity });
      }
    }));

  test("refuses what is no patch, breaks a rule or renames, and changes nothing", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"));
      let deep: Json = 1;
      for (let level = 0; level < 100_000; level++) deep = { deep };
      const refused: ReadonlyArray<readonly [unknown, string]> = [
        ["text", ""],
        [[], ""],
        [null, ""],
        [deep, ""],
        [{ spec: { lifecycle: 7 } }, "/spec/lifecycle"],
        [{ status: { state: "asleep" } }, "/status/state"],
        [{ metadata: { name: "billing" } }, "/metadata/name"],
        [{ metadata: "none" }, "/metadata/name"],
        [{ kind: "Resource" }, "/kind"],
      ];
      for (const [patch, path] of refused) {
        const failure = yield* Effect.flip(entities.patch(payments, patch));
        expect(failure._tag).toBe("InvalidInput");
        if (failure._tag === "InvalidInput") expect(failure.faults.map((fault) => fault.path)).toContain(path);
      }
      expect(yield* events).toHaveLength(1);
    }));
});

onEachStore("Entities.remove", (test) => {
  test("removes for good, and the reference is free for another", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const { entity } = yield* entities.create(component("payments"));
      yield* entities.remove(byUid(entity.uid), { ifMatch: 1 });
      expect((yield* Effect.flip(entities.get(payments)))._tag).toBe("NotFound");
      const [, deleted] = yield* events;
      expect(deleted).toMatchObject({ type: "entity.deleted", uid: entity.uid, revision: 2, patch: [] });
      expect(JSON.parse(deleted?.envelope ?? "").metadata.revision).toBe(1);
      const next = yield* entities.create(component("payments"));
      expect(next.entity.uid).not.toBe(entity.uid);
    }));

  test("is refused while active entities depend on the entity, who are listed", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const team = byKey("group:default/team-a");
      yield* entities.create(group("team-a"));
      yield* entities.create(component("b"));
      yield* entities.create(component("a"));
      const refusal = yield* Effect.flip(entities.remove(team));
      expect(refusal).toMatchObject({
        _tag: "HasDependencies",
        dependents: ["component:default/a", "component:default/b"],
        total: 2,
      });
      yield* entities.patch(byKey("component:default/a"), { status: { state: "inactive" } });
      expect(yield* Effect.flip(entities.remove(team))).toMatchObject({
        dependents: ["component:default/b"],
        total: 1,
      });
      yield* entities.patch(byKey("component:default/b"), { status: { state: "inactive" } });
      yield* entities.remove(team);
      expect((yield* Effect.flip(entities.get(team)))._tag).toBe("NotFound");
    }));

  test("lists at most 100 of the dependents, and force overrides them", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const team = byKey("group:default/team-a");
      yield* entities.create(group("team-a"));
      yield* Effect.forEach(Array.from({ length: 101 }), (_, i) => entities.create(component(`c${i}`)));
      const refusal = yield* Effect.flip(entities.remove(team));
      expect(refusal).toMatchObject({ _tag: "HasDependencies", total: 101 });
      if (refusal._tag === "HasDependencies") expect(refusal.dependents).toHaveLength(100);
      yield* entities.remove(team, { force: true });
      const { relations } = json(yield* entities.get(byKey("component:default/c0")));
      expect(relations).toEqual([{ type: "ownedBy", targetRef: "group:default/team-a", dangling: true }]);
    }));

  test("who is needed can say so itself: dependencyOf counts, for the one that is named", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("library", { dependencyOf: ["component:app"] }));
      yield* entities.create(component("app"));
      const refusal = yield* Effect.flip(entities.remove(byKey("component:default/library")));
      expect(refusal).toMatchObject({ _tag: "HasDependencies", dependents: ["component:default/app"] });
      yield* entities.remove(byKey("component:default/app"));
      yield* entities.remove(byKey("component:default/library"));
    }));
});

onEachStore("a managed source", (test) => {
  const git = { type: "git", location: "https://example.com/a.yaml" } as const;
  const managed = { source: git };

  test("keeps its entities: writes from elsewhere are refused, saying who keeps them", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"), managed);
      const failures = yield* Effect.all([
        Effect.flip(entities.put(toPayments, component("payments", { type: "library" }))),
        Effect.flip(entities.patch(payments, { status: { state: "inactive" } })),
        Effect.flip(entities.remove(payments)),
        Effect.flip(entities.remove(payments, { source: { type: "git", location: "https://example.com/b.yaml" } })),
      ]);
      for (const failure of failures) {
        expect(failure).toMatchObject({ _tag: "ManagedElsewhere", managedBy: "git https://example.com/a.yaml" });
      }
      expect(yield* entities.put(toPayments, component("payments"))).toMatchObject({ action: "unchanged" });
      expect(yield* events).toHaveLength(1);
    }));

  test("writes its own, and force overrides it without taking them away", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      yield* entities.create(component("payments"), managed);
      yield* entities.put(toPayments, component("payments", { type: "library" }), managed);
      const forced = yield* entities.put(toPayments, component("payments", { type: "website" }), { force: true });
      expect(forced).toMatchObject({ action: "updated", entity: { revision: 3 } });
      expect(json(forced.entity)["source"]).toEqual(git);
      yield* entities.remove(payments, { force: true });
    }));

  test("takes over what it changes; other sources are those of the creator", () =>
    Effect.gen(function* () {
      const entities = yield* Entities;
      const seeded = yield* entities
        .create(component("payments"))
        .pipe(Effect.provideService(Caller, caller(["catalog:write"], "seed")));
      expect(json(seeded.entity)["source"]).toEqual({ type: "seed" });
      const edited = yield* entities.patch(payments, { spec: { type: "library" } });
      expect(json(edited.entity)["source"]).toEqual({ type: "seed" });
      const taken = yield* entities.put(toPayments, component("payments", { type: "website" }), managed);
      expect(json(taken.entity)["source"]).toEqual(git);
    }));
});
