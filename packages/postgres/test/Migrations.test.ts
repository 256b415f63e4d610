import * as fs from "node:fs";
import * as path from "node:path";
import { create, execute } from "@cadastre/testing/PostgresDatabase";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { MIGRATIONS } from "../src/internal/migrations.ts";
import * as Postgres from "../src/Postgres.ts";

const LATEST = MIGRATIONS.length;

const database = Effect.map(create("18"), (url) => ({ text: url, url: Redacted.make(url) }));

const refusal = (options: Postgres.Options) =>
  Effect.map(Effect.flip(Effect.provide(Effect.void, Postgres.layer(options))), ({ message }) => message);

describe("migrations of Postgres", () => {
  it("every file is registered, in order and without gaps", () => {
    const files = fs.readdirSync(path.join(import.meta.dirname, "../src/migrations")).toSorted();
    expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(MIGRATIONS.map((_, i) => i + 1));
    const source = fs.readFileSync(path.join(import.meta.dirname, "../src/internal/migrations.ts"), "utf8");
    const imported = [...source.matchAll(/^import (\w+) from "\.\.\/migrations\/(.+)";$/gm)];
    expect(imported.map(([, , file]) => file)).toEqual(files);
    expect(source).toContain(`= [${imported.map(([, name]) => name).join(", ")}];`);
  });

  it.effect("a new database is brought to the latest version, and one that is there stays as it is", () =>
    Effect.gen(function* () {
      const { url } = yield* database;
      expect(yield* Postgres.status({ url })).toEqual({ current: 0, latest: LATEST });
      expect(yield* Postgres.migrate({ url })).toEqual({ from: 0, to: LATEST });
      expect(yield* Postgres.migrate({ url })).toEqual({ from: LATEST, to: LATEST });
      expect(yield* Postgres.status({ url })).toEqual({ current: LATEST, latest: LATEST });
    }),
  );

  it.effect("of five that start at once one migrates and the others find it done", () =>
    Effect.gen(function* () {
      const { url } = yield* database;
      const runs = yield* Effect.all(
        Array.from({ length: 5 }, () => Postgres.migrate({ url })),
        { concurrency: "unbounded" },
      );
      expect(runs.map(({ from }) => from).toSorted()).toEqual([0, LATEST, LATEST, LATEST, LATEST]);
    }),
  );

  it.effect("where tables are changed by hand, older ones are refused and left alone", () =>
    Effect.gen(function* () {
      const { url } = yield* database;
      expect(yield* refusal({ url, migrate: "manual" })).toBe(
        `the database is at schema version 0 and this program needs ${LATEST}: run \`cadastre admin migrate\` first`,
      );
      expect(yield* Postgres.status({ url })).toEqual({ current: 0, latest: LATEST });
      yield* Postgres.migrate({ url });
      yield* Effect.provide(Effect.void, Postgres.layer({ url, migrate: "manual" }));
    }),
  );

  it.effect("a database newer than the program is refused and left alone", () =>
    Effect.gen(function* () {
      const { text, url } = yield* database;
      yield* Postgres.migrate({ url });
      yield* execute(text, `UPDATE cadastre_schema SET version = ${LATEST + 1}`);
      const message = `the database is at schema version ${LATEST + 1} and this program knows ${LATEST}: run a newer cadastre`;
      expect(yield* refusal({ url })).toBe(message);
      expect((yield* Effect.flip(Postgres.status({ url }))).message).toBe(message);
    }),
  );

  it.effect("the database of another program is refused and left alone", () =>
    Effect.gen(function* () {
      const { text, url } = yield* database;
      yield* execute(text, "CREATE TABLE entities (name text)");
      expect(yield* refusal({ url })).toBe(
        "the database holds the tables of another program: give this one a database or a schema of its own",
      );
      yield* execute(text, "INSERT INTO entities VALUES ('soup')");
    }),
  );

  it.effect("a schema of its own in a database of others will do", () =>
    Effect.gen(function* () {
      const { text } = yield* database;
      yield* execute(text, "CREATE TABLE entities (name text)", "CREATE SCHEMA register");
      const url = Redacted.make(`${text}?options=-c%20search_path%3Dregister`);
      expect(yield* Postgres.migrate({ url })).toEqual({ from: 0, to: LATEST });
      expect(yield* execute(text, "SELECT count(*)::int AS n FROM register.events")).toEqual([{ n: 0 }]);
    }),
  );

  it.effect("a database that cannot hold all text is refused", () =>
    Effect.gen(function* () {
      const { text } = yield* database;
      const server = new URL(text);
      const name = `${server.pathname.slice(1)}_ascii`;
      yield* execute(text, `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' TEMPLATE template0`);
      server.pathname = `/${name}`;
      expect(yield* refusal({ url: Redacted.make(server.href) })).toBe(
        "the database is encoded in SQL_ASCII: create it anew with ENCODING 'UTF8'",
      );
    }),
  );
});
