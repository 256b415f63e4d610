import { spawn } from "node:child_process";
import * as Program from "@cadastre/e2e/Program";
import { until } from "@cadastre/e2e/Waiting";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

/** A daemon with the sample company, and the program beside it. */
const company = Effect.gen(function* () {
  const home = yield* Program.home;
  yield* Program.run(home, ["admin", "seed"]);
  const daemon = yield* Program.daemon(home);
  return { home, daemon, run: (...words: ReadonlyArray<string>) => Program.run(home, words) };
});

/** Where no daemon of its home runs, a client tries the standard port: nothing listens on this one. */
const alone = { env: { CADASTRE_PORT: "1" } };

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

describe("the program answers", () => {
  it.scopedLive("what there is: by words, by an expression, counted", () =>
    Effect.gen(function* () {
      const { run } = yield* company;
      expect(lines((yield* run("entity", "list", "-q", "order ev", "-o", "name")).stdout)).toEqual([
        "api:default/order-events",
      ]);
      const filtered = yield* run(
        "entity",
        "list",
        "--filter",
        'kind == "Resource" && name.matches("-db$")',
        "--explain",
      );
      expect(filtered.stdout).toContain("resource:payments-db");
      expect(filtered.stderr).toMatch(/store +kind == "Resource"\n +evaluated +name\.matches/);
      const wrong = yield* run("entity", "list", "--filter", 'has(annotations["x"])');
      expect(wrong).toMatchObject({ code: 2, stdout: "" });
      expect(wrong.stderr).toContain('  has(annotations["x"])\n  ^^^');
      expect((yield* run("facets", "--by", "kind", "--owner", "checkout")).stdout).toMatch(/^kind +COUNT\n/);
    }),
  );

  it.scopedLive("what depends on what, and why", () =>
    Effect.gen(function* () {
      const { run } = yield* company;
      const dependents = yield* run(
        ...["entity", "graph", "payments-db", "--direction", "dependents", "--depth", "all", "-o", "name"],
      );
      expect(lines(dependents.stdout)).toContain("component:default/shop-web");
      const tree = yield* run("entity", "graph", "payments-db", "--direction", "dependents");
      expect(tree.stdout).toContain("└─ dependencyOf component:payments  Payments\n");
      const path = yield* run("entity", "path", "shop-web", "payments-db", "-o", "name");
      expect(lines(path.stdout).at(0)).toBe("component:default/shop-web");
      expect(lines(path.stdout).at(-1)).toBe("resource:default/payments-db");
      expect((yield* run("entity", "path", "payments-db", "shop-web")).code).toBe(3);
    }),
  );

  it.scopedLive("what has changed, and who did it", () =>
    Effect.gen(function* () {
      const { run } = yield* company;
      const patch = '{"spec":{"lifecycle":"deprecated"}}';
      expect((yield* run("entity", "patch", "basket", "--patch", patch)).stdout).toBe(
        "updated component:default/basket, revision 2\n",
      );
      expect((yield* run("entity", "history", "basket", "--path", "/spec/lifecycle", "--limit", "1")).stdout).toMatch(
        /^revision 2 {2}updated .* token:admin via rest\n {2}\/spec\/lifecycle: "production" → "deprecated"\n$/,
      );
      expect((yield* run("entity", "get", "basket", "--revision", "1")).stdout).toMatch(/lifecycle +production/);
      expect((yield* run("entity", "patch", "basket", "--state", "inactive")).code).toBe(0);
      expect(lines((yield* run("entity", "list", "--state", "inactive", "-o", "name")).stdout)).toEqual([
        "component:default/basket",
      ]);
      const events = yield* run("event", "list", "--type", "entity.deactivated", "-o", "json");
      expect(JSON.parse(events.stdout)).toMatchObject([{ reference: "component:default/basket", revision: 3 }]);
    }),
  );
});

describe("entity watch", () => {
  it.scopedLive("shows each change once, over a restart of the daemon at another address, and ends quietly", () =>
    Effect.gen(function* () {
      const { home, daemon, run } = yield* company;
      const watch = yield* Program.start(
        home,
        ["entity", "watch", "basket", "component:new", "-o", "json", "--after", "0"],
        alone,
      );
      const revisions = () => lines(watch.stdout()).map((line) => JSON.parse(line).revision);
      const retitle = (title: string) =>
        run("entity", "patch", "basket", "--patch", JSON.stringify({ metadata: { title } }));
      yield* until(() => revisions().length === 1);
      yield* retitle("one");
      yield* run("entity", "patch", "catalogue", "--patch", '{"metadata":{"title":"Not watched"}}');
      yield* until(() => revisions().length === 2);

      yield* Program.stop(daemon);
      yield* until(() => watch.stderr().includes("Waiting for it to come back."));
      const next = yield* Program.daemon(home);
      expect(next.url).not.toBe(daemon.url);
      yield* retitle("two");
      yield* until(() => revisions().length === 3);
      yield* retitle("three");
      yield* until(() => revisions().length === 4);
      expect(revisions()).toEqual([1, 2, 3, 4]);
      expect(watch.stderr()).toContain("The daemon is back.");

      yield* watch.signal("SIGINT");
      expect(yield* watch.ended).toMatchObject({ code: 0, signal: null });
    }),
  );

  it.scopedLive("misses nothing that was written before the first event of a watch that had to wait", () =>
    Effect.gen(function* () {
      const { home, daemon, run } = yield* company;
      const watch = yield* Program.start(home, ["entity", "watch"], alone);
      yield* until(() => watch.stderr().includes("Following changes after"));
      yield* Program.stop(daemon);
      yield* until(() => watch.stderr().includes("Waiting for it to come back."));
      yield* Program.daemon(home);
      yield* run("entity", "patch", "basket", "--patch", '{"metadata":{"title":"Early"}}');
      yield* until(() => watch.stdout() !== "");
      expect(watch.stdout()).toMatch(/^\S+ {2}updated +component:basket {2}token:admin {2}\/metadata\/title\n$/);
    }),
  );

  it.scopedLive("ends quietly when nobody reads on, as in `| head`", () =>
    Effect.gen(function* () {
      const { home, run } = yield* company;
      const child = spawn(process.execPath, [Program.PATH, "entity", "watch", "--after", "0", "-o", "name"], {
        env: Program.environment(home),
        stdio: ["ignore", "pipe", "pipe"],
      });
      let stderr = "";
      child.stderr.on("data", (chunk) => {
        stderr += chunk;
      });
      let code: number | null | undefined;
      child.on("close", (it) => {
        code = it;
      });
      child.stdout.once("data", () => child.stdout.destroy());
      yield* until(() => child.stdout.destroyed);
      yield* run("entity", "patch", "basket", "--state", "inactive");
      yield* until(() => code !== undefined);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    }),
  );
});
