import { chmodSync, existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Finding } from "@cadastre/domain/Diagnosis";
import { referenceOf } from "@cadastre/domain/Entity";
import * as Reference from "@cadastre/domain/Reference";
import * as Relation from "@cadastre/domain/Relation";
import * as Validation from "@cadastre/domain/Validation";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { company } from "../src/seed/company.ts";
import { generate, NAMESPACE } from "../src/seed/generate.ts";
import { program } from "./support.ts";

const validated = (documents: Iterable<unknown>): ReadonlyArray<Validation.Validated> =>
  [...documents].map((document) => Either.getOrThrowWith(Validation.validate(document), (faults) => faults));

it("the sample company is valid without a warning, and every reference in it is registered", () => {
  const all = validated(company);
  expect(all.flatMap(({ warnings }) => warnings)).toEqual([]);
  const keys = new Set(all.map(({ document }) => Reference.key(referenceOf(document))));
  expect(keys.size).toBe(company.length);
  for (const { from, to } of all.flatMap(({ document }) => Relation.edgesOf(document))) {
    expect(keys, from).toContain(from);
    expect(keys, to).toContain(to);
  }
});

it("generated entities are valid, distinct, the same every time, of about 1 KB and three relations", () => {
  const all = validated(generate(2000));
  expect(new Set(all.map(({ document }) => Reference.key(referenceOf(document)))).size).toBe(2000);
  expect(all.every(({ document }) => document.metadata.namespace === NAMESPACE)).toBe(true);
  expect([...generate(2000)]).toEqual([...generate(2000)]);
  const bytes = JSON.stringify([...generate(2000)]).length / 2000;
  expect(bytes).toBeGreaterThan(700);
  expect(bytes).toBeLessThan(1300);
  const relations = all.flatMap(({ document }) => Relation.edgesOf(document)).length / 2000;
  expect(relations).toBeGreaterThan(2);
  expect(relations).toBeLessThan(4);
});

it.scoped("seeds once, and seeding again changes nothing", () =>
  Effect.gen(function* () {
    const { run } = yield* program();
    expect((yield* run(["admin", "seed"])).out).toContain(`${company.length} created, 0 updated, 0 unchanged.`);
    expect((yield* run(["admin", "seed"])).out).toContain(`0 created, 0 updated, ${company.length} unchanged.`);
    expect((yield* run(["admin", "seed", "--entities", "300"])).out).toContain("300 created");
  }),
);

for (const format of ["ndjson", "yaml"] as const) {
  it.scoped(`exports as ${format} what an import reads back whole, tokens included`, () =>
    Effect.gen(function* () {
      const { home, run } = yield* program();
      yield* run(["admin", "seed"]);
      yield* run(["admin", "token", "create", "--name", "ci", "--scope", "catalog:read"]);
      const file = `${home}/all.${format}`;
      const exported = yield* run(["admin", "export", "--output", file, "--format", format]);
      expect(exported.err).toContain(`Exported ${company.length} entities, ${company.length} events and 1 token`);
      expect(statSync(file).mode & 0o777).toBe(0o600);

      expect((yield* run(["admin", "import", file, "--db", `${home}/copy.db`])).exit).toBe(0);
      const records = ({ out }: { readonly out: string }) => out.split("\n").slice(1);
      expect(records(yield* run(["admin", "export", "--db", `${home}/copy.db`]))).toEqual(
        records(yield* run(["admin", "export"])),
      );
      expect((yield* run(["admin", "import", file, "--db", `${home}/copy.db`])).err).toContain("not empty");
    }),
  );
}

it.scoped("refuses what is no export, with the line, and leaves nothing behind", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program({
      "bad.ndjson": '{"type":"catalog","version":1,"exportedAt":"2026-01-01T00:00:00.000Z"}\n{"type":"spoon"}\n',
    });
    const { exit, err } = yield* run(["admin", "import", `${home}/bad.ndjson`]);
    expect(exit).toBe(1);
    expect(err).toContain("bad.ndjson:2: this is not a record of an export.");
    expect((yield* run(["admin", "export"])).err).toContain("Exported 0 entities, 0 events and 0 tokens");
  }),
);

it.scoped("prints a new token once and alone, keeps only its hash, and revokes it", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program();
    const created = yield* run(["admin", "token", "create", "--name", "ci", "--scope", "admin", "--expires", "30d"]);
    expect(created.out).toMatch(/^cad_[\w-]{43}\n$/);
    const secret = created.out.trim();
    const list = yield* run(["admin", "token", "list"]);
    expect(list.out).not.toContain(secret);
    const database = yield* Effect.promise(() => readFile(`${home}/state/cadastre/catalog.db`, "latin1"));
    expect(database).not.toContain(secret);
    const id = (yield* run(["admin", "token", "list", "-oname"])).out.trim();
    expect((yield* run(["admin", "token", "revoke", id])).out).toBe(`revoked ${id} (ci)\n`);
    expect((yield* run(["admin", "token", "list"])).out).toContain("revoked");
  }),
);

it.scoped("says what is wrong with a scope, an age or a name", () =>
  Effect.gen(function* () {
    const { run } = yield* program();
    const create = ["admin", "token", "create", "--name", "ci"];
    expect(yield* run([...create, "--scope", "root"])).toMatchObject({ exit: 2 });
    expect((yield* run([...create, "--scope", "admin", "--expires", "soon"])).err).toContain("such as 12h, 30d or 52w");
    expect((yield* run([...create, "--scope", "catalog:read"])).exit).toBe(0);
    expect(yield* run([...create, "--scope", "catalog:read"])).toMatchObject({
      exit: 2,
      err: expect.stringContaining(`error: --name "ci" is a usable token's: choose another name`),
    });
    for (const unknown of ["nobody", "tok_01936b2e-7c1a-7cc0-9d5e-3f1f6a0c1b2d"]) {
      expect(yield* run(["admin", "token", "revoke", unknown])).toMatchObject({ exit: 3 });
    }
  }),
);

it.scoped("says in a sentence that the database cannot be used", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program({
      "notes.txt": "this is no database, and long enough to be looked at ".repeat(50),
    });
    const { exit, err } = yield* run(["admin", "seed", "--db", `${home}/notes.txt`]);
    expect(exit).toBe(7);
    expect(err).toMatch(/^error: The database .*notes\.txt cannot be used: .*\.\n$/);
  }),
);

it.scoped("copies a database, never over a file that is there unless it is told to", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program({ "taken.db": "mine" });
    const nothing = yield* run(["admin", "backup", `${home}/copy.db`]);
    expect(nothing).toMatchObject({ exit: 3, err: expect.stringContaining("There is no catalog at") });
    yield* run(["admin", "seed"]);
    expect((yield* run(["admin", "backup", `${home}/copy.db`])).out).toContain(`Copied ${company.length} entities, `);
    expect((yield* run(["admin", "export", "--db", `${home}/copy.db`])).err).toContain(`${company.length} entities`);

    const refused = yield* run(["admin", "backup", `${home}/taken.db`]);
    expect(refused).toMatchObject({ exit: 7, err: expect.stringContaining("is there already.") });
    expect(yield* Effect.promise(() => readFile(`${home}/taken.db`, "utf8"))).toBe("mine");
    const itself = yield* run(["admin", "backup", `${home}/state/cadastre/catalog.db`, "--force"]);
    expect([itself.exit, itself.err]).toEqual([2, expect.stringContaining("is the database itself")]);
    expect((yield* run(["admin", "backup", `${home}/taken.db`, "--force"])).exit).toBe(0);
    expect(statSync(`${home}/taken.db`).mode & 0o777).toBe(0o600);
    expect((yield* run(["admin", "backup", `${home}/no/such/copy.db`])).exit).toBe(7);
  }),
);

it.scoped("examines a database and its surroundings, and tells by its exit code whether something needs a hand", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program();
    expect(yield* run(["admin", "doctor"])).toMatchObject({
      exit: 0,
      out: expect.stringContaining("There is no catalog"),
    });
    expect(existsSync(`${home}/state/cadastre/catalog.db`)).toBe(false);
    yield* run(["admin", "seed"]);
    const well = yield* run(["admin", "doctor", "-o", "json"]);
    expect(well.exit).toBe(0);
    const findings: ReadonlyArray<Finding> = JSON.parse(well.out);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(["secrets", "schema", "integrity", "edges"]),
    );

    chmodSync(`${home}/state/cadastre/catalog.db`, 0o644);
    const open = yield* run(["admin", "doctor"]);
    expect(open.exit).toBe(8);
    expect(open.out).toMatch(/^BAD +file-mode +other users may open .*\n +chmod 600 /m);
  }),
);

it.scoped("opens an older database only by `admin migrate`, where that is set", () =>
  Effect.gen(function* () {
    const { run } = yield* program({}, { CADASTRE_MIGRATE: "manual" });
    expect(yield* run(["admin", "seed"])).toMatchObject({
      exit: 7,
      err: expect.stringContaining("run `cadastre admin migrate` first"),
    });
    expect((yield* run(["admin", "migrate"])).exit).toBe(0);
    expect((yield* run(["admin", "seed"])).exit).toBe(0);
  }),
);
