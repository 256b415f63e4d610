import { Diagnosis } from "@cadastre/domain/Diagnosis";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { entity, event } from "@cadastre/testing/Fixtures";
import * as PostgresDatabase from "@cadastre/testing/PostgresDatabase";
import { expect, it } from "@effect/vitest";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Stream from "effect/Stream";
import * as Postgres from "../src/Postgres.ts";

const filled = Effect.gen(function* () {
  const { transact } = yield* UnitOfWork;
  const store = yield* EntityStore;
  const log = yield* EventLog;
  const writes = ["one", "two"].map((name) => entity({ name, tags: ["t"], labels: { a: "1" }, spec: { owner: "o" } }));
  yield* transact(Effect.zipRight(store.save(writes), log.append(writes.map((write) => event(write)))));
});

/** What needs a hand after statements that no program of ours would run; the server of the tests flushes nothing. */
const badAfter = (...statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const url = yield* PostgresDatabase.create("16");
    yield* Effect.provide(filled, Postgres.layer({ url: Redacted.make(url) }));
    yield* PostgresDatabase.execute(url, "SET session_replication_role = replica", ...statements);
    const findings = yield* Effect.flatMap(Diagnosis, (it) => Stream.runCollect(it.examine)).pipe(
      Effect.provide(Postgres.layer({ url: Redacted.make(url), poolSize: 2 })),
    );
    const bad = Chunk.toReadonlyArray(findings).filter(({ state }) => state === "bad");
    for (const { remedy } of bad) expect(remedy).toBeTruthy();
    return bad.map(({ check }) => check).filter((check) => check !== "fsync");
  });

it.scoped(
  "finds each kind of damage under its name",
  () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [statement: string, checks: ReadonlyArray<string>]> = [
        ["SELECT 1", []],
        ["UPDATE entities SET owner = 'group:default/other' WHERE name = 'one'", ["entities"]],
        ["DELETE FROM entity_tags WHERE entity_id = (SELECT min(id) FROM entities)", ["entities"]],
        ["DELETE FROM events WHERE sequence = (SELECT min(sequence) FROM events)", ["revisions"]],
        ["UPDATE events SET patch = 'no json'", ["events"]],
        ["UPDATE events SET revision = 3", ["revisions", "history"]],
        ["INSERT INTO edges VALUES (99, 0, 'ownedBy', 'a:b/c', 'd:e/f')", ["edges"]],
        ["INSERT INTO entity_tags VALUES (99, 't')", ["tags"]],
        ["INSERT INTO entity_labels VALUES (99, 'a', 'b')", ["labels"]],
        ["INSERT INTO entity_search VALUES (99, '')", ["search-orphans"]],
        ["DELETE FROM entity_search", ["search-missing"]],
        ["UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'entities_by_name'::regclass", ["indexes"]],
        [
          "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
          ["durability"],
        ],
      ];
      for (const [statement, checks] of cases) {
        expect(yield* Effect.scoped(badAfter(statement)), statement).toEqual(checks);
      }
    }),
  120_000,
);

it.scoped("asks for more connections than there are only where that is told", () =>
  Effect.gen(function* () {
    const url = Redacted.make((yield* PostgresDatabase.empty("16")).url);
    const findings = yield* Effect.flatMap(Diagnosis, (it) => Stream.runCollect(it.examine)).pipe(
      Effect.provide(Postgres.layer({ url, poolSize: 1000 })),
    );
    const finding = Chunk.toReadonlyArray(findings).find(({ check }) => check === "connections");
    expect(finding).toMatchObject({ state: "bad", message: expect.stringContaining("a replica takes up to 1001") });
  }),
);
