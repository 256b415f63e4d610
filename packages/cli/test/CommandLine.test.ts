import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { columns } from "../src/internal/text.ts";
import { daemon, program } from "./support.ts";

const run = (...words: ReadonlyArray<string>) => Effect.flatMap(program(), ({ run }) => run(words));

it.scoped("prints the version, and only that", () =>
  Effect.gen(function* () {
    expect(yield* run("--version")).toEqual({ exit: 0, out: "0.1.0\n", err: "" });
  }),
);

it.scoped("helps with every command, with examples, within 80 columns and without colours in a pipe", () =>
  Effect.gen(function* () {
    const { run } = yield* program();
    const walk = (path: ReadonlyArray<string>): Effect.Effect<number> =>
      Effect.gen(function* () {
        const { exit, out } = yield* run([...path, "--help"]);
        const name = ["cadastre", ...path].join(" ");
        expect(exit, name).toBe(0);
        expect(out).toContain(`\n  ${name} `);
        for (const line of out.split("\n")) expect(columns(line), line).toBeLessThanOrEqual(80);
        expect(out, name).toContain("\n\nExamples\n  ");
        expect(out, name).not.toContain("\u001b");
        const [, commands = ""] = /\nCommands\n((?: {2}.*\n)*)/.exec(out) ?? [];
        const children = [...commands.matchAll(/^ {2}(\S+)/gm)].map(([, child = ""]) => walk([...path, child]));
        return (yield* Effect.all(children)).reduce((sum, below) => sum + below, 1);
      });
    expect(yield* walk([])).toBeGreaterThan(50);
  }),
);

it.scoped("keeps every table and view within the columns of the terminal", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program({ "in.ndjson": LONG }, yield* daemon);
    const commands = [
      `entity apply ${home}/in.ndjson`,
      'subscription create --name a-name-that-is-rather-long-for-a-column --webhook https://93.184.215.14/hooks --filter kind=="Component"&&name.startsWith("an-entity-with-a-long-name")',
      "token create --name a-token-whose-name-takes-more-than-one-column --scope catalog:read --scope catalog:write",
      `entity patch ${LONG_NAME} --state inactive`,
      "entity list --state inactive --state active",
      `entity get ${LONG_NAME}`,
      `entity history ${LONG_NAME}`,
      `entity graph ${LONG_NAME}`,
      "facets --by kind --by owner --by spec.type",
      "event list",
      "subscription list",
      "subscription deliveries a-name-that-is-rather-long-for-a-column",
      "job list",
      "token list",
      "whoami",
      "config",
    ];
    for (const command of commands) {
      const { exit, out } = yield* run(command.split(" "), 80);
      expect([command, exit]).toEqual([command, 0]);
      if (!VIEWS.test(command)) continue;
      for (const line of out.split("\n")) expect(columns(line), `${command}: ${line}`).toBeLessThanOrEqual(80);
    }
  }),
);

const LONG_NAME = "an-entity-with-a-long-name-that-goes-on-and-on-for-a-while";

const LONG = `${JSON.stringify({
  apiVersion: "cadastre.dev/v1",
  kind: "Component",
  metadata: { name: LONG_NAME, title: "A title that takes more than a line. ".repeat(4).trim() },
  spec: { type: "service-of-some-kind", lifecycle: "production", owner: "a-team-with-a-name-that-is-long-as-well" },
})}\n`;

/** Not what was just made: a token, a secret. */
const VIEWS =
  /^(entity (list|get|history|graph)|facets|event|subscription (list|deliveries)|job|token list|whoami|config)/;

it.scoped("shows the commands of a group that is called alone, and `help` before a command is its help", () =>
  Effect.gen(function* () {
    const { exit, out } = yield* run("entity");
    expect(exit).toBe(0);
    expect(out).toMatch(/list\s+List entities/);
    expect((yield* run("help", "entity")).out).toBe(out);
  }),
);

it.scoped("names the nearest command or option for a misspelt one", () =>
  Effect.gen(function* () {
    expect(yield* run("entity", "aply")).toMatchObject({
      exit: 2,
      err: 'error: cadastre entity has no command "aply"; did you mean "apply"?\nIts commands: list, get, graph, path, history, watch, apply, validate, edit, patch, delete.\n',
    });
    expect(yield* run("entity", "apply", "x.yaml", "--best-efort")).toMatchObject({
      exit: 2,
      err: 'error: cadastre entity apply has no option --best-efort; did you mean "--best-effort"?\nSee: cadastre entity apply --help\n',
    });
  }),
);

it.scoped("says what is missing or too much", () =>
  Effect.gen(function* () {
    expect((yield* run("entity", "get")).err).toContain("Missing argument <ref>.");
    expect((yield* run("entity", "get", "a", "b")).err).toContain('takes no argument "b".');
    expect((yield* run("entity", "list", "--kind")).err).toContain("--kind needs a value.");
    expect((yield* run("entity", "apply", "--force=yes", "x")).err).toContain("--force takes no value.");
    expect((yield* run("entity", "list", "--limit", "0")).err).toContain(
      "--limit must be a whole number of 1 or more.",
    );
    expect((yield* run("entity", "list", "-oxml")).err).toContain('-o must be one of: json, yaml, name, not "xml".');
    expect((yield* run("config", "--output", "ymal")).err).toContain('not "ymal"; did you mean "yaml"?\n');
  }),
);

it.scoped("says which options are missing, and which is given twice where one is meant", () =>
  Effect.gen(function* () {
    expect((yield* run("admin", "token", "create")).err).toContain("--name and --scope are missing.");
    expect((yield* run("admin", "token", "create", "--name", "x")).err).toContain("--scope is missing.");
    expect((yield* run("facets")).err).toContain("--by is missing.");
    for (const words of [
      ["config", "--port", "1", "--port", "2"],
      ["entity", "list", "-o", "json", "--output", "yaml"],
      ["entity", "list", "--explain", "--explain"],
    ]) {
      expect(yield* run(...words)).toMatchObject({ exit: 2, err: expect.stringContaining(" is given twice.") });
    }
    expect((yield* run("entity", "list", "--kind", "api", "--kind", "group")).err).not.toContain("twice");
    expect(yield* run("help", "nothing")).toMatchObject({
      exit: 2,
      err: expect.stringContaining('no command "nothing"'),
    });
  }),
);

it.scoped("takes no token as an argument, and says why", () =>
  Effect.gen(function* () {
    const { exit, err } = yield* run("entity", "list", "--token", "cad_secret");
    expect(exit).toBe(2);
    expect(err).toContain("A token is never an argument");
    expect(err).not.toContain("cad_secret");
  }),
);

it.scoped("takes options anywhere, with and without =, and values that begin with a dash", () =>
  Effect.gen(function* () {
    const { home, run } = yield* program({ "config/cadastre/config.yaml": "port: 1\n" });
    for (const words of [
      ["config", "--port=2", "-o", "json"],
      ["config", "-ojson", "--port", "2"],
      ["--log-level", "info", "config", "-o=json", "--port=2"],
    ]) {
      const { exit, out } = yield* run(words);
      expect(exit).toBe(0);
      expect(JSON.parse(out)).toContainEqual({ setting: "port", value: "2", from: "--port" });
    }
    expect((yield* run(["entity", "list", "--order-by", "-name"])).err).toContain(`${home}/state/cadastre/admin-token`);
  }),
);

it.scoped("ends with 78 and every problem where the configuration is wrong", () =>
  Effect.gen(function* () {
    const { run } = yield* program({}, { CADASTRE_PORT: "high", CADASTRE_DATABASE: "x" });
    const { exit, err } = yield* run(["config"]);
    expect(exit).toBe(78);
    expect(err).toContain("CADASTRE_PORT: port must be");
    expect(err).toContain("CADASTRE_DATABASE: there is no such variable");
  }),
);

it.scoped("does not show the token in the settings", () =>
  Effect.gen(function* () {
    const { run } = yield* program({}, { CADASTRE_TOKEN: "cad_secret" });
    const { out } = yield* run(["config"]);
    expect(out).toMatch(/token\s+cad_… \(not shown\)\s+CADASTRE_TOKEN/);
    expect(out).not.toContain("secret");
  }),
);
