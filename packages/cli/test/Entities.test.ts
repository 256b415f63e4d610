import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { columns } from "../src/internal/text.ts";
import { daemon, program } from "./support.ts";

const entity = (kind: string, name: string, spec: object, metadata: object = {}) =>
  `${JSON.stringify({ apiVersion: "cadastre.dev/v1", kind, metadata: { name, ...metadata }, spec })}\n`;

const component = (name: string, spec: object = {}, metadata: object = {}) =>
  entity("Component", name, { type: "service", lifecycle: "production", owner: "team", ...spec }, metadata);

const team = entity("Group", "team", { type: "team", children: [] });

const cadastre = (files: { readonly [path: string]: string }) =>
  Effect.flatMap(daemon, (variables) => program(files, variables));

it.scoped("applies what it is given, and the second time changes nothing", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({ "in/all.ndjson": team + component("shop") });
    expect(yield* run(["entity", "apply", `${home}/in`])).toEqual({
      exit: 0,
      out: "created group:default/team\ncreated component:default/shop\n2 documents in 1 file: 2 created.\n",
      err: "",
    });
    expect(yield* run(["entity", "apply", `${home}/in`])).toEqual({
      exit: 0,
      out: "2 documents in 1 file: 2 unchanged.\n",
      err: "",
    });
  }),
);

it.scoped("applies nothing where anything is faulty, unless best effort is asked for", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({
      "in/good.ndjson": team,
      "in/bad.yaml": "apiVersion: cadastre.dev/v1\nkind: Component\nmetadata:\n  name: no good\nspec: {}\n",
    });
    const refused = yield* run(["entity", "apply", `${home}/in`]);
    expect(refused.exit).toBe(1);
    expect(refused.err).toMatch(/in\/bad\.yaml:4:3: \/metadata\/name: /);
    expect(refused.err).toContain("Nothing was applied: 1 of 2 documents cannot be.");
    expect((yield* run(["entity", "list"])).err).toContain("No entity fits.");

    const taken = yield* run(["entity", "apply", `${home}/in`, "--best-effort"]);
    expect(taken.exit).toBe(1);
    expect(taken.out).toBe("created group:default/team\n2 documents in 2 files: 1 created, 1 faulty.\n");
  }),
);

it.scoped("changes nothing in a dry run", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({ "team.ndjson": team });
    const { out } = yield* run(["entity", "apply", `${home}/team.ndjson`, "--dry-run"]);
    expect(out).toContain("1 created. Nothing was changed: this was a dry run.");
    expect((yield* run(["entity", "list"])).err).toContain("No entity fits.");
  }),
);

it.scoped("tells programs what became of each document, with its place", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({ "a.ndjson": component("shop"), "b.ndjson": component("SHOP") });
    const { out } = yield* run(["entity", "apply", `${home}/a.ndjson`, `${home}/b.ndjson`, "--best-effort", "-ojson"]);
    expect(JSON.parse(out)).toMatchObject([
      { action: "conflict", reference: "component:default/shop", line: 1 },
      { action: "conflict", reference: "component:default/SHOP", line: 1 },
    ]);
  }),
);

it.scoped("shows an entity with its relations, and the dangling ones as such", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({
      "in.ndjson": team + component("shop", { dependsOn: ["resource:db"] }, { title: "Shop", tags: ["java"] }),
    });
    yield* run(["entity", "apply", `${home}/in.ndjson`]);
    const { exit, out } = yield* run(["entity", "get", "shop"]);
    expect(exit).toBe(0);
    expect(out).toMatch(/^component:default\/shop\nShop\n/);
    expect(out).toMatch(/dependsOn\s+resource:default\/db \(not registered\)\n\s+ownedBy\s+group:default\/team\n/);
    expect((yield* run(["entity", "get", "SHOP", "-oname"])).out).toBe("component:default/shop\n");
    const json = yield* run(["entity", "get", "component:shop", "-ojson"]);
    expect(JSON.parse(json.out).relations).toContainEqual({
      type: "dependsOn",
      targetRef: "resource:default/db",
      dangling: true,
    });
    expect((yield* run(["entity", "get", JSON.parse(json.out).metadata.uid, "-oname"])).out).toBe(
      "component:default/shop\n",
    );
  }),
);

it.scoped("lists the candidates of a name that fits several, and says where it fits none", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({
      "in.ndjson": component("shop") + entity("System", "shop", { owner: "team" }),
    });
    yield* run(["entity", "apply", `${home}/in.ndjson`]);
    expect(yield* run(["entity", "get", "shop"])).toMatchObject({
      exit: 4,
      err: 'error: "shop" could be any of these:\n  component:default/shop\n  system:default/shop\nSay which, with its kind.\n',
    });
    expect((yield* run(["entity", "get", "shoe"])).exit).toBe(3);
    expect((yield* run(["entity", "get", "api:shop"])).exit).toBe(3);
    expect((yield* run(["entity", "get", "a:/b"])).exit).toBe(2);
  }),
);

it.scoped("follows pages up to the limit or the end, and says that there is more", () =>
  Effect.gen(function* () {
    const many = Array.from({ length: 1234 }, (_, i) => component(`c-${String(i).padStart(4, "0")}`)).join("");
    const { home, run } = yield* cadastre({ "in.ndjson": many });
    yield* run(["entity", "apply", `${home}/in.ndjson`]);
    const first = yield* run(["entity", "list"]);
    expect(first.out.trimEnd().split("\n")).toHaveLength(51);
    expect(first.err).toContain("The first 50; there are more");
    const names = (yield* run(["entity", "list", "--all", "-oname"])).out.trimEnd().split("\n");
    expect(names).toHaveLength(1234);
    expect(new Set(names).size).toBe(1234);
    expect((yield* run(["entity", "list", "--limit", "777", "-oname"])).out.trimEnd().split("\n")).toEqual(
      names.slice(0, 777),
    );
    expect(JSON.parse((yield* run(["entity", "list", "--limit", "501", "-ojson"])).out)).toHaveLength(501);
  }),
);

it.scoped("keeps tables within the terminal, and prints valid documents for programs where nothing fits", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({
      "in.ndjson": component(
        "a-name-of-some-length",
        {},
        { title: "A title that is too long for one line ".repeat(4) },
      ),
    });
    yield* run(["entity", "apply", `${home}/in.ndjson`]);
    const { out } = yield* run(["entity", "list"], 80);
    for (const line of out.split("\n")) expect(columns(line)).toBeLessThanOrEqual(80);
    expect(JSON.parse((yield* run(["entity", "list", "--kind", "none", "-ojson"])).out)).toEqual([]);
  }),
);

it.scoped("filters as the options say", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({
      "in.ndjson":
        team +
        component("one", {}, { labels: { tier: "1" }, tags: ["java"] }) +
        component("two", { owner: "other" }, { labels: { tier: "2" }, tags: ["java", "pci"] }),
    });
    yield* run(["entity", "apply", `${home}/in.ndjson`]);
    const names = (...words: ReadonlyArray<string>) =>
      Effect.map(run(["entity", "list", "-oname", ...words]), ({ out }) =>
        out.split("\n").filter((line) => line !== ""),
      );
    expect(yield* names("--kind", "component", "--kind", "group")).toHaveLength(3);
    expect(yield* names("--owner", "other")).toEqual(["component:default/two"]);
    expect(yield* names("--tag", "java", "--tag", "pci")).toEqual(["component:default/two"]);
    expect(yield* names("--label", "tier=1")).toEqual(["component:default/one"]);
    expect(yield* names("--kind=component", "--order-by", "-name")).toEqual([
      "component:default/two",
      "component:default/one",
    ]);
    expect(yield* names("--state", "inactive")).toEqual([]);
  }),
);

it.scoped("deletes what nothing depends on, and the rest only by force", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre({ "in.ndjson": team + component("shop") });
    yield* run(["entity", "apply", `${home}/in.ndjson`]);
    const refused = yield* run(["entity", "delete", "group:team"]);
    expect(refused.exit).toBe(4);
    expect(refused.err).toContain("  component:default/shop\n");
    expect(yield* run(["entity", "delete", "group:team", "--force"])).toMatchObject({
      exit: 0,
      out: "deleted group:default/team\n",
    });
    expect((yield* run(["entity", "delete", "group:team"])).exit).toBe(3);
  }),
);

it.scoped("says plainly that no daemon answers, that there is no token, or that the token is not good", () =>
  Effect.gen(function* () {
    const variables = yield* daemon;
    const lonely = yield* program({}, { CADASTRE_URL: "http://127.0.0.1:1", CADASTRE_TOKEN: "cad_x" });
    expect(yield* lonely.run(["entity", "list"])).toMatchObject({
      exit: 6,
      err: expect.stringContaining("error: No daemon answers at http://127.0.0.1:1.\n"),
    });
    const poor = yield* program({}, { CADASTRE_URL: variables.CADASTRE_URL });
    expect(yield* poor.run(["entity", "list"])).toMatchObject({
      exit: 5,
      err: expect.stringContaining("There is no token"),
    });
    const wrong = yield* program({ token: "cad_wrong\n" }, { CADASTRE_URL: variables.CADASTRE_URL });
    const { exit, err } = yield* wrong.run(["entity", "list", "--token-file", `${wrong.home}/token`]);
    expect(exit).toBe(5);
    expect(err).not.toContain("cad_wrong");
  }),
);
