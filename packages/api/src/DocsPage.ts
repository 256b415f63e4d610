/**
 * The OpenAPI document as one page for people: readable, searchable, with a command to paste for each call. It needs
 * nothing from elsewhere, so it works offline.
 */
import { ADVICE } from "./Advice.ts";
import { script, style } from "./internal/docsAssets.ts";
import type { OpenApiDocument } from "./OpenApi.ts";
import { CODES } from "./Problem.ts";

export interface DocsPage {
  readonly html: string;
  /** The texts of its only script and style, for a content security policy. */
  readonly script: string;
  readonly style: string;
}

export const render = (document: OpenApiDocument): DocsPage => {
  const calls = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  const schemas = Object.entries(document.components.schemas);
  const groups = document.tags.map(({ name }) => ({
    name,
    calls: calls.filter(({ operation }) => operation.tags[0] === name),
  }));
  const navigation = [
    ...groups.map(({ name, calls }) =>
      menu(
        name,
        calls.map((call) => [idOf(call), call.operation.summary ?? ""]),
      ),
    ),
    menu("Failures", [["failures", "Problem documents"]]),
    menu(
      "Schemas",
      schemas.map(([name]) => [`schema-${name}`, name]),
    ),
  ];
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(document.info.title)} API</title>
<style>${style}</style>
</head>
<body>
<nav><input type="search" placeholder="Search  /" aria-label="Search">${navigation.join("")}</nav>
<main>
<h1>${escape(document.info.title)} API</h1>
<p>${prose(document.info.description ?? "")} As an OpenAPI 3.1 document: <a href="/openapi.json">/openapi.json</a>.</p>
<p>The commands below want two variables; the first start of the daemon tells where its token is.</p>
<pre>export CADASTRE_URL=<span class="origin">http://127.0.0.1</span>
export CADASTRE_TOKEN=cad_…</pre>
${groups.flatMap(({ calls }) => calls.map((call) => section(call, document))).join("\n")}
${failures()}
${schemas.map(([name, schema]) => `<section id="schema-${name}"><h3>${name}</h3>${prose(text(schema, "description"))}<pre>${linked(schema)}</pre></section>`).join("\n")}
</main>
<script>${script}</script>
</body>
</html>
`;
  return { html, script, style };
};

type Operation = NonNullable<OpenApiDocument["paths"][string]["get"]>;

interface Call {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

const idOf = ({ operation }: Call) => operation.operationId.replace(".", "-");

const menu = (title: string, entries: ReadonlyArray<readonly [id: string, text: string]>): string =>
  `<h2>${escape(title)}</h2><ul>${entries.map(([id, text]) => `<li><a href="#${id}">${escape(text)}</a></li>`).join("")}</ul>`;

const section = (call: Call, document: OpenApiDocument): string => {
  const { path, method, operation } = call;
  const scope = operation.security[0]?.["bearer"]?.[0];
  const access =
    operation.security.length === 0
      ? "Open to all."
      : `Needs ${scope === undefined ? "any token" : `the scope <code>${scope}</code>`}.`;
  return `<section id="${idOf(call)}">
<h3><span class="method ${method}">${method.toUpperCase()}</span><code>${escape(path)}</code></h3>
<p>${prose((operation.summary ?? "").replace(/[^?]$/, "$&."))} ${prose(operation.description ?? "")} <span class="soft">${access}</span></p>
${parameters(operation)}
<pre>${escape(curl(call, document))}</pre>
${responses(operation)}
</section>`;
};

const parameters = ({ parameters }: Operation): string =>
  parameters.length === 0
    ? ""
    : table(
        ["Parameter", "In", "What", "Example"],
        parameters.map((parameter) => [
          `<code>${parameter.name}</code>${parameter.required ? " *" : ""}`,
          parameter.in,
          prose(parameter.description ?? "") + values(parameter.schema),
          `<code>${escape(exampleOf(parameter))}</code>`,
        ]),
      );

const values = (schema: object): string => {
  const words = member(schema, "enum") ?? member(member(schema, "items"), "enum");
  return Array.isArray(words)
    ? ` One of ${words.map((word) => `<code>${escape(String(word))}</code>`).join(", ")}.`
    : "";
};

const exampleOf = (parameter: object): string => {
  const example = member(parameter, "example") ?? member(member(parameter, "schema"), "example");
  return [example ?? ""].flat().join(",");
};

const responses = ({ responses }: Operation): string =>
  table(
    ["Status", "Answer"],
    Object.entries(responses).map(([status, { description, content }]) => [
      `<code>${status}</code>`,
      `${prose(description)} ${Object.values(content ?? {})
        .map(({ schema }) => text(schema, "$ref").split("/").at(-1))
        .map((name) => (name ? `<a href="#schema-${name}">${name}</a>` : ""))
        .join("")}`,
    ]),
  );

/** A command that works as it stands once the variables are set and, where the path has parameters, they are real. */
const curl = ({ path, method, operation }: Call, document: OpenApiDocument): string => {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(exampleOf(operation.parameters.find((parameter) => parameter.name === name) ?? {})),
  );
  const type = Object.keys(operation.requestBody?.content ?? {})[0];
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  return [
    `curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}"$CADASTRE_URL${filled}${queryOf(operation)}"`,
    ...(operation.security.length === 0 ? [] : ['-H "Authorization: Bearer $CADASTRE_TOKEN"']),
    ...(type === undefined
      ? []
      : [`-H "Content-Type: ${type}"`, `-d '${JSON.stringify(bodyExample(schema, document))}'`]),
  ].join(" \\\n  ");
};

const queryOf = ({ operationId, parameters }: Operation): string => {
  if (operationId === "entities.list") return "?kind=Component&limit=10";
  const required = parameters.filter((parameter) => parameter.in === "query" && parameter.required);
  const pairs = required.map((parameter) => `${parameter.name}=${exampleOf(parameter)}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
};

const bodyExample = (schema: unknown, document: OpenApiDocument): unknown => {
  const name = JSON.stringify(schema).match(/schemas\/(\w+)/)?.[1] ?? "";
  const found: unknown = document.components.schemas[name] ?? schema;
  const example = [member(found, "examples") ?? {}].flat()[0];
  return Array.isArray(member(schema, "anyOf")) ? [example] : example;
};

const failures = (): string => `<section id="failures"><h3>Failures</h3>
<p>Every failure is a <a href="#schema-Problem">problem document</a> (RFC 9457) of the type <code>application/problem+json</code>. Programs go by its <code>code</code>.</p>
${table(
  ["Code", "Status", "Meaning", "What to do"],
  CODES.map(({ code, status, title }) => [
    `<code id="${code}">${code}</code>`,
    String(status),
    escape(title),
    prose(ADVICE[code]),
  ]),
)}</section>`;

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const cells = (row: ReadonlyArray<string>, tag: string) => row.map((cell) => `<${tag}>${cell}</${tag}>`).join("");
  return `<table><thead><tr>${cells(head, "th")}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("")}</tbody></table>`;
};

/** A schema as JSON, its references as links. */
const linked = (schema: object): string =>
  escape(JSON.stringify(schema, null, 2)).replace(
    /#\/components\/schemas\/(\w+)/g,
    (_, name) => `<a href="#schema-${name}">${name}</a>`,
  );

/** Text with \`code\` in it. */
const prose = (source: string): string => escape(source).replace(/`([^`]+)`/g, "<code>$1</code>");

const escape = (source: string): string =>
  source.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as { readonly [key: string]: unknown })[key] : undefined;

const text = (value: unknown, key: string): string => {
  const found = member(value, key);
  return typeof found === "string" ? found : "";
};
