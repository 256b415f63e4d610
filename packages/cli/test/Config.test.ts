import { join } from "node:path";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Config from "../src/Config.ts";
import { environment, folder } from "./support.ts";

const load = (options: {
  readonly file?: string;
  readonly variables?: { readonly [name: string]: string };
  readonly flags?: Config.Flags;
  readonly state?: { readonly [name: string]: string };
  readonly beside?: boolean;
}) =>
  Effect.gen(function* () {
    const home = yield* folder({
      ...(options.file === undefined ? {} : { "config/cadastre/config.yaml": options.file }),
      ...Object.fromEntries(
        Object.entries(options.state ?? {}).map(([name, text]) => [`state/cadastre/${name}`, text]),
      ),
    });
    const loaded = yield* Config.load(options.flags ?? {}, options.beside ?? true).pipe(
      Effect.provide(
        environment({
          XDG_CONFIG_HOME: join(home, "config"),
          XDG_STATE_HOME: join(home, "state"),
          ...options.variables,
        }),
      ),
      Effect.either,
    );
    return { home, loaded };
  });

const message = ({ loaded, home }: Effect.Effect.Success<ReturnType<typeof load>>): string =>
  loaded._tag === "Left" ? loaded.left.message.replaceAll(home, "") : "no failure";

const value = ({ loaded }: Effect.Effect.Success<ReturnType<typeof load>>): Config.Config => {
  if (loaded._tag === "Left") throw loaded.left;
  return loaded.right;
};

it.scoped("takes defaults where nothing is set", () =>
  Effect.gen(function* () {
    const result = yield* load({});
    const config = value(result);
    expect(config).toMatchObject({ host: "127.0.0.1", port: 7717, logLevel: "info", sqliteSynchronous: "full" });
    expect(config.database).toBe(join(result.home, "state/cadastre/catalog.db"));
    expect(config.url).toBe("http://127.0.0.1:7717");
    expect(new Set(Object.values(config.origins))).toEqual(new Set(["default"]));
  }),
);

it.scoped("takes the keys of secrets from the environment, shows none, and makes up no file for them on Postgres", () =>
  Effect.gen(function* () {
    const database = "postgres://u@127.0.0.1/c";
    const [one, other] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString("base64"));
    const given = value(yield* load({ variables: { CADASTRE_VAULT_KEY: `${one}\n${other}` } }));
    expect(given.vault.keys.map((key) => Redacted.value(key)[0])).toEqual([1, 2]);
    expect(JSON.stringify(given)).not.toContain(one);
    expect(given.vault.file).toBe(given.vaultKeyFile);
    expect(value(yield* load({ flags: { database } })).vault.file).toBe(undefined);
    expect(value(yield* load({ flags: { database }, variables: { CADASTRE_VAULT_KEY_FILE: "/k" } })).vault.file).toBe(
      "/k",
    );
    const wrong = message(yield* load({ variables: { CADASTRE_VAULT_KEY: "hunter2" } }));
    expect(wrong).toContain("CADASTRE_VAULT_KEY: is no key: give 32 bytes");
    expect(wrong).not.toContain("hunter2");
  }),
);

it.scoped("lets the file win over defaults, variables over the file, options over all, and says which it was", () =>
  Effect.gen(function* () {
    const result = yield* load({
      file: "host: 10.0.0.1\nport: 1001\nlogLevel: debug\n",
      variables: { CADASTRE_PORT: "1002", CADASTRE_LOG_LEVEL: "error" },
      flags: { logLevel: "trace" },
    });
    const { host, port, logLevel, origins } = value(result);
    expect({ host, port, logLevel }).toEqual({ host: "10.0.0.1", port: 1002, logLevel: "trace" });
    expect(origins.host).toBe(`${join(result.home, "config/cadastre/config.yaml")}:1`);
    expect(origins.port).toBe("CADASTRE_PORT");
    expect(origins.logLevel).toBe("--log-level");
  }),
);

it.scoped("reports every problem of every source, each with its place", () =>
  Effect.gen(function* () {
    const result = yield* load({
      file: "# ours\nprot: 80\nlogLevel: loud\nhost: [a, b]\n",
      variables: { CADASTRE_HOTS: "x", CADASTRE_SQLITE_SYNCHRONOUS: "off" },
      flags: { port: "-1" },
    });
    expect(message(result)).toBe(
      [
        "The configuration is wrong:",
        "  /config/cadastre/config.yaml:4: host must be a single value",
        '  /config/cadastre/config.yaml:2: there is no setting "prot"; did you mean "port"?',
        '  CADASTRE_HOTS: there is no such variable; did you mean "CADASTRE_HOST"?',
        '  --port: port must be a whole number from 0 to 65535 (0: any free port), not "-1"',
        '  /config/cadastre/config.yaml:3: logLevel must be one of: trace, debug, info, warning, error, fatal, none, not "loud"',
        '  CADASTRE_SQLITE_SYNCHRONOUS: sqliteSynchronous must be one of: full, normal, not "off"',
      ].join("\n"),
    );
  }),
);

it.scoped("says where the file is no YAML", () =>
  Effect.gen(function* () {
    expect(message(yield* load({ file: 'port: 1\nhost: "open\n' }))).toContain("config.yaml:3: ");
    expect(message(yield* load({ file: "- port\n" }))).toContain("config.yaml:1: must be a map of settings");
  }),
);

it.scoped("takes an empty file for one without settings", () =>
  Effect.gen(function* () {
    expect(value(yield* load({ file: "# nothing yet\n" })).port).toBe(7717);
  }),
);

it.scoped("takes a Postgres URL, and shows it without its password", () =>
  Effect.gen(function* () {
    const url = "postgres://app:hunter2@db:5433/catalog?sslmode=require&password=hunter3";
    const config = value(yield* load({ variables: { CADASTRE_DATABASE_URL: url } }));
    expect(config.database).toBe("postgres://app@db:5433/catalog?sslmode=require");
    expect(Option.map(config.postgres, Redacted.value)).toEqual(Option.some(url));
    expect(JSON.stringify(config)).not.toContain("hunter");
    expect(value(yield* load({ flags: { database: "sqlite:postgres.db" } })).postgres).toEqual(Option.none());
  }),
);

it.scoped("says what is wrong with a Postgres URL without repeating it", () =>
  Effect.gen(function* () {
    for (const [url, complaint] of [
      ["postgres.db", "(a file of such a name: sqlite:./postgres…)"],
      ["postgresx://app:hunter2@db/catalog", "is no URL such as"],
      ["postgres://app:hunter2/@db/catalog", "is no URL such as"],
      ["postgres://app:hunter2@db/", "without a database"],
      ["postgres://app:hunter2%@db/catalog", "write %25"],
    ]) {
      const text = message(yield* load({ flags: { database: url } }));
      expect(text).toContain(complaint);
      expect(text).not.toContain("hunter");
    }
  }),
);

it.scoped("reads times with their unit, and prints them in the largest that fits", () =>
  Effect.gen(function* () {
    const config = value(
      yield* load({ file: "postgresIdleTimeout: 90s\npostgresMaxLifetime: 120m\npostgresConnectTimeout: 500ms\n" }),
    );
    expect(config).toMatchObject({ postgresIdleTimeout: 90_000, postgresMaxLifetime: 7_200_000 });
    expect(Config.print("postgresIdleTimeout", config)).toBe("90s");
    expect(Config.print("postgresMaxLifetime", config)).toBe("2h");
    expect(Config.print("postgresConnectTimeout", config)).toBe("500ms");
    expect(message(yield* load({ file: "postgresIdleTimeout: 30\n" }))).toContain(
      'postgresIdleTimeout must be a time of more than nothing, such as 500ms, 30s, 5m or 1h, not "30"',
    );
  }),
);

it.scoped("takes host names as a list in the file, and separated by commas everywhere", () =>
  Effect.gen(function* () {
    const names = ["catalog.example", "catalog"];
    expect(value(yield* load({ file: "hostnames: [catalog.example, catalog]\n" })).hostnames).toEqual(names);
    expect(value(yield* load({ file: "hostnames: catalog.example, catalog\n" })).hostnames).toEqual(names);
    expect(value(yield* load({ flags: { hostnames: "catalog.example,catalog" } })).hostnames).toEqual(names);
    expect(message(yield* load({ flags: { hostnames: "https://catalog.example" } }))).toContain("without a port");
  }),
);

it.scoped("knows the daemon of this machine from others", () =>
  Effect.gen(function* () {
    const isOwn = (url: string, state = {}) => Effect.map(load({ flags: { url }, state }), (it) => value(it).isOwn);
    expect(value(yield* load({})).isOwn).toBe(true);
    expect(yield* isOwn("http://127.0.0.1:7717/")).toBe(true);
    expect(yield* isOwn("http://catalog.example")).toBe(false);
    expect(yield* isOwn("http://127.0.0.1:4711", running(process.pid))).toBe(true);
    expect(yield* isOwn("http://127.0.0.1:7717", running(process.pid))).toBe(false);
  }),
);

it.scoped("reads sqlite:path, paths and :memory:, relative ones against the place where they are written", () =>
  Effect.gen(function* () {
    const inFile = yield* load({ file: "database: sqlite:data/a.db\n" });
    expect(value(inFile).database).toBe(join(inFile.home, "config/cadastre/data/a.db"));
    expect(value(yield* load({ flags: { database: "a.db" } })).database).toBe(join(process.cwd(), "a.db"));
    expect(value(yield* load({ flags: { database: ":memory:" } })).database).toBe(":memory:");
    expect(value(yield* load({ flags: { database: "sqlite::memory:" } })).database).toBe(":memory:");
  }),
);

it.scoped("leaves alone what Kubernetes sets for a service of this name", () =>
  Effect.gen(function* () {
    const variables = {
      CADASTRE_PORT: "tcp://10.0.0.1:7717",
      CADASTRE_PORT_7717_TCP_ADDR: "10.0.0.1",
      CADASTRE_SERVICE_HOST: "10.0.0.1",
    };
    expect(value(yield* load({ variables })).port).toBe(7717);
  }),
);

it.scoped("ignores relative XDG folders, as the specification demands", () =>
  Effect.gen(function* () {
    const { folders } = value(yield* load({ variables: { XDG_STATE_HOME: "relative", HOME: "/home/someone" } }));
    expect(folders.state.startsWith("/")).toBe(true);
  }),
);

it.scoped("keeps the token of the environment out of what can be printed", () =>
  Effect.gen(function* () {
    const config = value(yield* load({ variables: { CADASTRE_TOKEN: "cad_secret" } }));
    expect(JSON.stringify(config)).not.toContain("cad_secret");
    expect(Option.map(config.token, Redacted.value)).toEqual(Option.some("cad_secret"));
  }),
);

const running = (pid: number) => ({
  "daemon.json": JSON.stringify({ url: "http://127.0.0.1:4711", database: "/elsewhere/catalog.db", pid }),
});

it.scoped("finds the running daemon and its database, except for another daemon", () =>
  Effect.gen(function* () {
    const beside = value(yield* load({ state: running(process.pid) }));
    expect(beside).toMatchObject({ url: "http://127.0.0.1:4711", database: "/elsewhere/catalog.db" });
    expect(beside.origins.url).toBe("the running daemon");
    const daemon = yield* load({ state: running(process.pid), beside: false });
    expect(value(daemon).database).toBe(join(daemon.home, "state/cadastre/catalog.db"));
  }),
);

it.scoped("prefers what is set to the running daemon", () =>
  Effect.gen(function* () {
    const config = value(yield* load({ state: running(process.pid), flags: { url: "http://127.0.0.1:1" } }));
    expect(config.url).toBe("http://127.0.0.1:1");
  }),
);

it.scoped("does not believe the file of a daemon that is gone", () =>
  Effect.gen(function* () {
    // The highest process id that Linux gives out is 2^22.
    expect(value(yield* load({ state: running(2 ** 22 + 1) })).url).toBe("http://127.0.0.1:7717");
  }),
);

it.scoped("takes an issuer with its audience and its scopes, and not without", () =>
  Effect.gen(function* () {
    const file = [
      "oidcIssuer: https://login.example.com/realm",
      "oidcAudience: [cadastre]",
      "oidcScopes:",
      "  - catalog:read = sub *",
      "  - catalog:write = groups platform team",
      "oidcAlgorithms: ES256, RS256",
    ].join("\n");
    expect(value(yield* load({ file }))).toMatchObject({
      oidcAudience: ["cadastre"],
      oidcScopes: ["catalog:read = sub *", "catalog:write = groups platform team"],
      oidcAlgorithms: ["ES256", "RS256"],
      oidcClockSkew: 30_000,
    });
    const alone = message(yield* load({ variables: { CADASTRE_OIDC_ISSUER: "https://login.example.com" } }));
    expect(alone).toMatch(/oidcAudience has to be set with oidcIssuer/);
    expect(alone).toMatch(/oidcScopes has to be set with oidcIssuer/);
    for (const [name, text, says] of [
      ["CADASTRE_OIDC_ISSUER", "http://login.example.com", /https URL/],
      ["CADASTRE_OIDC_ISSUER", "https://login.example.com?a=b", /https URL/],
      ["CADASTRE_OIDC_ALGORITHMS", "none", /RS256/],
      ["CADASTRE_OIDC_ALGORITHMS", "ES256,HS256", /RS256/],
      ["CADASTRE_OIDC_SCOPES", "everything = sub *", /catalog:read/],
      ["CADASTRE_OIDC_SCOPES", "admin = sub", /a claim and its value/],
    ] as const) {
      expect(message(yield* load({ variables: { [name]: text } })), text).toMatch(says);
    }
  }),
);

it.scoped("takes limits and proxies, and says what is wrong with them", () =>
  Effect.gen(function* () {
    const file = 'rateLimit: "off"\nrateLimitAnonymous: 5/1m\ntrustedProxies: [10.0.0.0/8, "::1"]\nmaxRequests: 7\n';
    expect(value(yield* load({ file }))).toMatchObject({
      rateLimit: "off",
      rateLimitAnonymous: "5/1m",
      trustedProxies: ["10.0.0.0/8", "::1"],
      proxyHeader: "x-forwarded-for",
      maxRequests: 7,
      maxStreams: 100,
    });
    for (const [name, text, says] of [
      ["CADASTRE_RATE_LIMIT", "100", /5000\/10s/],
      ["CADASTRE_TRUSTED_PROXIES", "10.0.0.0/8,proxy.internal", /addresses or ranges/],
      ["CADASTRE_PROXY_HEADER", "via", /x-forwarded-for, forwarded/],
      ["CADASTRE_MAX_REQUESTS", "0", /from 1 to/],
    ] as const) {
      expect(message(yield* load({ variables: { [name]: text } })), text).toMatch(says);
    }
  }),
);
