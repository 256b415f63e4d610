/** Files that break a naive importer, and what is to be said of each. */
export interface Trap {
  readonly name: string;
  readonly text: string | Uint8Array;
  /** The file's name, which tells the format. */
  readonly file?: string;
}

const component = (name: string, more = ""): string =>
  `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${name}\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n${more}`;

const bytes = (...parts: ReadonlyArray<string | Uint8Array | ReadonlyArray<number>>): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Uint8Array.from(part))));

export const TRAPS: ReadonlyArray<Trap> = [
  // Text
  { name: "two documents without ---", text: component("a") + component("b") },
  {
    name: "an error in one of several documents",
    text: `${component("a")}---\n${component("b", "    system: x\n")}---\n${component("c")}`,
  },
  {
    name: "a template skeleton",
    text: `apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: $\{{ values.name }}\n  {%- if values.tags %}\n  tags: [a]\n  {%- endif %}\n`,
  },
  { name: "a template that is YAML", text: component("{{ cookiecutter.name }}") },
  { name: "a template that is text", text: component(`$\{{ values.name }}`) },
  { name: "an empty file", text: "" },
  { name: "comments only", text: "# nothing here\n---\n# nor here\n---\n" },
  { name: "a byte order mark", text: bytes([0xef, 0xbb, 0xbf], component("a")) },
  { name: "UTF-16", text: bytes([0xff, 0xfe], Buffer.from(component("a"), "utf16le")) },
  {
    name: "bytes that are not UTF-8",
    text: bytes(component("a"), "---\n", "apiVersion: caf", [0xe9], "\n---\n", component("c")),
  },
  { name: "CRLF", text: component("a").replaceAll("\n", "\r\n") },
  { name: "no line feed at the end", text: component("a").trimEnd() },
  { name: "a tab as indentation", text: component("a", "\tsystem: x\n") },
  { name: "tabs inside a block scalar", text: component("a", "  note: |\n    \tx\n") },
  { name: "keys that YAML 1.1 reads as booleans", text: component("a", "  on: yes\n  no: off\n") },
  { name: "merge keys are no more than keys", text: component("a", "  base: &base {x: 1}\n  more: {<<: *base}\n") },
  { name: "anchors", text: component("a", "  first: &x [1, 2]\n  second: *x\n") },
  {
    name: "an alias bomb",
    text: component(
      "a",
      `  a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 8 }, (_, i) => `  a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]\n`).join("")}`,
    ),
  },
  { name: "a cycle of aliases", text: component("a", "  loop: &x [*x]\n") },
  { name: "an alias without anchor", text: component("a", "  glob: *.yaml\n") },
  {
    name: "a tag",
    text: component(
      "a",
      "  icon: !!binary aGVsbG8=\n  when: !!timestamp 2020-01-01\n  role: !Ref other\n  name: !!str 12\n",
    ),
  },
  { name: "a duplicate key", text: component("a", "  owner: team-b\n") },
  { name: "keys that differ in case only", text: component("a", "  Owner: team-b\n") },
  { name: "an unquoted colon", text: component("a", "  note: see: below\n") },
  { name: "an unclosed quote", text: component("a", '  note: "see\n') },
  { name: "an unclosed bracket", text: component("a", "  note: [a, b\n") },
  { name: "a reserved sign", text: component("a", "  note: @home\n  other: `x`\n") },
  { name: "a line without colon", text: component("a", "  note\n") },
  { name: "a bad escape", text: component("a", '  path: "C:\\users"\n') },
  { name: "nesting too deep", text: component("a", `  deep: ${"[".repeat(70)}${"]".repeat(70)}\n`) },
  { name: "__proto__", text: component("a", "  __proto__: {x: 1}\n  constructor: y\n") },
  { name: "NUL", text: component("a", '  note: "a\\0b"\n') },
  { name: "an unpaired surrogate", text: component("a", '  note: "\\uD800"\n') },
  { name: "an infinite number", text: component("a", "  weight: .inf\n  height: .nan\n") },
  { name: "text at the root", text: "just some text\n" },
  { name: "a list at the root", text: "- a\n- b\n" },
  // JSON
  {
    name: "a JSON list with one bad element",
    file: "x.json",
    text: `[${JSON.stringify({ apiVersion: "backstage.io/v1alpha1", kind: "Domain", metadata: { name: "a" }, spec: { owner: "x" } })},\n {"kind": 'x'}]`,
  },
  { name: "a JSON key twice", file: "x.json", text: '{"apiVersion": "v1",\n "kind": "Domain", "kind": "System"}' },
  { name: "a trailing comma", file: "x.json", text: '{"apiVersion": "v1",\n}' },
  {
    name: "NDJSON with a broken line",
    file: "x.ndjson",
    text: '{"apiVersion":"v1","kind":"K","metadata":{"name":"n"}}\n{"apiVersion":\n\n{"apiVersion":"v1","kind":"K","metadata":{"name":"m"}}',
  },
  {
    name: "a JSON list that is not closed",
    file: "x.json",
    text: '[{"apiVersion":"v1","kind":"K","metadata":{"name":"n"}}',
  },
  // No descriptor
  { name: "a GitHub workflow", text: "name: x\non:\n  push:\njobs: {}\n" },
  { name: "a GitLab component", text: "spec:\n  inputs:\n" },
  // Envelope
  {
    name: "empty texts",
    text: 'apiVersion: ""\nkind: ""\nmetadata:\n  name: ""\n  namespace: ""\n  title: ""\n  description: ""\nspec: {}\n',
  },
  {
    name: "metadata's keys at the root",
    text: "apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata:\nname: a\ntitle: A\nspec:\n  owner: x\n",
  },
  { name: "spec's keys at the root", text: component("a").replace("spec:", "dependsOn:\n- component:b\nspec:") },
  {
    name: "spec below metadata",
    text: "apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata:\n  name: a\n  spec:\n    owner: x\n",
  },
  { name: "what the server writes", text: component("a", "relations: []\nstatus: {}\n") },
  {
    name: "what was read from the server",
    text: component("a", "relations: []\nstatus: {state: inactive, since: x}\nsource: {type: api}\n").replace(
      "  name: a",
      "  name: a\n  uid: ent_x\n  revision: 3\n  createdAt: x\n  updatedAt: y",
    ),
  },
  {
    name: "names",
    text:
      component("Credentials Themes") +
      "---\n" +
      component("x".repeat(64)) +
      "---\n" +
      component("2024") +
      "---\n" +
      component("true").replace("namespace", "") +
      "---\n" +
      component("1up.Sample_Data"),
  },
  {
    name: "namespace, labels, annotations, tags, links",
    text: component("a").replace(
      "spec:",
      "  namespace: Team A\n  labels: {MyCompany.com/x: y, ok: 'not ok', n: 1}\n  annotations: {a/b/c: x, port: 8080, day: 2020-01-01, empty: ''}\n  tags: [Java, 'go 1.15', c++, c#, 7]\n  links: [{url: /docs}, {title: x}, {url: 'mailto:a@example.com', title: ' '}]\nspec:",
    ),
  },
  {
    name: "null where a list belongs",
    text: component("a", "  dependsOn:\n    # - component:b\n").replace("spec:", "  tags:\n  labels:\nspec:"),
  },
  { name: "a text where a list belongs", text: component("a", "  providesApis: one\n") },
  // Kinds
  { name: "a kind in the wrong case", text: component("a").replace("kind: Component", "kind: component") },
  {
    name: "an unknown kind",
    text: "apiVersion: example.com/v1\nkind: S3Bucket\nmetadata:\n  name: a\nspec:\n  owner: 5\n  dependsOn: [b]\n  anything: {goes: here}\n",
  },
  {
    name: "a known kind under a foreign apiVersion",
    text: component("a").replace("backstage.io/v1alpha1", "scaffolder.backstage.io/v1beta3"),
  },
  {
    name: "missing spec fields",
    text: "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: a\nspec:\n  type: openapi\n---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: a\n",
  },
  {
    name: "an MCP server",
    text: "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: a\nspec:\n  type: mcp-server\n  lifecycle: x\n  owner: y\n  remotes: [{type: sse, url: 'https://example.com'}]\n---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: b\nspec:\n  type: mcp-server\n  lifecycle: x\n  owner: y\n  remotes: []\n",
  },
  {
    name: "placeholders",
    text: "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: a\n  description: {$text: ./x.md}\nspec:\n  type: openapi\n  lifecycle: x\n  owner: y\n  definition: {$file: ./openapi.yaml}\n---\napiVersion: backstage.io/v1alpha1\nkind: API\nmetadata:\n  name: b\nspec:\n  type: openapi\n  lifecycle: x\n  owner: y\n  definition: {$text: ./openapi.yaml}\n",
  },
  // References
  { name: "dependsOn without a kind", text: component("a", "  dependsOn: [b, 'resource:', component:c]\n") },
  {
    name: "owners of every form",
    text:
      component("a").replace("owner: team-a", "owner: jane@example.com") +
      "---\n" +
      component("b").replace("owner: team-a", "owner: teams/fl-protocols"),
  },
  {
    name: "fields that make no relation",
    text:
      component("a", "  consumesApi: [b]\n  domain: x\n") +
      "---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata:\n  name: s\nspec:\n  owner: x\n  dependsOn: [component:a]\n",
  },
  {
    name: "an object of another system inside the spec",
    text: component(
      "a",
      "  implementation:\n    apiVersion: example.com/v1\n    kind: Pipeline\n    metadata: {name: p}\n",
    ),
  },
];
