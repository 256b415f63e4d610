import * as fs from "node:fs";
import * as path from "node:path";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { FacetStore } from "@cadastre/domain/Facets";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { temporaryDirectory } from "@cadastre/testing/Backends";
import { entity, everything, save, uid } from "@cadastre/testing/Fixtures";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as engines from "../src/internal/engine.ts";
import { MIGRATIONS } from "../src/internal/migrations.ts";
import * as Sqlite from "../src/Sqlite.ts";

const LATEST = MIGRATIONS.length;

/** Takes a database back to its first version. */
const TO_FIRST = [
  "DROP TABLE attempts",
  "DROP TABLE deliveries",
  "DROP TABLE dispatch",
  "DROP TABLE subscriptions",
  "DROP TABLE job_periods",
  "DROP TABLE jobs",
  "DROP TABLE entity_search",
  "DROP INDEX entities_by_facets",
  "DROP INDEX entities_inactive",
  "ALTER TABLE entities DROP COLUMN rank",
  "ALTER TABLE entities DROP COLUMN spelling",
  "PRAGMA user_version = 1",
];

const temporaryFile = Effect.map(temporaryDirectory, (directory) => path.join(directory, "catalog.db"));

/** Runs statements as another program would. */
const execute = (filename: string, ...texts: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* engines.make({ filename });
      const connection = yield* engine.client.reserve;
      yield* Effect.forEach(texts, (text) => connection.executeUnprepared(text, [], undefined));
    }),
  );

describe("migrations", () => {
  it("every file is registered, in order and without gaps", () => {
    const files = fs.readdirSync(path.join(import.meta.dirname, "../src/migrations")).toSorted();
    expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(MIGRATIONS.map((_, i) => i + 1));
    const source = fs.readFileSync(path.join(import.meta.dirname, "../src/internal/migrations.ts"), "utf8");
    const imported = [...source.matchAll(/^import (\w+) from "\.\.\/migrations\/(.+)";$/gm)];
    expect(imported.map(([, , file]) => file)).toEqual(files);
    expect(source).toContain(`= [${imported.map(([, name]) => name).join(", ")}];`);
  });

  it.scoped("a new database is brought to the latest version, and one that is there stays as it is", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      expect(yield* Sqlite.status({ filename })).toEqual({ current: 0, latest: LATEST });
      expect(fs.existsSync(filename)).toBe(false);
      expect(yield* Sqlite.migrate({ filename })).toEqual({ from: 0, to: LATEST });
      expect(yield* Sqlite.migrate({ filename })).toEqual({ from: LATEST, to: LATEST });
      expect(yield* Sqlite.status({ filename })).toEqual({ current: LATEST, latest: LATEST });
    }),
  );

  // On the real clock: who finds the database locked comes again a little later.
  it.scopedLive("of five that start at once one migrates and the others find it done", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      const runs = yield* Effect.all(
        Array.from({ length: 5 }, () => Sqlite.migrate({ filename })),
        { concurrency: "unbounded" },
      );
      expect(runs.map(({ from }) => from).toSorted()).toEqual([0, LATEST, LATEST, LATEST, LATEST]);
    }),
  );

  it.scoped("what was stored before there was a search is found, counted and walked", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      const all = Array.from({ length: 1100 }, (_, i) =>
        entity({ kind: i === 7 ? "component" : "Component", name: `n${i}`, title: i === 7 ? "Zürich" : "Bern" }),
      );
      yield* Effect.provide(save(...all), Sqlite.layer({ filename }));
      yield* execute(filename, ...TO_FIRST);
      expect(yield* Sqlite.migrate({ filename })).toEqual({ from: 1, to: LATEST });
      yield* Effect.gen(function* () {
        const store = yield* EntityStore;
        const { transact } = yield* UnitOfWork;
        const facets = yield* FacetStore;
        const search = (text: string) => Effect.map(store.list({ ...everything, text }), ({ items }) => items);
        expect(yield* search("bern")).toHaveLength(1000);
        const [found, ...more] = yield* search("zur");
        expect(more).toEqual([]);
        expect(yield* facets.count(everything, { _tag: "Field", field: "kind" }, 9)).toEqual({
          values: [{ value: "Component", count: 1100 }],
          distinct: 1,
          missing: 0,
        });
        yield* transact(store.remove(found?.uid ?? uid(0)));
        expect(yield* search("zur")).toEqual([]);
      }).pipe(Effect.provide(Sqlite.layer({ filename })));
    }),
  );

  it.scoped("a database newer than the program is refused and left alone", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      yield* Sqlite.migrate({ filename });
      yield* execute(filename, `PRAGMA user_version = ${LATEST + 1}`);
      const message = `the database is at schema version ${LATEST + 1} and this program knows ${LATEST}: run a newer cadastre`;
      expect((yield* Effect.flip(Sqlite.migrate({ filename }))).message).toBe(message);
      expect((yield* Effect.flip(Sqlite.status({ filename }))).message).toBe(message);
    }),
  );

  it.scoped("the database of another program is refused and left alone", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile;
      fs.writeFileSync(filename, "");
      yield* execute(filename, "CREATE TABLE recipes (name TEXT)");
      const error = yield* Effect.flip(Sqlite.migrate({ filename }));
      expect(error.message).toBe("the database holds the tables of another program");
      yield* execute(filename, "INSERT INTO recipes VALUES ('soup')");
    }),
  );
});
