/**
 * The settings of the common MCP clients. Each writes the same three things, a command, its arguments and its
 * environment, in a form of its own.
 */
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Environment from "../../Environment.ts";
import { ExitCode } from "../../ExitCode.ts";
import { Failure } from "../../Failure.ts";
import { closest } from "../../internal/closest.ts";
import { Output } from "../../Output.ts";
import * as Options from "../Options.ts";
import type { Given } from "./connected.ts";
import type { Policy } from "./mcpBridge.ts";

interface Server {
  readonly command: string;
  readonly args: ReadonlyArray<string>;
  readonly env?: { readonly [name: string]: string };
}

interface Client {
  readonly title: string;
  /** Where the snippet belongs. */
  readonly place: string;
  readonly snippet: (server: Server) => string;
}

const NAME = "cadastre";

const json = (value: unknown) => JSON.stringify(value, undefined, 2);

const mcpServers = (server: Server) => json({ mcpServers: { [NAME]: server } });

const CLIENTS: { readonly [name: string]: Client } = {
  "claude-desktop": {
    title: "Claude Desktop",
    place:
      "claude_desktop_config.json, in ~/Library/Application Support/Claude (macOS), %APPDATA%\\Claude (Windows) or ~/.config/Claude (Linux)",
    snippet: mcpServers,
  },
  "claude-code": {
    title: "Claude Code",
    place: "a shell; or write what `generic` shows to .mcp.json of a project",
    snippet: (server) =>
      `claude mcp add-json --scope user ${NAME} ${quoted(JSON.stringify({ type: "stdio", ...server }))}`,
  },
  cursor: { title: "Cursor", place: "~/.cursor/mcp.json, or .cursor/mcp.json of a project", snippet: mcpServers },
  vscode: {
    title: "VS Code",
    place: ".vscode/mcp.json of a project, or the command `MCP: Open User Configuration`",
    snippet: (server) => json({ servers: { [NAME]: { type: "stdio", ...server } } }),
  },
  zed: {
    title: "Zed",
    place: "~/.config/zed/settings.json",
    snippet: (server) => json({ context_servers: { [NAME]: { ...server, env: server.env ?? {} } } }),
  },
  codex: {
    title: "Codex",
    place: "~/.codex/config.toml",
    // A TOML basic string is written like a JSON one.
    snippet: ({ command, args, env }) =>
      [
        `[mcp_servers.${NAME}]`,
        `command = ${JSON.stringify(command)}`,
        `args = [${args.map((arg) => JSON.stringify(arg)).join(", ")}]`,
        ...(env === undefined
          ? []
          : [
              "",
              `[mcp_servers.${NAME}.env]`,
              ...Object.entries(env).map(([name, value]) => `${name} = ${JSON.stringify(value)}`),
            ]),
      ].join("\n"),
  },
  gemini: {
    title: "Gemini CLI",
    place: "~/.gemini/settings.json, or .gemini/settings.json of a project",
    snippet: mcpServers,
  },
  windsurf: { title: "Windsurf", place: "~/.codeium/windsurf/mcp_config.json", snippet: mcpServers },
  generic: { title: "Most others", place: "the client's settings", snippet: mcpServers },
};

interface ConfigGiven extends Given, Policy {
  readonly client: Option.Option<string>;
}

export const print = (given: ConfigGiven) =>
  Effect.gen(function* () {
    const { line, note } = yield* Output;
    // Told here if the settings are wrong, not by an agent that does not come up.
    const config = yield* Options.configured(given);
    const server = yield* serverOf(given);
    const names = yield* chosen(given.client);
    for (const [index, name] of names.entries()) {
      const client = CLIENTS[name];
      if (client === undefined) continue;
      if (names.length > 1) yield* line(`${index === 0 ? "" : "\n"}# ${client.title} (${name}): ${client.place}`);
      yield* line(client.snippet(server));
      if (names.length === 1) yield* note(`\n${client.title}: this belongs into ${client.place}.`);
    }
    if (Option.isSome(config.token)) {
      yield* note(
        `${Environment.TOKEN} is set here, and is not passed on: settings are no place for a secret. Give --token-file or --token-command.`,
      );
    }
  });

const chosen = (client: Option.Option<string>): Effect.Effect<ReadonlyArray<string>, Failure> =>
  Option.match(client, {
    onNone: () => Effect.succeed(Object.keys(CLIENTS)),
    onSome: (name) =>
      Object.hasOwn(CLIENTS, name)
        ? Effect.succeed([name])
        : new Failure({
            exit: ExitCode.usage,
            message: `"${name}" is no client that is known here${closest(name, Object.keys(CLIENTS))}.`.replace(
              "?.",
              "?",
            ),
            next: `Known: ${Object.keys(CLIENTS).join(", ")}.`,
          }),
  });

/** By absolute paths: clients start it in any folder, with hardly an environment. */
const serverOf = (given: ConfigGiven) =>
  Effect.gen(function* () {
    const env: Record<string, string> = {};
    for (const name of PASSED_ON) {
      const value = yield* Environment.variable(name);
      if (Option.isSome(value)) env[name] = value.value;
    }
    const option = (name: string, value: Option.Option<string>) =>
      Option.match(value, { onNone: () => [], onSome: (text) => [`--${name}`, text] });
    const server: Server = {
      command: process.execPath,
      args: [
        realpathSync(process.argv[1] ?? ""),
        "mcp-bridge",
        ...option("url", given.url),
        ...option(
          "token-file",
          Option.map(given.tokenFile, (path) => resolve(path)),
        ),
        ...option("token-command", given.tokenCommand),
        ...(given.readOnly ? ["--read-only"] : []),
        ...given.toolset.flatMap((name) => ["--toolset", name]),
        ...given.allowTool.flatMap((name) => ["--allow-tool", name]),
        ...given.denyTool.flatMap((name) => ["--deny-tool", name]),
      ],
    };
    return Object.keys(env).length === 0 ? server : { ...server, env };
  });

const PASSED_ON = [
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "CADASTRE_URL",
  "CADASTRE_TOKEN_FILE",
  "CADASTRE_TOKEN_COMMAND",
  "CADASTRE_HOST",
  "CADASTRE_PORT",
];

/** A word of a shell's command line. */
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
