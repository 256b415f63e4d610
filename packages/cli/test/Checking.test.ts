import { join } from "node:path";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Checking from "../src/Checking.ts";
import { folder } from "./support.ts";

const component = (name: string, rest = "") =>
  `apiVersion: cadastre.dev/v1\nkind: Component\nmetadata:\n  name: ${name}\nspec:\n  type: service\n  lifecycle: production\n  owner: team\n${rest}`;

const check = (files: { readonly [path: string]: string | Uint8Array }, paths: ReadonlyArray<string> = ["."]) =>
  Effect.gen(function* () {
    const home = yield* folder(files);
    const checking = yield* Checking.check(paths.map((path) => join(home, path)));
    const name = (file: string) => file.slice(file.indexOf(home) + home.length + 1);
    return {
      ...checking,
      outcomes: checking.documents.map(({ file, line, outcome }) => `${name(file)}:${line} ${outcome._tag}`),
      faults: checking.documents.flatMap(({ outcome }) =>
        outcome._tag === "Good"
          ? []
          : outcome.faults.map(
              ({ file, line, column, path, message }) =>
                `${name(file)}:${line}:${column}: ${path}: ${message.replaceAll(home, "")}`,
            ),
      ),
    };
  });

it.scoped("reads every descriptor of a folder at any depth, sorted, and counts the other files", () =>
  Effect.gen(function* () {
    const result = yield* check({
      "b.yaml": component("b"),
      "a/.backstage/c.yml": component("c"),
      "a/one.json": JSON.stringify({ apiVersion: "cadastre.dev/v1", kind: "Gadget", metadata: { name: "one" } }),
      "a/two.ndjson": `${JSON.stringify({ apiVersion: "cadastre.dev/v1", kind: "Gadget", metadata: { name: "two" } })}\n`,
      "README.md": "# no descriptor",
      "node_modules/x/catalog-info.yaml": component("x"),
      ".git/y.yaml": component("y"),
    });
    expect(result.outcomes).toEqual([
      "a/.backstage/c.yml:1 Good",
      "a/one.json:1 Good",
      "a/two.ndjson:1 Good",
      "b.yaml:1 Good",
    ]);
    expect(result.others).toBe(1);
  }),
);

it.scoped("reports the faults of a bad document by file, line and column, and keeps its neighbours", () =>
  Effect.gen(function* () {
    const result = yield* check({
      "many.yaml": [component("good"), component("bad one"), component("also-good")].join("---\n"),
    });
    expect(result.outcomes).toEqual(["many.yaml:1 Good", "many.yaml:10 Faulty", "many.yaml:19 Good"]);
    expect(result.faults).toHaveLength(1);
    expect(result.faults[0]).toMatch(/^many\.yaml:13:\d+: \/metadata\/name: .*bad one/);
  }),
);

it.scoped("names both places of a reference that occurs twice, in any case, and lets neither in", () =>
  Effect.gen(function* () {
    const result = yield* check({
      "a.yaml": component("shop"),
      "b.yaml": component("Shop"),
      "c.yaml": component("other"),
    });
    expect(result.outcomes).toEqual(["a.yaml:1 Conflict", "b.yaml:1 Conflict", "c.yaml:1 Good"]);
    expect(result.faults).toEqual([
      "a.yaml:4:3: /metadata/name: component:default/shop is also at /b.yaml:4: keep one of them",
      "b.yaml:4:3: /metadata/name: component:default/Shop is also at /a.yaml:4: keep one of them",
    ]);
  }),
);

it.scoped("reads a file once however often it is meant", () =>
  Effect.gen(function* () {
    const result = yield* check({ "a.yaml": component("shop") }, ["a.yaml", ".", "a.*", "./a.yaml"]);
    expect(result.outcomes).toEqual(["a.yaml:1 Good"]);
  }),
);

it.scoped("says which path leads nowhere", () =>
  Effect.gen(function* () {
    const home = yield* folder();
    const absent = yield* Effect.flip(Checking.check([join(home, "absent.yaml")]));
    expect(absent.message).toBe(`There is no file or directory "${home}/absent.yaml".`);
    const unmatched = yield* Effect.flip(Checking.check([join(home, "*.yaml")]));
    expect(unmatched.message).toBe(`No file matches "${home}/*.yaml".`);
  }),
);

it.scoped("reports a file that is not text as a fault of that file", () =>
  Effect.gen(function* () {
    const result = yield* check({ "a.yaml": Uint8Array.of(0x61, 0xff, 0xfe), "b.yaml": component("b") });
    expect(result.outcomes).toEqual(["a.yaml:1 Faulty", "b.yaml:1 Good"]);
    expect(result.faults[0]).toContain("UTF-8");
  }),
);

it.scoped("takes an empty file for no document", () =>
  Effect.gen(function* () {
    const result = yield* check({ "empty.yaml": "", "comment.yaml": "# later\n---\n" });
    expect(result.outcomes).toEqual([]);
    expect(result.files).toBe(2);
  }),
);
