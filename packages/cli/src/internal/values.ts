/**
 * What settings may be, each with what is said where it is not.
 */
import * as AllowedTarget from "@cadastre/channels/AllowedTarget";
import { ALGORITHMS, type Algorithm } from "@cadastre/identity/Algorithm";
import { isIssuer } from "@cadastre/identity/IssuerUrl";
import * as ScopeRule from "@cadastre/identity/ScopeRule";
import { TOOLSETS } from "@cadastre/mcp/Toolset";
import * as RateLimit from "@cadastre/server/RateLimit";
import { isProxy } from "@cadastre/server/TrustedProxies";
import * as Either from "effect/Either";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import * as durations from "./durations.ts";
import * as PostgresUrl from "./postgresUrl.ts";

export const word = <const Words extends readonly [string, ...Array<string>]>(...words: Words) =>
  Schema.Literal(...words).annotations({
    message: () => ({ message: `must be one of: ${words.join(", ")}`, override: true }),
  });

const says = (message: string) => ({ message: () => ({ message, override: true }) });

/** Of a database that is not served here: no path begins like this. */
const OTHER_URL = /^(?!sqlite:)[a-z][a-z\d+.-]*:\/\//i;

/** A Postgres URL, `sqlite:path`, a path, or `:memory:`. */
export const Database = Schema.String.pipe(
  Schema.filter((value) =>
    PostgresUrl.isMeant(value)
      ? PostgresUrl.fault(value)
      : (value.replace(/^sqlite:/, "") !== "" && !OTHER_URL.test(value)) ||
        "must be a path, sqlite:path, :memory: or a URL postgres://…",
  ),
);

export const Url = Schema.String.pipe(
  Schema.filter((value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) return "must be a URL such as http://127.0.0.1:7717";
    return (url.username === "" && url.password === "") || "must not hold credentials: give a token file";
  }),
);

export const Text = Schema.NonEmptyString.annotations(says("must not be empty"));

export const Port = Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 65535)).annotations(
  says("must be a whole number from 0 to 65535 (0: any free port)"),
);

export const Count = Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 1000)).annotations(
  says("must be a whole number from 1 to 1000"),
);

export const Many = Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, 100_000)).annotations(
  says("must be a whole number from 1 to 100000"),
);

/** `5000/10s`, or `off`. */
export const Rate = Schema.String.pipe(
  Schema.filter((text) => RateLimit.parse(text) !== null || "must be off, or requests in a time, such as 5000/10s"),
);

/** Milliseconds. */
export const Duration = Schema.transformOrFail(Schema.String, Schema.Number, {
  strict: true,
  encode: (millis) => ParseResult.succeed(durations.print(millis)),
  decode: (text, _, ast) => {
    const millis = durations.parse(text);
    return millis === undefined ? ParseResult.fail(new ParseResult.Type(ast, text)) : ParseResult.succeed(millis);
  },
}).annotations(says("must be a time of more than nothing, such as 500ms, 30s, 5m or 1h"));

/** Texts, separated by commas; in the file a list too. */
const list = <A extends string>(item: Schema.Schema<A, string>) =>
  Schema.split(",").pipe(Schema.compose(Schema.Array(Schema.compose(Schema.Trim, item))));

export const List = list(Schema.NonEmptyString).annotations(says("must be texts, separated by commas"));

/** Addresses and ranges, separated by commas. */
export const Proxies = list(Schema.String.pipe(Schema.filter(isProxy))).annotations(
  says("must be addresses or ranges such as 10.0.0.0/8, separated by commas"),
);

export const Issuer = Schema.String.pipe(
  Schema.filter(
    (url) => isIssuer(url) || "must be an https URL without a query, such as https://login.example.com/realm",
  ),
);

const isAlgorithm = (text: string): text is Algorithm => ALGORITHMS.some((algorithm) => algorithm === text);

export const Algorithms = list(Schema.String.pipe(Schema.filter(isAlgorithm))).annotations(
  says(`must be some of ${ALGORITHMS.join(", ")}, separated by commas`),
);

/** What claims give which scopes, separated by commas. */
export const ScopeRules = list(
  Schema.String.pipe(
    Schema.filter((text) => Either.match(ScopeRule.parse(text), { onLeft: String, onRight: () => true })),
  ),
);

/** Entries of the allow-list of callbacks, separated by commas; in the file a list too. */
export const Targets = list(
  Schema.String.pipe(
    Schema.filter((text) => Either.match(AllowedTarget.parse(text), { onLeft: String, onRight: () => true })),
  ),
);

/** Names, separated by commas; in the file a list too. */
export const Names = list(Schema.String.pipe(Schema.pattern(/^[^\s/:@]+$/))).annotations(
  says("must be host names without a port, separated by commas"),
);

export const Flag = Schema.transform(word("true", "false"), Schema.Boolean, {
  strict: true,
  decode: (value) => value === "true",
  encode: (value) => (value ? "true" : "false"),
});

/** `all`, or some of the groups of tools: `search,graph`. */
export const Toolsets = Schema.String.pipe(
  Schema.filter((value) =>
    value === "all" || value.split(",").every((name) => TOOLSETS.some((toolset) => toolset === name.trim()))
      ? true
      : `must be all, or some of ${TOOLSETS.join(", ")}, separated by commas`,
  ),
);
