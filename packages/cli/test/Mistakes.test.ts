import { chmodSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { daemon, program } from "./support.ts";

const entity = (kind: string, name: string, spec: object) =>
  `${JSON.stringify({ apiVersion: "cadastre.dev/v1", kind, metadata: { name }, spec })}\n`;

const component = (name: string) =>
  entity("Component", name, { type: "service", lifecycle: "production", owner: "team" });

const HEAD = "apiVersion: cadastre.dev/v1\nkind: Component\nmetadata:\n";

const FILES = {
  "good.ndjson": component("basket") + component("payments") + entity("System", "payments", { owner: "team" }),
  "empty/notes.txt": "no descriptor\n",
  "tab.yaml": `${HEAD}\tname: x\nspec: {}\n`,
  "helm.yaml": `${HEAD}  name: {{ .Values.name }}\nspec: {}\n`,
  "file.db/x": "",
};

/** What a newcomer gives, the exit code, and what is said: a sentence, and what to do next. */
type Mistake = readonly [words: string | ReadonlyArray<string>, exit: number, ...said: ReadonlyArray<string>];

const COMMAND_LINE: ReadonlyArray<Mistake> = [
  ["entity lst", 2, 'cadastre entity has no command "lst"; did you mean "list"?', "Its commands: list, get,"],
  ["entities list", 2, 'cadastre has no command "entities"; did you mean "entity"?'],
  ["get basket", 2, 'cadastre has no command "get"; did you mean "entity get"?'],
  ["entity list --onwer x", 2, 'no option --onwer; did you mean "--owner"?', "See: cadastre entity list --help"],
  ["entity list --kind", 2, "--kind needs a value."],
  ["entity list -o jsn", 2, 'not "jsn"; did you mean "json"?'],
  ["entity list extra", 2, 'cadastre entity list takes no argument "extra".'],
  ["entity get", 2, "Missing argument <ref>."],
  ["entity watch --type updated", 2, 'did you mean "entity.updated"?'],
  ["entity list --token cad_secret", 2, "A token is never an argument", "give --token-file, or set CADASTRE_TOKEN."],
  ["entity list --limit 0", 2, "--limit must be a whole number of 1 or more."],
  ["daemon stop", 2, 'cadastre daemon takes no argument "stop".'],
  ["daemon --port 80000", 78, "--port: port must be a whole number from 0 to 65535"],
  ["daemon --db mysql://localhost/x", 78, "--db: database must be a path, sqlite:path, :memory: or a URL postgres://…"],
  ["admin token create --name ci", 2, "--scope is missing."],
  ["admin token create --name ci --scope read", 2, 'not "read"; did you mean "catalog:read"?'],
  ["mcp-config claude", 2, '"claude" is no client that is known here; did you mean "claude-desktop"?'],
];

const CATALOG: ReadonlyArray<Mistake> = [
  ["entity get baskt", 3, 'Nothing is called "baskt"; did you mean component:default/basket?'],
  [
    "entity get component:baskte",
    3,
    "component:default/baskte is not registered; did you mean component:default/basket?",
  ],
  ["entity get comp:basket", 3, "comp:default/basket is not registered; did you mean component:default/basket?"],
  ["entity get component/basket", 3, 'in the namespace "component"; did you mean component:default/basket?'],
  ["entity get something-else", 3, 'Nothing is called "something-else".', "Search for it: cadastre entity list -q"],
  [
    "entity get payments",
    4,
    '"payments" could be any of these:',
    "  system:default/payments",
    "Say which, with its kind.",
  ],
  ["entity list --kind compnent", 0, 'No entity fits; did you mean "component"?'],
  [
    ["entity", "list", "--filter", 'owner = "x"'],
    2,
    "--filter, line 1, column 7: == asks whether two values are equal.",
  ],
  [["entity", "list", "--filter", 'has(labels["tier"])'], 2, 'for a key in brackets write "tier" in labels.'],
  [["entity", "list", "--filter", "kind == Component"], 2, 'A text stands in quotes: "Component".'],
  [
    ["entity", "patch", "basket", "--patch", '[{"op":"remove","path":"/spec"}]'],
    2,
    "as a JSON Patch is: a merge patch is wanted",
  ],
  [
    ["entity", "patch", "basket", "--patch", "owner=x"],
    2,
    "The patch is not JSON",
    "Only what changes, in quotes: --patch",
  ],
  [["entity", "patch", "basket"], 2, "There is nothing to change.", "Give --patch, --patch-file or --state."],
  ["entity graph basket --depth 30", 2, "--depth must be a whole number from 1 to 20, or all."],
  ["subscription create --name x --webhook http://127.0.0.1/", 2, "127.0.0.1 is a loopback address."],
  ["api v1/whoami", 2, 'A path begins with /, as in /v1/entities: "v1/whoami" does not.'],
  ["api /v1/tokens --data {}", 7, "--data takes the name of a file.", "--data -"],
];

const PLACES: ReadonlyArray<Mistake> = [
  [
    "entity apply ~/none.yaml",
    7,
    'There is no file or directory "',
    "Give a file, a directory, a glob in quotes, or - for",
  ],
  ["entity apply ~/empty", 9, "There is no descriptor in ", "and none named *.yaml, *.yml, *.json or *.ndjson."],
  [
    "entity apply ~/tab.yaml",
    1,
    ":4:1: a tab indents this line, and YAML is indented with spaces: replace the tab",
    "Nothing was applied",
  ],
  [
    "entity apply ~/helm.yaml",
    1,
    "/metadata/name: is an unrendered template: apply the file that the template engine makes",
  ],
  ["admin import ~/none.ndjson --db ~/new.db", 7, "none.ndjson cannot be read"],
  ["admin seed --db ~/file.db", 7, "cannot be used: it is a directory; give the path of a file."],
  ["admin seed --db postgres://127.0.0.1:1/x", 7, "the database server cannot be reached: nothing listens there."],
  [
    "admin seed --db postgres://host.invalid/x",
    7,
    "the database server cannot be reached: there is no host of that name.",
  ],
];

const told = (home: string, words: Mistake[0]) =>
  (typeof words === "string" ? words.split(" ") : words).map((word) => word.replace(/^~/, home));

/** A plain sentence, and no more lines than a person reads. */
const expectPlain = (label: string, err: string) => {
  expect(err, label).not.toContain("\u001b");
  expect(err, label).not.toMatch(/undefined|\[object|HelpDoc|^\s*at /m);
  expect(err.split("\n").length, label).toBeLessThan(14);
};

it.scoped("tells newcomers what is wrong with a command line, a name or a file, and what to do", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program(FILES, yield* daemon);
    yield* run(["entity", "apply", `${home}/good.ndjson`]);
    for (const [words, exit, ...said] of [...COMMAND_LINE, ...CATALOG, ...PLACES]) {
      const line = told(home, words);
      const { err, ...ended } = yield* run(line);
      const label = line.join(" ");
      expect([label, ended.exit, err], label).toEqual([label, exit, expect.stringContaining(said[0] ?? "")]);
      for (const part of said) expect(err, label).toContain(part);
      expectPlain(label, err);
    }
  }),
);

it.scoped("tells why a daemon cannot be asked, by its address and by its token", () =>
  Effect.gen(function* () {
    const { CADASTRE_URL, CADASTRE_TOKEN } = yield* daemon;
    const list = (variables: { readonly [name: string]: string }, ...words: ReadonlyArray<string>) =>
      Effect.flatMap(program({}, variables), ({ run }) => run(["entity", "list", ...words]));
    const refused = "does not accept the token";
    const cases: ReadonlyArray<
      readonly [variables: { readonly [name: string]: string }, exit: number, ...said: ReadonlyArray<string>]
    > = [
      [{}, 5, "There is no token: ", "The daemon writes it at its first start here: `cadastre daemon`."],
      [{ CADASTRE_URL }, 5, "the one of this machine's own daemon is not sent elsewhere."],
      [
        { CADASTRE_URL: "http://127.0.0.1:1", CADASTRE_TOKEN },
        6,
        "No daemon answers at http://127.0.0.1:1.",
        "Start one with `cadastre daemon`",
      ],
      [{ CADASTRE_URL: "http://host.invalid", CADASTRE_TOKEN }, 6, "There is no host host.invalid.", "--url"],
      [
        { CADASTRE_URL: CADASTRE_URL.replace("http", "https"), CADASTRE_TOKEN },
        6,
        "does not speak TLS.",
        `Try --url ${CADASTRE_URL}`,
      ],
      [
        { CADASTRE_URL: `${CADASTRE_URL}/v1`, CADASTRE_TOKEN },
        1,
        `Leave the path out of the daemon's URL: ${CADASTRE_URL}`,
      ],
      [{ CADASTRE_URL: "localhost:7717", CADASTRE_TOKEN }, 78, "url must be a URL such as http://127.0.0.1:7717"],
      [{ CADASTRE_URL, CADASTRE_TOKEN: "cad_wrong" }, 5, `${refused} in CADASTRE_TOKEN`, "cadastre admin token create"],
      [{ CADASTRE_URL, CADASTRE_TOKEN: `Bearer ${CADASTRE_TOKEN}` }, 5, 'Leave the word "Bearer" out.'],
      [
        { CADASTRE_URL, CADASTRE_TOKEN: "/etc/token" },
        5,
        "It looks like the name of a file: that goes with --token-file",
      ],
      [{ CADASTRE_URL, CADASTRE_TOKEN_COMMAND: "echo cad_wrong" }, 5, `${refused} that the token command prints`],
      [{ CADASTRE_PROT: "1" }, 78, 'CADASTRE_PROT: there is no such variable; did you mean "CADASTRE_PORT"?'],
    ];
    for (const [variables, exit, ...said] of cases) {
      const label = JSON.stringify(variables);
      const ended = yield* list(variables);
      expect([label, ended.exit, ended.err]).toEqual([label, exit, expect.stringContaining(said[0] ?? "")]);
      for (const part of said) expect(ended.err, label).toContain(part);
      expectPlain(label, ended.err);
    }
    const { run } = yield* program({}, { CADASTRE_URL, CADASTRE_TOKEN });
    const { out } = yield* run(["token", "create", "--name", "reader", "--scope", "catalog:read"]);
    const reader = yield* program({}, { CADASTRE_URL, CADASTRE_TOKEN: out.trim() });
    expect(yield* reader.run(["token", "list"])).toMatchObject({
      exit: 5,
      err: expect.stringMatching(
        /^error: token:reader lacks the scope admin\.\nA token with the scope: cadastre admin token create /i,
      ),
    });
    yield* run(["token", "revoke", "reader"]);
  }),
);

it.scoped("tells why a daemon does not start: a port that is taken, a folder that may not be written to", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program();
    const taken = yield* Effect.acquireRelease(
      Effect.async<ReturnType<typeof createServer>>((resume) => {
        const server = createServer().listen(0, "127.0.0.1", () => resume(Effect.succeed(server)));
      }),
      (server) => Effect.sync(() => server.close()),
    );
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(yield* run(["daemon", "--port", String(port), "--log-level", "none"])).toMatchObject({
      exit: 7,
      err: `error: Port ${port} of 127.0.0.1 is in use.\nStop what listens there, or choose another port with --port (0: any free one).\n`,
    });
    if (process.getuid?.() !== 0) {
      mkdirSync(`${home}/closed`);
      chmodSync(`${home}/closed`, 0o500);
      expect(yield* run(["admin", "seed", "--db", `${home}/closed/x.db`])).toMatchObject({ exit: 7 });
    }
  }),
);
