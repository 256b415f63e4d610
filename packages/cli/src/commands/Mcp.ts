/**
 * `cadastre mcp-bridge` and `cadastre mcp-config`: for AI agents and those who connect them.
 */
import { TOOLSETS } from "@cadastre/mcp/Toolset";
import * as Args from "@effect/cli/Args";
import * as Command from "@effect/cli/Command";
import * as CliOptions from "@effect/cli/Options";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Options from "./Options.ts";

const seconds = (name: string, standard: number, about: string) =>
  CliOptions.integer(name).pipe(
    CliOptions.withPseudoName("SECONDS"),
    CliOptions.withDescription(`${about}; ${standard} where absent`),
    CliOptions.filterMap(
      (given) => (given >= 0 && given <= 86_400 ? Option.some(given) : Option.none()),
      `--${name} must be a whole number of seconds, at most a day`,
    ),
    CliOptions.withDefault(standard),
  );

/** What the daemon and the bridge let an agent do. */
const policy = {
  readOnly: Options.flag("read-only", "Only tools that change nothing"),
  toolset: Options.anyWord("toolset", TOOLSETS, "Only the tools of this toolset"),
  allowTool: Options.any("allow-tool", "NAME", "Only this tool"),
  denyTool: Options.any("deny-tool", "NAME", "Not this tool"),
};

export const mcpBridge = Command.make(
  "mcp-bridge",
  {
    ...Options.connection,
    ...policy,
    header: Options.any("header", "NAME:VALUE", "Sent with every request; for secrets there are the token options"),
    timeout: seconds("timeout", 300, "How long nothing may be heard of a request before it is given up"),
    wait: seconds("wait", 10, "How long a request waits for a daemon that does not answer"),
    requireDaemon: Options.flag("require-daemon", "End at once if no daemon answers, or it refuses the token"),
    allowHttp: Options.flag("allow-http", "Send the token without TLS to another machine"),
    ca: Options.text("ca", "FILE", "Certificates to trust beside those that Node knows, PEM"),
    cert: Options.text("cert", "FILE", "Certificate to show to the daemon, PEM"),
    key: Options.text("key", "FILE", "The key of that certificate, PEM"),
    doctor: Options.flag("doctor", "Check the connection, tell what to do, and end"),
  },
  (given) =>
    Effect.flatMap(
      Effect.promise(() => import("./internal/mcpBridge.ts")),
      ({ bridge }) => bridge(given),
    ),
).pipe(
  Command.withDescription(
    Options.describe(
      "Connect an AI agent that speaks MCP over standard input and output",
      [
        "The agent starts it; `cadastre mcp-config` prints how. Frames go to standard output and nothing else does; the log goes to standard error. It finds the daemon of this machine by itself, waits for it while it is started anew, answers every request, with an error if need be, and ends when its input does.",
      ],
      [
        "cadastre mcp-bridge --doctor",
        "cadastre mcp-bridge --read-only",
        "cadastre mcp-bridge --url https://catalog.example.com --token-command 'pass show cadastre'",
      ],
    ),
  ),
);

export const mcpConfig = Command.make(
  "mcp-config",
  {
    client: Args.text({ name: "client" }).pipe(
      Args.withDescription(
        "claude-desktop, claude-code, cursor, vscode, zed, codex, gemini, windsurf or generic; all where absent",
      ),
      Args.optional,
    ),
    ...Options.connection,
    ...policy,
  },
  (given) =>
    Effect.flatMap(
      Effect.promise(() => import("./internal/mcpConfig.ts")),
      ({ print }) => print(given),
    ),
).pipe(
  Command.withDescription(
    Options.describe(
      "Print what to write into an AI agent's settings",
      [
        "The snippet goes to standard output, and where it belongs to standard error. Options are passed on to the bridge, and so are the variables by which the daemon is found here; a token never is.",
      ],
      [
        "cadastre mcp-config claude-code",
        "cadastre mcp-config vscode --read-only",
        "cadastre mcp-config codex >> ~/.codex/config.toml",
      ],
    ),
  ),
);
