import { Archive } from "@cadastre/domain/Archive";
import { Diagnosis, type Finding } from "@cadastre/domain/Diagnosis";
import { EntityStore, type EntityWrite } from "@cadastre/domain/EntityStore";
import type { ChangeEvent } from "@cadastre/domain/Event";
import { EventLog } from "@cadastre/domain/EventLog";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { describe, expect } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import type { Backend } from "../Backends.ts";
import { entity, event, subscription } from "../Fixtures.ts";
import { tester } from "../internal/tester.ts";

/** `Diagnosis`. What it finds where something is wrong is each adapter's own test: only that can do the wrong. */
export const diagnoses = (backend: Backend): void => {
  const { test } = tester(backend);

  const examined = Effect.gen(function* () {
    const { examine } = yield* Diagnosis;
    return Chunk.toReadonlyArray(yield* Stream.runCollect(examine));
  });

  /** But for the servers of the tests, which write nothing through to the disk. */
  const isBad = ({ state, check }: Finding) => state === "bad" && check !== "fsync";

  const dumped = Effect.flatMap(Archive, ({ dump }) => Effect.map(Stream.runCollect(dump), Chunk.drop(1)));

  const written = (writes: ReadonlyArray<EntityWrite>) =>
    Effect.flatMap(Effect.all([UnitOfWork, EntityStore, EventLog]), ([{ transact }, store, log]) =>
      transact(Effect.zipRight(store.save(writes), log.append(writes.map((write) => event(write))))),
    );

  const appended = (one: ChangeEvent) =>
    Effect.flatMap(Effect.all([UnitOfWork, EventLog]), ([{ transact }, log]) => transact(log.append([one])));

  describe(`Diagnosis on ${backend.name}`, () => {
    test("finds nothing bad in a store that was only ever used by its ports, and changes nothing", () =>
      Effect.gen(function* () {
        expect((yield* examined).filter(isBad)).toEqual([]);
        yield* written([
          ...Array.from({ length: 1201 }, () => entity({ tags: ["t", "t2"], labels: { a: "1" } })),
          entity({ title: "Größe ẞ 😀", state: "inactive", spec: { owner: "o", dependsOn: ["resource:a"] } }),
        ]);
        // A subscription has events where it is disabled or enabled, and not for each of its revisions.
        const { id: uid } = subscription();
        yield* appended({ ...event(entity({}), "subscription.disabled"), uid, revision: 4 });
        const before = yield* dumped;
        const findings = yield* examined;
        expect(findings.filter(isBad)).toEqual([]);
        const checks = findings.map(({ check }) => check);
        expect(new Set(checks).size).toBe(checks.length);
        expect(yield* dumped).toEqual(before);
      }));
  });
};
