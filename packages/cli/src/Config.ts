/**
 * Settings: what there is to set, where each value comes from (defaults, then the file, then the environment, then
 * flags), and what is said when one is wrong.
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { TOOLSETS } from "@cadastre/mcp/Toolset";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Option from "effect/Option";
import * as ParseResult from "effect/ParseResult";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import * as DaemonFile from "./DaemonFile.ts";
import * as Environment from "./Environment.ts";
import { ExitCode } from "./ExitCode.ts";
import { Failure } from "./Failure.ts";
import { closest } from "./internal/closest.ts";
import type { FileEntry } from "./internal/configFile.ts";
import * as durations from "./internal/durations.ts";
import { located } from "./internal/paths.ts";
import * as PostgresUrl from "./internal/postgresUrl.ts";
import { Database, Duration, Flag, Names, Port, Targets, Text, Toolsets, Url, word } from "./internal/values.ts";
import * as VaultKeys from "./internal/vaultKeys.ts";
import * as Identity from "./settings/Identity.ts";
import * as Limits from "./settings/Limits.ts";
import * as Postgres from "./settings/Postgres.ts";

/** One entry a setting: the name in the file is the key. */
export const SETTINGS = {
  database: {
    schema: Database,
    variable: "CADASTRE_DATABASE_URL",
    flag: "db",
    about: "Where the catalog is kept: a path, sqlite:path, :memory: or postgres://user@host:5432/database",
  },
  migrate: {
    schema: word("auto", "manual"),
    variable: "CADASTRE_MIGRATE",
    flag: "migrate",
    about: "auto: bring an older database up to date when it is opened; manual: refuse it until `admin migrate` has",
  },
  host: { schema: Text, variable: "CADASTRE_HOST", flag: "host", about: "Address that the daemon listens on" },
  port: {
    schema: Port,
    variable: "CADASTRE_PORT",
    flag: "port",
    about: "Port that the daemon listens on; 0: any free one",
  },
  hostnames: {
    schema: Names,
    variable: "CADASTRE_HOSTNAMES",
    flag: "hostnames",
    about: "Names besides localhost by which a daemon on a loopback address may be addressed, as behind a proxy",
  },
  logLevel: {
    schema: word("trace", "debug", "info", "warning", "error", "fatal", "none"),
    variable: "CADASTRE_LOG_LEVEL",
    flag: "log-level",
    about: "Least severe log entries to write: trace, debug, info, warning, error, fatal, none",
  },
  logFormat: {
    schema: word("auto", "json", "pretty"),
    variable: "CADASTRE_LOG_FORMAT",
    flag: "log-format",
    about: "json, pretty, or auto: pretty on a terminal",
  },
  metrics: {
    schema: word("token", "open", "off"),
    variable: "CADASTRE_METRICS",
    flag: "metrics",
    about:
      "Who may read /metrics: token (the scope metrics:read), open (everybody who reaches the daemon), off (nobody)",
  },
  sqliteSynchronous: {
    schema: word("full", "normal"),
    variable: "CADASTRE_SQLITE_SYNCHRONOUS",
    flag: "sqlite-synchronous",
    about: "full: no acknowledged write is lost in a power cut; normal: faster, the last few may be",
  },
  ...Postgres.SETTINGS,
  callbackTargets: {
    schema: Targets,
    variable: "CADASTRE_CALLBACK_TARGETS",
    about: "Private targets that callbacks may go to: addresses, ranges, names, each with :port or :* if need be",
  },
  vaultKeyFile: {
    schema: Text,
    variable: "CADASTRE_VAULT_KEY_FILE",
    about: "File with the keys that seal the secrets of subscriptions",
  },
  mcpReadOnly: {
    schema: Flag,
    variable: "CADASTRE_MCP_READ_ONLY",
    flag: "mcp-read-only",
    about: "true: agents get no tool that writes, whatever their token allows",
  },
  mcpToolsets: {
    schema: Toolsets,
    variable: "CADASTRE_MCP_TOOLSETS",
    flag: "mcp-toolsets",
    about: `Tools that agents get: all, or some of ${TOOLSETS.join(", ")}`,
  },
  mcpSessions: {
    schema: Flag,
    variable: "CADASTRE_MCP_SESSIONS",
    flag: "mcp-sessions",
    about: "true: sessions for agents of the 2025 protocol that cannot do without",
  },
  ...Limits.SETTINGS,
  ...Identity.SETTINGS,
  url: {
    schema: Url,
    variable: "CADASTRE_URL",
    flag: "url",
    about: "Where the daemon answers, for the commands that ask it",
  },
  tokenFile: {
    schema: Text,
    variable: "CADASTRE_TOKEN_FILE",
    flag: "token-file",
    about: "File with the bearer token, for the commands that ask the daemon",
  },
  tokenCommand: {
    schema: Text,
    variable: "CADASTRE_TOKEN_COMMAND",
    flag: "token-command",
    about: "Command for the shell that prints the token; goes before the token file",
  },
} as const;

export type Key = keyof typeof SETTINGS;

export const KEYS = Object.keys(SETTINGS) as ReadonlyArray<Key>;

export type Values = { readonly [K in Key]: (typeof SETTINGS)[K]["schema"]["Type"] };

/** Settings that an option gives too. */
export type Flagged = {
  [K in Key]: (typeof SETTINGS)[K] extends { readonly flag: string } ? K : never;
}[Key];

/** Values given on the command line, unchecked. */
export type Flags = { readonly [K in Flagged]?: string | undefined };

export interface Config extends Values {
  /** For people: without the password of a Postgres URL. */
  readonly database: string;
  /** The whole URL, if the database is Postgres. */
  readonly postgres: Option.Option<Redacted.Redacted>;
  /** The URL is that of this machine's own daemon, to which alone the token of the state directory is sent. */
  readonly isOwn: boolean;
  readonly folders: Environment.Folders;
  /** The token itself, if the environment holds it. */
  readonly token: Option.Option<Redacted.Redacted>;
  /** Where the keys of the vault are: on Postgres, which replicas share, only where it was said. */
  readonly vault: { readonly keys: VaultKeys.Keys; readonly file: string | undefined };
  /** For each setting, where its value was found. */
  readonly origins: { readonly [K in Key]: string };
  /** The file that was looked for, and whether it is there. */
  readonly file: { readonly path: string; readonly found: boolean };
}

interface Setting {
  readonly schema: unknown;
  readonly flag?: string;
}

interface Candidate {
  readonly value: string;
  readonly origin: string;
  /** Folder against which relative paths are read; undefined: the working directory. */
  readonly base?: string | undefined;
}

/**
 * Reads and checks all the sources. Every problem is reported, not only the first.
 *
 * With `beside`, for a command that works beside a daemon, what is not set anywhere is taken from the daemon that runs: its
 * URL and its database.
 */
export const load = (flags: Flags, beside: boolean): Effect.Effect<Config, Failure> =>
  Effect.gen(function* () {
    const folders = yield* Environment.folders;
    const path = join(folders.config, "config.yaml");
    const found = existsSync(path);
    const file = found ? yield* readFile(path) : { entries: [], problems: [] };
    const environment = yield* readEnvironment;
    const running = beside ? yield* DaemonFile.read(folders.state) : Option.none();
    const vaultKeys = yield* VaultKeys.read;
    const problems = [...file.problems, ...environment.problems, ...vaultKeys.problems];

    const values: Record<string, unknown> = {};
    const origins: Record<string, string> = {};
    for (const key of KEYS) {
      const setting: Setting = SETTINGS[key];
      const flag = (flags as { readonly [key: string]: string | undefined })[key];
      const candidate: Candidate | undefined =
        flag !== undefined
          ? { value: flag, origin: `--${setting.flag}` }
          : (environment.entries.get(key) ?? file.entries.find((entry) => entry.key === key));
      if (candidate === undefined) continue;
      const decoded = Schema.decodeUnknownEither(setting.schema as Schema.Schema<unknown, string>)(candidate.value);
      if (Either.isLeft(decoded)) {
        problems.push(`${candidate.origin}: ${key} ${firstMessage(decoded.left)}${shown(key, candidate.value)}`);
      } else {
        values[key] = located(key, decoded.right, candidate.base);
        origins[key] = candidate.origin;
      }
    }
    problems.push(...Identity.problemsOf(values));
    if (problems.length > 0) {
      return yield* new Failure({
        exit: ExitCode.config,
        message: ["The configuration is wrong:", ...problems.map((problem) => `  ${problem}`)].join("\n"),
        next: "`cadastre config --help` lists the settings.",
      });
    }

    const token = yield* Environment.variable(Environment.TOKEN);
    const host = (values["host"] as string | undefined) ?? "127.0.0.1";
    const port = (values["port"] as number | undefined) ?? 7717;
    const here = Option.match(running, { onNone: () => `http://${host}:${port}`, onSome: ({ url }) => url });
    const defaults: Values = {
      database: Option.match(running, {
        onNone: () => join(folders.state, "catalog.db"),
        onSome: ({ database }) => database,
      }),
      migrate: "auto",
      host,
      port,
      hostnames: [],
      logLevel: "info",
      logFormat: "auto",
      metrics: "token",
      sqliteSynchronous: "full",
      ...Postgres.DEFAULTS,
      callbackTargets: [],
      vaultKeyFile: join(folders.state, "vault-key"),
      mcpReadOnly: false,
      mcpToolsets: "all",
      mcpSessions: false,
      ...Limits.DEFAULTS,
      ...Identity.DEFAULTS,
      url: here,
      tokenFile: join(folders.state, "admin-token"),
      tokenCommand: "",
    };
    const standard: { readonly [K in Key]?: string } = Option.isSome(running)
      ? { url: RUNNING, database: RUNNING }
      : {};
    // Each was decoded by its own schema.
    const effective = { ...defaults, ...values } as Values;
    const isPostgres = PostgresUrl.isMeant(effective.database);
    return {
      ...effective,
      database: isPostgres ? PostgresUrl.shown(effective.database) : effective.database,
      postgres: isPostgres ? Option.some(Redacted.make(effective.database)) : Option.none(),
      isOwn: new URL(effective.url).origin === new URL(here).origin,
      origins: Object.fromEntries(
        KEYS.map((key) => [key, origins[key] ?? standard[key] ?? "default"]),
      ) as Config["origins"],
      folders,
      vault: {
        keys: vaultKeys.keys,
        file: isPostgres && origins["vaultKeyFile"] === undefined ? undefined : effective.vaultKeyFile,
      },
      token: Option.map(token, (value) => Redacted.make(value.trim())),
      file: { path, found },
    };
  });

/** What a setting may be, where that is one of a few words. */
export const wordsOf = (key: Key): ReadonlyArray<string> => {
  const { schema } = SETTINGS[key];
  return schema === Flag ? Flag.from.literals : "literals" in schema ? schema.literals : [];
};

/** A value as one would write it. */
export const print = (key: Key, values: Values): string => {
  const value = values[key];
  if (typeof value === "number" && SETTINGS[key].schema === Duration) return durations.print(value);
  return typeof value === "object" ? value.join(", ") : String(value);
};

const RUNNING = "the running daemon";

const LISTS: ReadonlyArray<string> = [
  ...["hostnames", "callbackTargets", "trustedProxies"],
  ...["oidcAudience", "oidcScopes", "oidcAlgorithms"],
] satisfies ReadonlyArray<string>;

const readFile = (path: string) =>
  Effect.promise(() => import("./internal/configFile.ts")).pipe(
    Effect.flatMap(({ read }) => read(path)),
    Effect.map(({ entries, problems }) => {
      const known = (entry: FileEntry): entry is FileEntry & { key: Key } => Object.hasOwn(SETTINGS, entry.key);
      return {
        entries: entries
          .filter(known)
          .map(({ values, ...entry }) => ({ ...entry, value: values.join(","), base: dirname(path) })),
        problems: [
          ...problems,
          ...entries
            .filter((entry) => known(entry) && entry.isList && !LISTS.includes(entry.key))
            .map(({ origin, key }) => `${origin}: ${key} must be a single value`),
          ...entries
            .filter((entry) => !known(entry))
            .map(({ origin, key }) => `${origin}: there is no setting "${key}"${closest(key, KEYS)}`),
        ],
      };
    }),
  );

/** Variables that are no settings. */
const SECRETS: ReadonlyArray<string> = [Environment.TOKEN, Environment.VAULT_KEY];

const readEnvironment = Effect.gen(function* () {
  const entries = new Map<Key, Candidate>();
  const names = new Map<string, Key>(KEYS.map((key) => [SETTINGS[key].variable, key]));
  const problems: Array<string> = [];
  for (const name of yield* Environment.ours) {
    const key = names.get(name);
    if (key !== undefined) {
      const value = yield* Environment.variable(name);
      if (Option.isSome(value)) entries.set(key, { value: value.value, origin: name });
    } else if (!SECRETS.includes(name)) {
      problems.push(`${name}: there is no such variable${closest(name, [...names.keys(), ...SECRETS])}`);
    }
  }
  return { entries, problems };
});

const firstMessage = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.message ?? "is wrong";

/** A database URL may hold a password. */
const shown = (key: Key, value: string): string => (key === "database" || key === "url" ? "" : `, not "${value}"`);
