import { readFileSync } from "node:fs";
import { join } from "node:path";
import { component } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as PostgresDatabase from "@cadastre/testing/PostgresDatabase";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

/** A new database with a user of its own, whose password must never be seen. */
const database = Effect.gen(function* () {
  const url = yield* PostgresDatabase.create("16");
  const user = `app_${process.pid}_${Date.now()}`;
  yield* PostgresDatabase.execute(
    url,
    `CREATE ROLE ${user} LOGIN PASSWORD 'hunter2'`,
    `GRANT ALL ON SCHEMA public TO ${user}`,
  );
  const { host, pathname } = new URL(url);
  return {
    url: `postgres://${user}:hunter2@${host}${pathname}`,
    shown: `postgres://${user}@${host}${pathname}`,
    admin: url,
  };
});

/** All but the time of the export itself. */
const records = ({ stdout }: Program.Ended) => stdout.split("\n").slice(1);

describe("the program on Postgres", () => {
  it.scopedLive("serves, and shows the password of the URL nowhere", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const { url, shown } = yield* database;
      const env = { CADASTRE_DATABASE_URL: url };
      const daemon = yield* Program.daemon(home, [], { env });
      expect((yield* Http.json(daemon, "POST", "/v1/entities", component("shop"))).status).toBe(201);

      const file = readFileSync(join(Program.stateOf(home), "daemon.json"), "utf8");
      expect(JSON.parse(file).database).toBe(shown);
      const config = yield* Program.run(home, ["config"], { env });
      const doctor = yield* Program.run(home, ["admin", "doctor"], { env });
      expect(doctor.stdout).toContain("the tables are of version");
      const backup = yield* Program.run(home, ["admin", "backup", "x.db"], { env });
      expect(backup.code).toBe(2);
      expect(backup.stderr).toContain("pg_dump");
      const wrong = yield* Program.run(home, ["admin", "seed", "--db", url.replace(/\/[^/]*$/, "/nothing")]);
      expect(wrong.code).toBe(7);
      // A command beside the daemon knows the database from daemon.json; this server asks for no password.
      const listed = yield* Program.run(home, ["admin", "token", "list", "-o", "name"]);
      expect(listed.stdout).toMatch(/^tok_/);
      const ended = yield* Program.stop(daemon);
      expect(ended.code).toBe(0);
      for (const it of [config, doctor, backup, wrong, listed, ended]) {
        expect(it.stdout + it.stderr).not.toContain("hunter2");
      }
      expect(file).not.toContain("hunter2");
    }),
  );

  it.scopedLive("takes a catalog over from SQLite and gives it back, the same to the byte", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const { url } = yield* database;
      yield* Program.run(home, ["admin", "seed"]);
      yield* Program.run(home, ["admin", "token", "create", "--name", "ci", "--scope", "catalog:read"]);
      const first = yield* Program.run(home, ["admin", "export"]);
      const there = yield* Program.run(home, ["admin", "import", "-", "--db", url], { stdin: first.stdout });
      expect(there).toMatchObject({ code: 0 });
      const second = yield* Program.run(home, ["admin", "export", "--db", url]);
      expect(records(second)).toEqual(records(first));
      const again = yield* Program.run(home, ["admin", "import", "-", "--db", url], { stdin: first.stdout });
      expect(again.code).toBe(1);
      expect(again.stderr).toContain("not empty");
      const back = yield* Program.run(home, ["admin", "import", "-", "--db", "back.db"], { stdin: second.stdout });
      expect(back).toMatchObject({ code: 0 });
      expect(records(yield* Program.run(home, ["admin", "export", "--db", "back.db"]))).toEqual(records(first));
    }),
  );

  it.scopedLive("makes one first token, however many replicas start at once", () =>
    Effect.gen(function* () {
      const { url } = yield* database;
      const homes = yield* Effect.all(Array.from({ length: 3 }, () => Program.home));
      const env = { CADASTRE_DATABASE_URL: url };
      const replicas = yield* Effect.forEach(homes, (home) => Program.daemon(home, [], { env }), {
        concurrency: "unbounded",
      });
      const tokens = replicas.map(({ token }) => token).filter((token) => token !== "");
      expect(tokens).toHaveLength(1);
      const [token = ""] = tokens;
      for (const replica of replicas) {
        expect((yield* Http.get({ ...replica, token }, "/v1/whoami")).status).toBe(200);
      }
    }),
  );

  it.scopedLive("leaves an older schema alone where it is told to, until `admin migrate`", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const { url } = yield* database;
      const env = { CADASTRE_DATABASE_URL: url, CADASTRE_MIGRATE: "manual" };
      const refused = yield* Program.run(home, ["daemon", "--port", "0"], { env });
      expect(refused.code).toBe(7);
      expect(refused.stderr).toContain("run `cadastre admin migrate` first");
      expect((yield* Program.run(home, ["admin", "migrate"], { env })).code).toBe(0);
      yield* Program.daemon(home, [], { env });
    }),
  );
});
