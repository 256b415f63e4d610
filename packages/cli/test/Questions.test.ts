import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { columns } from "../src/internal/text.ts";
import { daemon, listening, program } from "./support.ts";

const entity = (kind: string, name: string, spec: object, metadata: object = {}) =>
  `${JSON.stringify({ apiVersion: "cadastre.dev/v1", kind, metadata: { name, ...metadata }, spec })}\n`;

const component = (name: string, spec: object = {}, metadata: object = {}) =>
  entity("Component", name, { type: "service", lifecycle: "production", owner: "team", ...spec }, metadata);

const catalog =
  entity("Group", "team", { type: "team", children: [] }) +
  component("Shop", { dependsOn: ["component:pay", "resource:gone"] }, { tags: ["web"], title: "The shop" }) +
  component("pay", { dependsOn: ["resource:db"], replicas: 3 }, { tags: ["pci", "java"] }) +
  entity("Resource", "db", { type: "database", owner: "team" }) +
  entity("Resource", "queue", { type: "queue", owner: "team" }, { namespace: "other" });

const cadastre = Effect.gen(function* () {
  const cli = yield* program({ "in.ndjson": catalog }, yield* daemon);
  yield* cli.run(["entity", "apply", `${cli.home}/in.ndjson`]);
  return { ...cli, run: (...words: ReadonlyArray<string>) => cli.run(words) };
});

it.scoped("lists by words and by an expression, and says what the expression could not be evaluated on", () =>
  Effect.gen(function* () {
    const { run } = yield* cadastre;
    expect((yield* run("entity", "list", "-q", "SHO", "-oname")).out).toBe("component:default/Shop\n");
    expect((yield* run("entity", "list", "--q=the sh", "-oname")).out).toBe("component:default/Shop\n");
    expect(yield* run("entity", "list", "--filter", "size(string(entity.spec.replicas)) > 0", "-oname")).toMatchObject({
      out: "component:default/pay\n",
      err: expect.stringMatching(/^4 entities could not be evaluated: \w+:.+: .*replicas/),
    });
    const { out, err } = yield* run(
      "entity",
      "list",
      "--filter",
      '"pci" in tags && size(tags) == 2',
      "--explain",
      "-oname",
    );
    expect(out).toBe("component:default/pay\n");
    expect(err).toMatch(/store +"pci" in tags\n +evaluated +size\(tags\) == 2 /);
  }),
);

it.scoped("shows where an expression is wrong, of the option that it came from", () =>
  Effect.gen(function* () {
    const { run } = yield* cadastre;
    for (const words of [
      ["entity", "list"],
      ["facets", "--by", "kind"],
      ["entity", "watch"],
      ["event", "list"],
    ]) {
      const { exit, err } = yield* run(...words, "--filter", 'size(tags) > "a"');
      expect(exit, words.join(" ")).toBe(2);
      expect(err).toMatch(/^error: --filter, line 1, column \d+: .+\n {2}size\(tags\) > "a"\n +\^+\n$/);
    }
  }),
);

it.scopedLive("follows on after answers that pass: the store is down, or there are too many requests", () =>
  Effect.gen(function* () {
    const problem = (status: number, code: string) => ({
      type: "",
      title: "",
      status,
      code,
      detail: code,
      requestId: "r",
    });
    const answers = [
      change(1),
      problem(503, "store-unavailable"),
      problem(429, "rate-limited"),
      change(2),
      problem(401, "unauthenticated"),
    ];
    const url = yield* listening((_, response) => {
      const answer = answers.shift() ?? problem(500, "internal");
      if (typeof answer === "string") response.writeHead(200, { "content-type": "text/event-stream" }).end(answer);
      else
        response.writeHead(answer.status, { "content-type": "application/problem+json" }).end(JSON.stringify(answer));
    });
    const { run } = yield* program({}, { CADASTRE_URL: url, CADASTRE_TOKEN: "cad_of_the_tests" });
    const { exit, out, err } = yield* run(["entity", "watch", "-oname"]);
    expect(out).toBe("component:default/shop\n".repeat(2));
    expect(err).toMatch(/^Store-unavailable\. Waiting for it to come back\.\nThe daemon is back\.\nerror: /i);
    expect(exit).toBe(5);
  }),
);

/** As the feed has it. */
const change = (sequence: number) =>
  `id: ${sequence}\ndata: ${JSON.stringify({ sequence, reference: "component:default/shop" })}\n\n`;

it.scoped("finds a name in any case, kind and namespace with one call, and says where it is not", () =>
  Effect.gen(function* () {
    const { run } = yield* cadastre;
    expect((yield* run("entity", "get", "shop", "-oname")).out).toBe("component:default/Shop\n");
    expect((yield* run("entity", "get", "QUEUE", "-oname")).out).toBe("resource:other/queue\n");
    expect((yield* run("entity", "get", "other/queue", "-oname")).out).toBe("resource:other/queue\n");
    expect((yield* run("entity", "get", "default/queue")).err).toContain(
      'Nothing is called "queue" in the namespace "default"; did you mean resource:other/queue?',
    );
    expect((yield* run("entity", "get", "sho")).exit).toBe(3);
  }),
);

it.scoped("changes fields, retires and revives; and reads what was before", () =>
  Effect.gen(function* () {
    const { home, run } = yield* cadastre;
    expect(yield* run("entity", "patch", "pay", "--patch", '{"metadata":{"title":"Pay"}}')).toEqual({
      exit: 0,
      out: "updated component:default/pay, revision 2\n",
      err: "",
    });
    expect((yield* run("entity", "patch", "pay", "--patch", '{"metadata":{"title":"Pay"}}')).out).toBe(
      "unchanged component:default/pay, revision 2\n",
    );
    yield* run("entity", "patch", "pay", "--state", "inactive");
    expect((yield* run("entity", "list", "--state", "inactive", "-oname")).out).toBe("component:default/pay\n");
    expect((yield* run("entity", "get", "pay")).out).toContain("inactive since");
    expect((yield* run("entity", "get", "pay", "--revision", "1")).out).not.toContain("Pay");
    expect((yield* run("entity", "get", "pay", "--revision", "9")).exit).toBe(3);

    const wrong = (...words: ReadonlyArray<string>) => run("entity", "patch", "pay", ...words);
    expect(yield* wrong()).toMatchObject({ exit: 2, err: expect.stringContaining("There is nothing to change.") });
    expect(yield* wrong("--patch", "{")).toMatchObject({ exit: 2, err: expect.stringContaining("not JSON") });
    expect(yield* wrong("--patch", "[]")).toMatchObject({ exit: 2, err: expect.stringContaining("merge patch") });
    expect(yield* wrong("--patch-file", `${home}/none`)).toMatchObject({ exit: 7 });
    expect(yield* wrong("--state", "gone")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("must be one of: active, inactive"),
    });
  }),
);

it.scoped("draws what an entity needs, and names it for programs", () =>
  Effect.gen(function* () {
    const { run } = yield* cadastre;
    const drawn = yield* run("entity", "graph", "shop", "--relation", "dependsOn", "--depth", "all");
    expect(drawn.out.split("\n")).toEqual([
      "component:shop  The shop",
      "needs",
      "├─ dependsOn component:pay",
      "│  └─ dependsOn resource:db",
      "└─ dependsOn resource:gone (not registered)",
      "is needed by nothing",
      "",
    ]);
    expect(
      (yield* run("entity", "graph", "resource:db", "--direction", "dependents", "--depth", "2", "-oname")).out,
    ).toBe("component:default/pay\ncomponent:default/shop\n");
    const cut = yield* run("entity", "graph", "shop", "--limit", "2", "-ojson");
    expect(JSON.parse(cut.out).truncated).toBe(true);
    expect(cut.err).toContain("… truncated");
    expect(yield* run("entity", "graph", "shop", "--depth", "0")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("--depth must be a whole number"),
    });
  }),
);

it.scoped("tells why one depends on another, on what is not registered too", () =>
  Effect.gen(function* () {
    const { run } = yield* cadastre;
    expect((yield* run("entity", "path", "shop", "db")).out).toBe(
      "ENTITY          RELATION   NEEDED\ncomponent:shop  dependsOn  component:pay\ncomponent:pay   dependsOn  resource:db\n",
    );
    expect((yield* run("entity", "path", "shop", "resource:gone", "-oname")).out).toBe(
      "component:default/shop\nresource:default/gone\n",
    );
    expect(yield* run("entity", "path", "db", "shop")).toMatchObject({
      exit: 3,
      err: expect.stringContaining("does not depend"),
    });
  }),
);

it.scoped("tells who changed what, and who a place last", () =>
  Effect.gen(function* () {
    const { run } = yield* cadastre;
    yield* run("entity", "patch", "pay", "--patch", '{"spec":{"owner":"group:new"}}');
    yield* run("entity", "patch", "pay", "--patch", '{"metadata":{"title":"Pay"}}');
    const { out } = yield* run("entity", "history", "pay");
    expect(out).toMatch(
      /^revision 3 {2}updated .*\n {2}\/metadata\/title: \+ "Pay"\nrevision 2 .*\n {2}\/spec\/owner: "team" → "group:new"\nrevision 1 {2}created .*\n$/,
    );
    const last = yield* run("entity", "history", "pay", "--path", "/spec/owner", "--limit", "1", "-ojson");
    expect(JSON.parse(last.out)).toMatchObject([{ revision: 2, actor: "token:admin", via: "rest" }]);

    const uid = JSON.parse((yield* run("entity", "get", "pay", "-ojson")).out).metadata.uid;
    yield* run("entity", "delete", "pay", "--force");
    expect((yield* run("entity", "history", uid, "--limit", "1")).out).toMatch(/^revision 4 {2}deleted /);
  }),
);

it.scoped("counts by several facets, under conditions, with what has no value", () =>
  Effect.gen(function* () {
    const { run } = yield* cadastre;
    expect((yield* run("facets", "--by", "kind", "--by", "spec.lifecycle")).out).toBe(
      "kind       COUNT\nComponent      2\nResource       2\nGroup          1\n\nspec.lifecycle  COUNT\nproduction          2\n(none)              3\n",
    );
    expect((yield* run("facets", "--by", "tag", "--filter", 'name == "pay"', "--limit", "1")).out).toBe(
      "tag       COUNT\njava          1\n… 1 more\n",
    );
    expect(JSON.parse((yield* run("facets", "--by", "owner", "-ojson")).out).facets[0].missing).toBe(1);
    expect(yield* run("facets", "--by", "colour")).toMatchObject({
      exit: 2,
      err: expect.stringContaining("--by must be kind"),
    });
  }),
);

it.scoped("lists events in pages up to the limit, and goes on after one", () =>
  Effect.gen(function* () {
    const cli = yield* cadastre;
    const names = (yield* cli.run("event", "list", "-oname")).out.trimEnd().split("\n");
    expect(names).toHaveLength(5);
    const first = yield* cli.run("event", "list", "--limit", "2");
    const after = /--after (\d+) goes on/.exec(first.err)?.[1] ?? "";
    expect((yield* cli.run("event", "list", "--after", after, "-oname")).out.trimEnd().split("\n")).toEqual(
      names.slice(2),
    );
    expect(JSON.parse((yield* cli.run("event", "list", "--kind", "group", "-ojson")).out)).toHaveLength(1);
    expect((yield* cli.run("event", "list", "--type", "entity.deleted")).err).toContain("No event fits.");
  }),
);

it.scoped("keeps events and counts within the terminal", () =>
  Effect.gen(function* () {
    const variables = yield* daemon;
    const { home, run } = yield* program({ "in.ndjson": catalog }, variables);
    yield* run(["entity", "apply", `${home}/in.ndjson`]);
    for (const words of [
      ["event", "list"],
      ["facets", "--by", "kind"],
      ["entity", "graph", "shop"],
      ["entity", "history", "shop"],
    ]) {
      for (const line of (yield* run(words, 80)).out.split("\n")) expect(columns(line)).toBeLessThanOrEqual(80);
    }
  }),
);
