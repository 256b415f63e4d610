/**
 * Writes the pages of docs/reference from the declarations in the code. With --check it writes nothing and exits 1 if a committed
 * page is another.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = "docs/reference";
const METER = "packages/domain/src/Meter.ts";

/** Where metrics are declared: wherever something is measured. */
const measured = () =>
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "packages/*/src/*.ts"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\0")
    .filter((path) => path !== "" && path !== METER)
    .filter((path) => /\bMeter\.(counter|gauge|histogram)\(/.test(readFileSync(join(root, path), "utf8")));

/** The workspace's own modules. */
const declarations = async () => {
  const outfile = join(root, "node_modules/.cache/reference.cjs");
  const contents = [
    ...measured().map((path) => `import "./${path}";`),
    `export { families } from "./${METER}";`,
    'export { document } from "./packages/api/src/OpenApi.ts";',
    'export { ADVICE } from "./packages/api/src/Advice.ts";',
    'export { CODES } from "./packages/api/src/Problem.ts";',
    'export * as CommandLine from "./packages/cli/src/CommandLine.ts";',
    'export * as Config from "./packages/cli/src/Config.ts";',
    'export * as ExitCode from "./packages/cli/src/ExitCode.ts";',
    'export * as Help from "./packages/cli/src/Help.ts";',
    'export * as Program from "./packages/cli/src/Program.ts";',
    'export * as Surface from "./packages/mcp/src/Surface.ts";',
    'export * as Catalog from "./packages/mcp/test/surface.ts";',
    'export * as ConfigProvider from "./packages/cli/node_modules/effect/dist/esm/ConfigProvider.js";',
    'export * as Effect from "./packages/cli/node_modules/effect/dist/esm/Effect.js";',
    'export * as Schema from "./packages/cli/node_modules/effect/dist/esm/Schema.js";',
  ].join("\n");
  await bundle(undefined, outfile, {
    entryPoints: undefined,
    stdin: { contents, resolveDir: root },
    logOverride: { "empty-import-meta": "silent" },
  });
  return createRequire(import.meta.url)(outfile);
};

const NOTE = "Made by `node scripts/reference.mjs` from the declarations in the code.";

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => String(cell).replace(/\|/g, "\\|").replace(/\n/g, " ")).join(" | ")} |`)
    .join("\n");

const code = (text) => `\`${text}\``;

const anchor = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, "")
    .replace(/\s/g, "-");

const link = (heading, text = heading) => `[${text}](#${anchor(heading)})`;

/** A JSON Schema in a few words: type, bounds, choices. */
const told = (schema) => {
  if (schema === undefined) return "";
  const { type, items, enum: choices, anyOf, minimum, maximum, minLength, maxLength, format, $ref } = schema;
  if ($ref !== undefined) return code($ref.split("/").at(-1));
  if ("const" in schema) return code(schema.const);
  if (choices !== undefined) return choices.map(code).join(", ");
  if (anyOf !== undefined) return anyOf.map(told).join(" or ");
  if (type === "array")
    return items?.enum === undefined ? `list of ${told(items) || "anything"}` : `any of ${told(items)}`;
  if (type === "integer" || type === "number") {
    const most = maximum >= Number.MAX_SAFE_INTEGER - 1 ? undefined : maximum;
    return minimum === undefined && most === undefined ? type : `${minimum ?? "…"}–${most ?? "…"}`;
  }
  if (type === "string") {
    const bounds = maxLength === undefined ? "" : ` of ${minLength ?? 0}–${maxLength}`;
    return `${format === "date-time" ? "time" : "text"}${bounds}`;
  }
  return type ?? "";
};

/** What a schema says of itself, and its type has said already. */
const BOUNDS = /^\d+ to \d+ characters\.$/;

const defaulted = (schema) => (schema?.default === undefined ? "" : `; ${code(schema.default)} where absent`);

const scopes = (security) => {
  const [requirement] = security ?? [];
  if (requirement === undefined) return "open to all";
  return requirement.bearer.length === 0 ? "any token" : requirement.bearer.map(code).join(", ");
};

const rest = ({ document }) => {
  const { paths, tags } = document();
  const calls = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, call: `${method.toUpperCase()} ${path}` })),
  );
  const bodies = (media) =>
    Object.entries(media ?? {}).map(([type, { schema }]) => [type, told(schema)].filter((it) => it !== "").join(" "));
  const answers = (responses) =>
    Object.entries(responses)
      .filter(([status]) => status.startsWith("2"))
      .map(([status, { content, headers }]) =>
        [
          `**${status}** ${bodies(content).join(", or ") || "nothing"}`,
          ...Object.keys(headers)
            .filter((name) => !/^(X-Request-Id)$/.test(name))
            .map(code),
        ].join(", "),
      );
  const codes = ({ responses }) =>
    Object.values(responses).flatMap(({ description }) =>
      [...description.matchAll(/`([a-z-]+)`: /g)].map(([, name]) => name),
    );
  const named = (names) => names.map((name) => `[\`${name}\`](errors.md#${name})`).join(", ");
  /** Of every call for which a token is needed. */
  const usual = calls
    .filter(({ security }) => security.length > 0)
    .map(codes)
    .reduce((all, some) => all.filter((name) => some.includes(name)));
  const section = (operation) => {
    const { call, summary, description, security, parameters, requestBody, responses } = operation;
    const failures = codes(operation).filter((name) => !usual.includes(name));
    return [
      `### ${call}`,
      `${summary}. ${description ?? ""}`.trim(),
      ...(parameters.length === 0
        ? []
        : [
            table(
              ["parameter", "in", "takes", ""],
              parameters.map(({ name, in: place, required, description = "", schema }) => [
                code(name) + (required ? " *" : ""),
                place,
                told(schema) + defaulted(schema),
                description.replace(" Repeat it or separate the values by commas.", "").replace(BOUNDS, ""),
              ]),
            ),
          ]),
      [
        `- Needs: ${scopes(security)}`,
        ...(requestBody === undefined ? [] : [`- Body: ${bodies(requestBody.content).join(", or ")}`]),
        `- Answers: ${answers(responses).join("; ")}`,
        ...(failures.length === 0 ? [] : [`- Failures: ${named(failures)}`]),
      ].join("\n"),
    ].join("\n\n");
  };

  return `# REST

${NOTE} How calls belong together, with examples: [REST](../rest.md). With the schemas: \`/docs\` of a running daemon, and
[openapi.json](../../packages/api/openapi.json).

A \`*\` marks what has to be given. Lists in a URL are repeated or separated by commas. Every answer has \`X-Request-Id\`; every failure is a problem document
([errors](errors.md)). Any call may end with one of the exchange itself (\`rate-limited\`, \`overloaded\`, \`timeout\`, …), any call that needs a token with
${named(usual)}; what else there is to expect stands with each.

${table(
  ["call", "", "needs"],
  calls.map(({ call, summary, security }) => [link(call), summary, scopes(security)]),
)}

${tags
  .map(({ name, description }) =>
    [
      `## ${name}`,
      ...(description === undefined ? [] : [description]),
      ...calls.filter((it) => it.tags[0] === name).map(section),
    ].join("\n\n"),
  )
  .join("\n\n")}
`;
};

const cli = ({ CommandLine, ExitCode, Help, Program }) => {
  const walk = (place) => [
    { name: place.path.join(" "), ...Help.contents(place) },
    ...[...CommandLine.subcommands(place.command)].flatMap(([name, command]) =>
      walk({ path: [...place.path, name], command }),
    ),
  ];
  const pages = walk({ path: [Program.NAME], command: Program.root.descriptor });
  const leaves = pages.filter(({ commands }) => commands.length === 0);
  /** Said once where many commands say it in the same words. */
  const uses = new Map();
  for (const option of leaves.flatMap(({ options }) => options)) {
    const said = option.join("\0");
    uses.set(said, { option, count: (uses.get(said)?.count ?? 0) + 1 });
  }
  const flags = ([label]) =>
    label
      .split(" ")
      .filter((it) => it.startsWith("-"))
      .join(" ");
  const often = [...uses.values()].filter(({ count }) => count >= 5).sort((a, b) => b.count - a.count);
  /** Of those that differ under one name, what most say. */
  const shared = often
    .map(({ option }) => option)
    .filter((option, index, all) => all.findIndex((other) => flags(other) === flags(option)) === index);
  const said = new Set(shared.map((option) => option.join("\0")));
  const isShared = (option) => said.has(option.join("\0"));
  const list = (entries) =>
    table(
      ["", ""],
      entries.map(([label, about]) => [code(label), about]),
    );
  const section = ({ name, description, usage, arguments: args, options, examples }) =>
    [
      `## ${name}`,
      ...description.map((text, index) => (index === 0 ? `${text}.` : text)),
      `\`${usage}\``,
      ...[[...args, ...options.filter((option) => !isShared(option))]].filter(({ length }) => length > 0).map(list),
      ...(options.some(isShared)
        ? [
            `And ${options
              .filter(isShared)
              .map(([label]) => code(label.split(" ")[0].replace(/,$/, "")))
              .join(", ")}: ${link("Shared options")}.`,
          ]
        : []),
      ...(examples.length === 0 ? [] : [examples.map((example) => `- ${code(example)}`).join("\n")]),
    ].join("\n\n");
  return `# Commands

${NOTE} With sessions to follow: [the command line](../cli.md).

${table(
  ["command", "does"],
  leaves.map(({ name, description }) => [link(name), description[0]]),
)}

## Shared options

Every command takes:

${list(CommandLine.GLOBAL)}

Several take:

${list(shared)}

## Exit codes

${table(
  ["code", "means"],
  Object.entries(ExitCode.MEANINGS).map(([name, meaning]) => [ExitCode.ExitCode[name], meaning]),
)}

${leaves.map(section).join("\n\n")}
`;
};

const configuration = async ({ Config, ConfigProvider, Effect, Schema }) => {
  const home = { XDG_STATE_HOME: "/~/.local/state", XDG_CONFIG_HOME: "/~/.config" };
  const defaults = await Effect.runPromise(
    Effect.withConfigProvider(
      Config.load({}, false),
      ConfigProvider.fromMap(new Map(Object.entries(home)), { pathDelim: "\0" }),
    ),
  );
  /** What is said of a text that is no value. */
  const bounds = (schema) => {
    const { _tag, left } = Schema.decodeUnknownEither(schema)("");
    if (_tag === "Right") return "";
    return left.message
      .split("\n")
      .at(-1)
      .replace(/^.*(must be|is none of:) /, "")
      .replace("must not be", "not");
  };
  return `# Settings

${NOTE} What they are about: [configuration](../configuration.md). Later wins: the default, the file, the variable, the option.

${table(
  ["setting", "variable", "option", "default", "takes", ""],
  Config.KEYS.map((key) => {
    const { schema, variable, flag, about } = Config.SETTINGS[key];
    const value = Config.print(key, defaults).replace("/~", "~");
    return [
      code(key),
      code(variable),
      flag === undefined ? "–" : code(`--${flag}`),
      value === "" ? "none" : code(value),
      bounds(schema),
      about,
    ];
  }),
)}

In the environment alone, because they are secrets: \`CADASTRE_TOKEN\`, the bearer token itself, which goes before the files except one given as an option; and
\`CADASTRE_VAULT_KEY\`, the [keys](../callbacks.md#keys) themselves, separated by spaces, in place of \`vaultKeyFile\`.
`;
};

const mcp = async ({ Catalog, Effect, Surface }) => {
  const { tools, resources, prompts } = await Effect.runPromise(Effect.provide(Surface.make, Catalog.layer));
  const hints = (annotations) =>
    Object.entries(annotations)
      .map(([name, value]) => code(`${name}: ${value}`))
      .join(", ");
  const section = ({ definition, toolset, scope }) => {
    const { properties, required = [] } = definition.inputSchema;
    const rows = Object.entries(properties).map(([name, schema]) => [
      code(name) + (required.includes(name) ? " *" : ""),
      told(schema) + defaulted(schema),
      schema.description ?? "",
    ]);
    return [
      `### ${definition.name}`,
      `**${definition.title}.** ${definition.description}`,
      `Scope: ${scope === undefined ? "any token" : code(scope)} · toolset: ${toolset ?? "in all"} · hints: ${hints(definition.annotations)}`,
      ...(rows.length === 0 ? [] : [table(["argument", "takes", ""], rows)]),
    ].join("\n\n");
  };
  const single = await Promise.all(
    resources.filter(({ template }) => template === undefined).map(({ list }) => Effect.runPromise(list)),
  );
  const addresses = [
    ...single.flat().map(({ uri, description }) => [code(uri), description]),
    ...resources.flatMap(({ template }) => (template ? [[code(template.uriTemplate), template.description]] : [])),
  ];
  return `# For agents

${NOTE} How to connect, and what to rely on: [the catalog for agents](../mcp.md).

## Tools

${table(
  ["tool", "", "scope", "toolset"],
  tools.map(({ definition, scope, toolset }) => [
    link(definition.name),
    definition.title,
    scope === undefined ? "any token" : code(scope),
    toolset ?? "in all",
  ]),
)}

${tools.map(section).join("\n\n")}

## Resources

${table(["URI", ""], addresses)}

## Prompts

${table(
  ["prompt", "arguments", ""],
  prompts.map(({ definition }) => [
    code(definition.name),
    definition.arguments.map(({ name, required }) => code(name) + (required ? " *" : "")).join(", "),
    definition.description,
  ]),
)}
`;
};

const errors = ({ ADVICE, CODES }) => `# Errors

${NOTE} Every failure of a call is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) of the type \`application/problem+json\`. Programs go by its
\`code\`; \`detail\` tells people what is wrong this time and how to mend it, \`requestId\` is in the log.

${CODES.map(({ code, status, title }) => `## ${code}\n\n**${status}** ${title}. ${ADVICE[code]}`).join("\n\n")}
`;

const metrics = ({ families }) => {
  const all = [...families.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const isOurs = ({ name }) => name.startsWith("cadastre_");
  const list = (some) =>
    table(
      ["metric", "type", "labels", ""],
      some.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(", ") || "–", help]),
    );
  return `# Metrics

${NOTE} How to read them: [observability](../observability.md).

## Of the catalog

${list(all.filter(isOurs))}

## Of the process

${list(all.filter((family) => !isOurs(family)))}
`;
};

const declared = await declarations();
mkdirSync(join(root, target), { recursive: true });
for (const [name, page] of Object.entries({ rest, cli, configuration, mcp, errors, metrics })) {
  const path = `${target}/${name}.md`;
  const current = await page(declared);
  if (!process.argv.includes("--check")) {
    writeFileSync(join(root, path), current);
  } else if (readFileSync(join(root, path), "utf8") !== current) {
    console.error(`${path} is stale. If the change is meant, run: node scripts/reference.mjs`);
    process.exitCode = 1;
  }
}
