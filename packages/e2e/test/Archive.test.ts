import { readFileSync } from "node:fs";
import { join } from "node:path";
import { component } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

/** All but the time of the export itself. */
const contents = (text: string): ReadonlyArray<string> =>
  text
    .trim()
    .split("\n")
    .map((line) => (line.includes('"type":"catalog"') ? line.replace(/"exportedAt":"[^"]*"/, "") : line));

const uidOf = (answer: Http.Answer): string => JSON.parse(answer.text).metadata.uid;

/** A catalog with history: entities written twice, retired, deleted, and a second token. */
const furnished = Effect.gen(function* () {
  const home = yield* Program.home;
  yield* Program.run(home, ["admin", "seed"]);
  const daemon = yield* Program.daemon(home);
  const created = yield* Http.json(daemon, "POST", "/v1/entities", component("short-lived"));
  const uid = uidOf(created);
  yield* Http.json(daemon, "PUT", `/v1/entities/${uid}`, component("short-lived", { lifecycle: "deprecated" }));
  yield* Http.send(daemon, `/v1/entities/${uid}`, { method: "DELETE" });
  const kept = uidOf(yield* Http.json(daemon, "POST", "/v1/entities", component("retired")));
  const retire = yield* Http.json(
    daemon,
    "PATCH",
    `/v1/entities/${kept}`,
    { status: { state: "inactive" }, metadata: { title: "Größe ✓ \u2028" } },
    { headers: { "content-type": "application/merge-patch+json" } },
  );
  expect([created.status, retire.status]).toEqual([201, 200]);
  yield* Program.run(home, ["admin", "token", "create", "--name", "reader", "--scope", "catalog:read"]);
  return { home, daemon };
});

describe("admin export and admin import", () => {
  for (const format of ["ndjson", "yaml"] as const) {
    it.scopedLive(`give the same catalog back through ${format}: uids, revisions, history and tokens`, () =>
      Effect.gen(function* () {
        const { home, daemon } = yield* furnished;
        const file = join(home.folder, `catalog.${format}`);
        const exported = yield* Program.run(home, ["admin", "export", "--format", format, "--output", file]);
        expect(exported).toMatchObject({ code: 0 });

        const other = yield* Program.home;
        const imported = yield* Program.run(other, ["admin", "import", file]);
        expect(imported).toMatchObject({ code: 0 });

        const before = yield* Program.run(home, ["admin", "export"]);
        const after = yield* Program.run(other, ["admin", "export"]);
        expect(contents(after.stdout)).toEqual(contents(before.stdout));
        expect(contents(before.stdout).length).toBeGreaterThan(100);
        expect(before.stdout).toContain('"entity.deactivated"');
        expect(before.stdout).not.toContain(daemon.token);

        // The tokens work there too: their hashes came along.
        const moved = yield* Program.daemon(other);
        const entity = "/v1/entities/by-ref/component/default/retired";
        const here = yield* Http.get(daemon, entity);
        const there = yield* Http.get({ ...moved, token: daemon.token }, entity);
        expect(there.status).toBe(200);
        expect(there.text).toBe(here.text);

        const again = yield* Program.run(other, ["admin", "import", file]);
        expect(again.code).toBe(1);
        expect(again.stderr).toMatch(/not empty/);
      }),
    );
  }

  it.scopedLive("read back through a pipe, and take nothing of an archive that is cut short", () =>
    Effect.gen(function* () {
      const { home } = yield* furnished;
      const file = join(home.folder, "catalog.ndjson");
      yield* Program.run(home, ["admin", "export", "--output", file]);
      const text = readFileSync(file, "utf8");

      const cut = yield* Program.home;
      const refused = yield* Program.run(cut, ["admin", "import", "-"], { stdin: text.slice(0, text.length / 2) });
      expect(refused.code).not.toBe(0);
      const empty = yield* Program.run(cut, ["admin", "export"]);
      expect(contents(empty.stdout).length).toBe(1);

      const whole = yield* Program.run(cut, ["admin", "import", "-"], { stdin: text });
      expect(whole.code).toBe(0);
      expect(contents((yield* Program.run(cut, ["admin", "export"])).stdout)).toEqual(contents(text));
    }),
  );
});
