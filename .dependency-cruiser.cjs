/**
 * The import boundaries of docs/architecture.md as failing checks. Arrows go inward only: what a package may import, of
 * the workspace and from outside, is this table and nothing else. Tests may import more, and are held to no cycles only.
 */
const PACKAGES = {
  domain: { workspace: [], external: ["effect"] },
  core: { workspace: ["domain"], external: ["effect", "rfc6902"] },
  api: { workspace: ["domain"], external: ["effect", "@effect/platform"] },
  sdk: { workspace: ["api", "domain"], external: ["effect", "@effect/platform"] },
  descriptors: { workspace: ["domain"], external: ["effect", "yaml"] },
  expressions: { workspace: ["domain"], external: ["effect", "@marcbachmann/cel-js", "re2js"] },
  sql: { workspace: ["domain"], external: ["effect", "@effect/sql"] },
  sqlite: {
    workspace: ["sql", "domain"],
    external: ["effect", "@effect/sql", "@effect/sql-sqlite-node", "@effect/experimental", "better-sqlite3"],
    node: true,
  },
  postgres: {
    workspace: ["sql", "domain"],
    external: ["effect", "@effect/sql", "@effect/sql-pg", "@effect/experimental", "pg"],
    node: true,
  },
  channels: { workspace: ["domain"], external: ["effect", "ipaddr.js"], node: true },
  identity: { workspace: ["domain"], external: ["effect", "jose"] },
  workers: { workspace: ["core", "domain"], external: ["effect", "@effect/platform"] },
  mcp: {
    workspace: ["core", "api", "descriptors", "domain"],
    external: ["effect", "@modelcontextprotocol/server"],
    node: true,
  },
  bridge: { workspace: ["api"], external: ["effect"], node: true },
  server: {
    workspace: ["api", "core", "mcp", "descriptors", "domain"],
    external: ["effect", "@effect/platform", "@effect/platform-node", "fastest-levenshtein", "uuid"],
    node: true,
  },
  cli: {
    workspace: [".*"],
    external: [
      "effect",
      "@effect/cli",
      "@effect/opentelemetry",
      "@effect/platform",
      "@effect/platform-node",
      "@opentelemetry/.*",
      "rfc6902",
      "tinyglobby",
      "yaml",
    ],
    node: true,
  },
  testing: { workspace: [".*"], external: ["effect", "@effect/.*", "vitest", "jose", "pg", "@types/pg"], node: true },
  e2e: {
    workspace: ["sdk", "descriptors", "testing", "domain"],
    external: ["effect", "@effect/.*", "@modelcontextprotocol/.*", "better-sqlite3", "protobufjs", "yaml"],
    node: true,
  },
};

const any = (names) => `(${names.join("|")})`;

const boundaries = Object.entries(PACKAGES).flatMap(([name, { workspace, external, node }]) => {
  const from = { path: `^packages/${name}/src/` };
  return [
    {
      name: `${name}-workspace`,
      comment: `${name} may import of the workspace: ${workspace.join(", ") || "nothing"}`,
      severity: "error",
      from,
      to: {
        path: "^packages/",
        pathNot: [`^packages/${name}/(src/|package.json)`, `^packages/${any(workspace)}/src/`],
      },
    },
    ...(external === undefined
      ? []
      : [
          {
            name: `${name}-external`,
            comment: `${name} may import from outside: ${external.join(", ")}`,
            severity: "error",
            from,
            to: { path: "node_modules/", pathNot: `node_modules/${any(external)}/(?!.*node_modules/)` },
          },
        ]),
    ...(node
      ? []
      : [
          {
            name: `${name}-no-node`,
            comment: `${name} runs anywhere: no Node modules`,
            severity: "error",
            from,
            to: { dependencyTypes: ["core"] },
          },
        ]),
  ];
});

module.exports = {
  forbidden: [
    ...boundaries,
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "known-package",
      comment: "A package that the table above does not have",
      severity: "error",
      from: { path: "^packages/", pathNot: `^packages/${any(Object.keys(PACKAGES))}/` },
      to: {},
    },
    {
      name: "sources-apart-from-tests",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { path: "^packages/[^/]+/test/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^packages/[^/]+/(dist|bin)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
