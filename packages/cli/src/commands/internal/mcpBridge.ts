/**
 * The composition root of `cadastre mcp-bridge`. Loaded when it runs.
 */
import { readFile } from "node:fs/promises";
import * as Bridge from "@cadastre/bridge/Bridge";
import * as Destination from "@cadastre/bridge/Destination";
import * as Doctor from "@cadastre/bridge/Doctor";
import { Code } from "@cadastre/bridge/Frame";
import type * as Tools from "@cadastre/bridge/Tools";
import type * as Wire from "@cadastre/bridge/Wire";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schedule from "effect/Schedule";
import type { Config } from "../../Config.ts";
import { ExitCode } from "../../ExitCode.ts";
import { Failure } from "../../Failure.ts";
import { bearer } from "../../internal/bearer.ts";
import * as Log from "../../Log.ts";
import { Output } from "../../Output.ts";
import { Signal } from "../../Signal.ts";
import * as Options from "../Options.ts";
import type { Given } from "./connected.ts";

export interface Policy {
  readonly readOnly: boolean;
  readonly toolset: ReadonlyArray<string>;
  readonly allowTool: ReadonlyArray<string>;
  readonly denyTool: ReadonlyArray<string>;
}

interface BridgeGiven extends Given, Policy {
  readonly header: ReadonlyArray<string>;
  readonly timeout: number;
  readonly wait: number;
  readonly requireDaemon: boolean;
  readonly allowHttp: boolean;
  readonly ca: Option.Option<string>;
  readonly cert: Option.Option<string>;
  readonly key: Option.Option<string>;
  readonly doctor: boolean;
}

/** Milliseconds for an agent to take what is left, after which nobody waits for it. */
const FAREWELL = 500;

export const bridge = (given: BridgeGiven) =>
  Effect.gen(function* () {
    const config = yield* Options.configured(given);
    yield* endpoint(config, given.allowHttp);
    const headers = yield* headersOf(given);
    const tls = yield* Effect.all({ ca: pem(given.ca), cert: pem(given.cert), key: pem(given.key) });
    const options: Wire.Options = {
      destination: destination(given),
      headers,
      tls,
      timeout: Duration.seconds(Math.max(1, given.timeout)),
    };
    const policy: Tools.Policy = { readOnly: given.readOnly, allowed: given.allowTool, denied: given.denyTool };
    if (given.doctor) return yield* doctor(config, options, policy);
    if (given.requireDaemon) {
      const { trouble } = yield* Doctor.examine(options, policy);
      if (trouble !== undefined) return yield* failureOf(trouble);
    }
    const { awaited } = yield* Signal;
    // An agent that does not care for the log, or closes it, is served all the same.
    process.stderr.removeAllListeners("error").on("error", () => {});
    yield* Effect.logInfo("bridging", { url: config.url }).pipe(
      Effect.zipRight(
        Bridge.run({
          ...options,
          policy,
          patience: Duration.seconds(given.wait),
          input: process.stdin,
          output: process.stdout,
        }),
      ),
      Effect.raceFirst(awaited),
      Effect.raceFirst(orphaned),
      Effect.provide(Log.layer(config)),
    );
    setTimeout(() => process.exit(ExitCode.ok), FAREWELL).unref();
  });

/** Looked up at each need, as it may change: the daemon's own file, the token's, the configuration. */
const destination = (given: BridgeGiven): Destination.Destination => {
  const found = <A>(look: (config: Config) => Effect.Effect<A, Failure>) =>
    Effect.flatMap(Options.configured(given), look).pipe(
      Effect.mapError(
        ({ message, next }) =>
          new Destination.Nowhere({ message: next === undefined ? message : `${message} ${next}` }),
      ),
    );
  return {
    url: Destination.known(found((config) => endpoint(config, given.allowHttp))),
    token: Destination.known(found(bearer)),
  };
};

/** The MCP endpoint; a token goes to another machine under TLS only. */
const endpoint = ({ url, origins }: Config, allowHttp: boolean): Effect.Effect<URL, Failure> => {
  const found = new URL(url);
  found.pathname = found.pathname.replace(/(\/mcp)?\/*$/, "/mcp");
  return found.protocol === "https:" || allowHttp || LOOPBACK.test(found.hostname)
    ? Effect.succeed(found)
    : new Failure({
        exit: ExitCode.config,
        message: `${url} (${origins.url}) is on another machine and not under TLS: the token could be read on the way.`,
        next: "Give an https URL, or --allow-http if the network is yours.",
      });
};

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** What the daemon is told to leave out; the token decides what there is. */
const headersOf = ({ header, readOnly, toolset }: BridgeGiven) =>
  Effect.map(
    Effect.forEach(header, (text) => {
      const [, name = "", value = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[:=]\s*([\x20-\x7e]*)$/.exec(text) ?? [];
      return name === "" || /^(authorization|mcp-.*|content-.*|accept|host|transfer-encoding)$/i.test(name)
        ? new Failure({
            exit: ExitCode.usage,
            message:
              name === ""
                ? "--header must be a name, a colon and a value."
                : `--header cannot set ${name}: that is the bridge's own.`,
            next: "See: cadastre mcp-bridge --help",
          })
        : Effect.succeed([name.toLowerCase(), value] as const);
    }),
    (own): { readonly [name: string]: string } => ({
      ...Object.fromEntries(own),
      ...(readOnly ? { "x-mcp-readonly": "true" } : {}),
      ...(toolset.length > 0 ? { "x-mcp-toolsets": toolset.join(",") } : {}),
    }),
  );

const pem = (path: Option.Option<string>) =>
  Option.match(path, {
    onNone: () => Effect.succeed(undefined),
    onSome: (path) =>
      Effect.tryPromise({
        try: () => readFile(path, "utf8"),
        catch: () => new Failure({ exit: ExitCode.local, message: `${path} cannot be read.` }),
      }),
  });

/** An agent that was killed may leave its end of the pipe to others; then the input never ends. */
const orphaned = Effect.suspend(() => {
  const parent = process.ppid;
  return Effect.sync(() => process.ppid === parent).pipe(
    Effect.repeat({ schedule: Schedule.spaced("5 seconds"), while: (isThere) => isThere }),
    Effect.zipRight(Effect.logInfo("ends, as the agent has")),
  );
});

const doctor = (config: Config, options: Wire.Options, policy: Tools.Policy) =>
  Effect.gen(function* () {
    const { line, style } = yield* Output;
    const url = yield* endpoint(config, true);
    const token = yield* Effect.either(bearer(config));
    const { findings, trouble } = yield* Doctor.examine(options, policy);
    const all: ReadonlyArray<Doctor.Finding> = [
      { subject: "endpoint", isGood: true, detail: `${url.href} (${config.origins.url})` },
      token._tag === "Right"
        ? { subject: "token", isGood: true, detail: `from ${tokenOrigin(config)}` }
        : { subject: "token", isGood: false, detail: [token.left.message, token.left.next].join(" ") },
      ...findings,
    ];
    const width = Math.max(...all.map(({ subject }) => subject.length));
    for (const { subject, isGood, detail } of all) {
      yield* line(`${isGood ? style.green("ok  ") : style.red("FAIL")}  ${subject.padEnd(width)}  ${detail}`);
    }
    if (token._tag === "Left") return yield* new Failure({ exit: token.left.exit, message: "" });
    if (trouble !== undefined) return yield* new Failure({ exit: failureOf(trouble).exit, message: "" });
  });

const tokenOrigin = ({ origins, token, tokenFile, tokenCommand }: Config): string => {
  const isOption = origins.tokenCommand === "--token-command" || origins.tokenFile === "--token-file";
  if (Option.isSome(token) && !isOption) return "CADASTRE_TOKEN";
  return tokenCommand !== "" && origins.tokenFile !== "--token-file"
    ? `the command of ${origins.tokenCommand}`
    : tokenFile;
};

const failureOf = ({ code, message }: Wire.Trouble) =>
  new Failure({
    exit:
      code === Code.unauthenticated ? ExitCode.denied : code === Code.refused ? ExitCode.refused : ExitCode.unreachable,
    message,
  });
