import * as fs from "node:fs";
import * as path from "node:path";
import { Archive } from "@cadastre/domain/Archive";
import { Diagnosis } from "@cadastre/domain/Diagnosis";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { temporaryDirectory } from "@cadastre/testing/Backends";
import { entity, event, save } from "@cadastre/testing/Fixtures";
import { expect, it } from "@effect/vitest";
import Database from "better-sqlite3";
import * as Chunk from "effect/Chunk";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import * as Sqlite from "../src/Sqlite.ts";

const temporaryFile = Effect.map(temporaryDirectory, (directory) => path.join(directory, "catalog.db"));

/** Two entities with all that hangs on them. */
const filled = Effect.gen(function* () {
  const { transact } = yield* UnitOfWork;
  const store = yield* EntityStore;
  const log = yield* EventLog;
  const writes = ["one", "two"].map((name) => entity({ name, tags: ["t"], labels: { a: "1" }, spec: { owner: "o" } }));
  yield* transact(Effect.zipRight(store.save(writes), log.append(writes.map((write) => event(write)))));
});

/** What needs a hand after a statement that no program of ours would run. */
const badAfter = (statement: string) =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile;
    yield* Effect.provide(filled, Sqlite.layer({ filename }));
    const database = new Database(filename);
    database.unsafeMode().pragma("foreign_keys = OFF");
    database.exec(statement);
    database.close();
    const findings = yield* Effect.flatMap(Diagnosis, (it) => Stream.runCollect(it.examine)).pipe(
      Effect.provide(Sqlite.layer({ filename })),
    );
    const bad = Chunk.toReadonlyArray(findings).filter(({ state }) => state === "bad");
    for (const { remedy } of bad) expect(remedy).toBeTruthy();
    return bad.map(({ check }) => check);
  });

it.scoped("finds each kind of damage under its name", () =>
  Effect.gen(function* () {
    const cases: ReadonlyArray<readonly [statement: string, checks: ReadonlyArray<string>]> = [
      ["SELECT 1", []],
      ["UPDATE entities SET owner = 'group:default/other' WHERE name = 'one'", ["entities"]],
      ["UPDATE entities SET envelope = '{' WHERE name = 'one'", ["entities"]],
      ["DELETE FROM entity_tags WHERE entity_id = 1", ["entities"]],
      ["DELETE FROM events WHERE sequence = 1", ["revisions"]],
      ["UPDATE events SET patch = 'no json' WHERE sequence = 1", ["events"]],
      ["UPDATE events SET via = 'pigeon' WHERE sequence = 1", ["events"]],
      ["UPDATE events SET revision = 3 WHERE sequence = 1", ["revisions", "history"]],
      ["INSERT INTO edges VALUES (99, 0, 'ownedBy', 'a:b/c', 'd:e/f')", ["foreign-keys", "edges"]],
      ["INSERT INTO entity_tags VALUES (99, 't')", ["foreign-keys", "tags"]],
      ["INSERT INTO entity_labels VALUES (99, 'a', 'b')", ["foreign-keys", "labels"]],
      ["INSERT INTO entity_search (rowid, words) VALUES (99, '1X')", ["search-orphans"]],
      ["DELETE FROM entity_search WHERE rowid = (SELECT rank FROM entities WHERE id = 1)", ["search-missing"]],
      [
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '(name, uid)', '(uid, name)') WHERE name = 'entities_by_name'",
        ["integrity"],
      ],
    ];
    for (const [statement, checks] of cases) {
      expect(yield* Effect.scoped(badAfter(statement)), statement).toEqual(checks);
    }
  }),
);

it.scoped("notes what is chosen, and says that the file is open to others", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile;
    yield* Sqlite.migrate({ filename });
    fs.chmodSync(filename, 0o644);
    const findings = yield* Effect.flatMap(Diagnosis, (it) => Stream.runCollect(it.examine)).pipe(
      Effect.provide(Sqlite.layer({ filename, synchronous: "normal" })),
    );
    const of = (name: string) => Chunk.toReadonlyArray(findings).find(({ check }) => check === name);
    expect(of("durability")).toMatchObject({ state: "note" });
    expect(of("file-mode")).toMatchObject({ state: "bad", remedy: `chmod 600 ${filename}` });
  }),
);

it.scoped("refuses an older schema where it may not migrate, and leaves it as it is", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile;
    const open = Effect.provide(Effect.void, Sqlite.layer({ filename, migrate: "manual" }));
    expect((yield* Effect.flip(open)).message).toContain("run `cadastre admin migrate` first");
    expect((yield* Sqlite.status({ filename })).current).toBe(0);
    yield* Sqlite.migrate({ filename });
    yield* open;
  }),
);

it.scoped("copies one moment of a database that is written to, as one file of its owner's", () =>
  Effect.gen(function* () {
    const filename = yield* temporaryFile;
    yield* Effect.gen(function* () {
      yield* save(...Array.from({ length: 3000 }, () => entity({ spec: { notes: "x".repeat(3000) } })));
      const target = `${filename}.copy`;
      let steps = 0;
      const writer = new Database(filename);
      const copied = yield* Sqlite.backup({ filename }, target, () => {
        steps++;
        writer.exec(`DELETE FROM entities WHERE id = ${steps}`);
      });
      expect(copied).toMatchObject({ entities: 3000, events: 0, tokens: 0 });
      expect(steps).toBeGreaterThan(1);
      writer.close();
      expect(fs.statSync(target).mode & 0o777).toBe(0o600);
      expect(fs.readdirSync(path.dirname(filename)).filter((name) => name.includes("copy"))).toEqual([
        "catalog.db.copy",
      ]);
      const count = Effect.flatMap(Archive, ({ dump }) => Stream.runCount(dump));
      expect(yield* Effect.provide(count, Sqlite.layer({ filename: target }))).toBe(3001);
      expect(yield* Effect.flip(Sqlite.backup({ filename }, target, () => {}))).toMatchObject({
        _tag: "StoreUnavailable",
      });
    }).pipe(Effect.provide(Sqlite.layer({ filename })));
  }),
);
