import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

/** A folder of real descriptors with the verdicts of the format's own code beside them. */
const corpus = process.env["CADASTRE_CORPUS"];

const FILES = {
  "team.yaml": `apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: checkout
spec:
  type: team
  children: []
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata:
  name: shop
spec:
  owner: checkout
`,
  "services/payments.yaml": `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  tags: [java]
spec:
  type: service
  lifecycle: production
  owner: checkout
  system: shop
  dependsOn: [resource:ledger]
`,
  "services/broken.yaml": `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: broken name
spec:
  type: service
  owner: checkout
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: good-neighbour
spec: { type: service, lifecycle: production, owner: checkout }
`,
  "services/unreadable.yaml": "kind: [Component\n",
  "twice-a.yaml": `apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: { name: twice }
spec: { owner: checkout }
`,
  "twice-b.yaml": `apiVersion: backstage.io/v1alpha1
kind: domain
metadata: { name: ignored }
---
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: { name: TWICE }
spec: { owner: checkout }
`,
  "notes.txt": "not a descriptor\n",
};

const write = (folder: string) => {
  for (const [name, text] of Object.entries(FILES)) {
    const path = join(folder, "catalog", name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }
};

interface Outcome {
  readonly file: string;
  readonly line: number;
  readonly action: string;
  readonly reference?: string;
  readonly faults?: ReadonlyArray<{ readonly message: string; readonly line: number; readonly column: number }>;
}

const applyJson = (home: Program.Home, path: string) =>
  Effect.map(Program.run(home, ["entity", "apply", path, "--best-effort", "-o", "json"]), (ended) => ({
    ...ended,
    outcomes: JSON.parse(ended.stdout) as ReadonlyArray<Outcome>,
  }));

const actions = (outcomes: ReadonlyArray<Outcome>) =>
  outcomes.map(({ file, action }) => `${file.replace(/^catalog\//, "")} ${action}`).sort();

describe("entity apply", () => {
  it.scopedLive(
    "takes in what is good, names what is bad by file, line and cause, and changes nothing the second time",
    () =>
      Effect.gen(function* () {
        const home = yield* Program.home;
        write(home.folder);
        const daemon = yield* Program.daemon(home);

        const first = yield* Program.run(home, ["entity", "apply", "catalog", "--best-effort"]);
        expect(first.code).toBe(1);
        expect(first.stdout).toContain("4 created, 3 faulty, 2 in conflict");
        expect(first.stderr).toMatch(/^catalog\/services\/broken\.yaml:4:\d+: \/metadata\/name: /m);
        expect(first.stderr).toMatch(/^catalog\/services\/broken\.yaml:\d+:\d+: \/spec\/lifecycle: /m);
        expect(first.stderr).toMatch(/^catalog\/services\/unreadable\.yaml:\d+:\d+: /m);
        expect(first.stderr).toMatch(/^catalog\/twice-a\.yaml:3:\d+: .*catalog\/twice-b\.yaml:\d+/m);
        expect(first.stderr).toMatch(/^catalog\/twice-b\.yaml:\d+:\d+: .*catalog\/twice-a\.yaml:\d+/m);

        const second = yield* applyJson(home, "catalog");
        expect(second.code).toBe(1);
        expect(actions(second.outcomes)).toEqual([
          "services/broken.yaml invalid",
          "services/broken.yaml unchanged",
          "services/payments.yaml unchanged",
          "services/unreadable.yaml invalid",
          "team.yaml unchanged",
          "team.yaml unchanged",
          "twice-a.yaml conflict",
          "twice-b.yaml conflict",
          "twice-b.yaml invalid",
        ]);

        const payments = yield* Http.get(daemon, "/v1/entities/by-ref/component/default/payments");
        expect(payments.status).toBe(200);
        const entity = JSON.parse(payments.text);
        expect(entity.metadata.revision).toBe(1);
        expect(entity.relations).toEqual([
          { type: "dependsOn", targetRef: "resource:default/ledger", dangling: true },
          { type: "ownedBy", targetRef: "group:default/checkout" },
          { type: "partOf", targetRef: "system:default/shop" },
        ]);
      }),
  );

  it.scopedLive("applies nothing without --best-effort when one document is bad", () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      write(home.folder);
      yield* Program.daemon(home);
      const applied = yield* Program.run(home, ["entity", "apply", "catalog"]);
      expect(applied.code).toBe(1);
      expect(applied.stderr).toContain("Nothing was applied");
      const listed = yield* Program.run(home, ["entity", "list", "-o", "name"]);
      expect(listed).toMatchObject({ code: 0, stdout: "" });
    }),
  );

  it.scopedLive.skipIf(corpus === undefined || !existsSync(corpus))(
    "accounts for every file and every document of a corpus of real descriptors",
    () =>
      Effect.gen(function* () {
        const folder = corpus as string;
        const home = yield* Program.home;
        const daemon = yield* Program.daemon(home);

        const first = yield* applyJson(home, folder);
        const second = yield* applyJson(home, folder);
        const count = (outcomes: ReadonlyArray<Outcome>) => {
          const counts: Record<string, number> = {};
          for (const { action } of outcomes) counts[action] = (counts[action] ?? 0) + 1;
          return counts;
        };
        const before = count(first.outcomes);
        console.log(`corpus: ${first.outcomes.length} documents:`, before);

        const files = readdirSync(folder).filter((name) => /\.(ya?ml|json)(\.tmpl)?$/.test(name));
        const named = new Set(first.outcomes.map(({ file }) => file.slice(file.lastIndexOf("/") + 1)));
        const oracle = readFileSync(join(folder, "ORACLE.jsonl"), "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as { readonly file: string; readonly stage: string });
        // Empty documents are not documents here.
        const expected = oracle.filter(({ stage }) => stage !== "empty" && stage !== "null");
        const silent = files.filter((name) => !named.has(name));
        expect(silent.filter((name) => expected.some(({ file }) => file === name))).toEqual([]);
        expect(first.outcomes.length).toBe(expected.length);

        const refusals = first.outcomes.filter(({ action }) => !/created|updated|unchanged/.test(action));
        for (const { faults } of refusals) {
          expect(faults?.length).toBeGreaterThan(0);
          for (const { message, line, column } of faults ?? []) {
            expect(message).not.toBe("");
            expect(line).toBeGreaterThan(0);
            expect(column).toBeGreaterThan(0);
          }
        }

        expect(count(second.outcomes)).toEqual({
          unchanged: before["created"],
          invalid: before["invalid"],
          conflict: before["conflict"],
        });
        const listed = yield* Program.run(home, ["entity", "list", "--all", "-o", "name"]);
        expect(listed.stdout.trim().split("\n").length).toBe(before["created"]);
        expect((yield* Http.get(daemon, "/v1/health")).status).toBe(200);
      }),
  );
});
