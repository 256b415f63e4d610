/**
 * Compares this reader with Backstage's own code on a corpus of descriptors.
 *
 * `CADASTRE_CORPUS` names a folder with the files and with `ORACLE.jsonl`: one line a YAML document, with what Backstage
 * does with it (`stage`, `error`) and the relations that it emits. Any folder of that form will do.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { EntityDocument } from "@cadastre/domain/Entity";
import { referenceOf } from "@cadastre/domain/Entity";
import type { Fault } from "@cadastre/domain/Fault";
import { isObject } from "@cadastre/domain/Json";
import * as Reference from "@cadastre/domain/Reference";
import { edgesOf, INVERSES } from "@cadastre/domain/Relation";
import * as Validation from "@cadastre/domain/Validation";
import * as Either from "effect/Either";
import { describe, expect, it } from "vitest";
import { type Positioned, readText } from "../src/Documents.ts";

/** What the oracle says of one document. */
interface Row {
  readonly file: string;
  readonly doc: number;
  readonly stage: "ok" | "unknown-kind" | "null" | "empty" | "yaml" | "envelope" | "policy" | "kind" | "postprocess";
  readonly kind?: string;
  readonly error?: string;
  readonly relations?: ReadonlyArray<string>;
}

type Verdict = "accepted" | "refused text" | "refused document" | "no document";

interface Outcome {
  readonly verdict: Verdict;
  readonly faults: ReadonlyArray<Fault>;
  readonly relations: ReadonlyArray<string>;
  /** The document as read, whatever its verdict. */
  readonly input: unknown;
}

const AGREEING: { readonly [S in Row["stage"]]: Verdict } = {
  ok: "accepted",
  "unknown-kind": "refused document",
  null: "no document",
  empty: "no document",
  yaml: "refused text",
  envelope: "refused document",
  policy: "refused document",
  kind: "refused document",
  postprocess: "refused document",
};

/** Where this catalog decides otherwise on purpose. `docs/descriptor-format.md` lists the same rules for its readers. */
interface Rule {
  readonly name: string;
  readonly reason: string;
  readonly covers: (row: Row, outcome: Outcome) => boolean;
}

const RULES: ReadonlyArray<Rule> = [
  {
    name: "unknown kinds are kept",
    reason: "a team's own kinds are data too; Backstage refuses what no installed processor claims",
    covers: (row, { verdict }) => row.stage === "unknown-kind" && verdict === "accepted",
  },
  {
    name: "MCP servers need no definition",
    reason: "an API of type mcp-server has remotes instead; in the oracle its module was not installed",
    covers: (row, { verdict, input }) =>
      row.stage === "kind" && verdict === "accepted" && specType(input) === "mcp-server",
  },
  {
    name: "placeholders are for specs",
    reason: "nothing is fetched here, and metadata is what lists and searches show",
    covers: (row, { faults }) =>
      row.stage === "ok" &&
      faults.every(({ path, message }) => path.startsWith("/metadata/") && message.includes("placeholder")),
  },
  {
    name: "documents are bounded",
    reason: "no document may exhaust the process or the store that takes it",
    covers: (row, { faults }) =>
      ["ok", "unknown-kind"].includes(row.stage) &&
      faults.length > 0 &&
      faults.every(({ message }) =>
        /has more than|nested deeper|cannot be stored|__proto__|characters: at most/.test(message),
      ),
  },
  {
    name: "YAML is JSON data",
    reason: "a tag asks for a type that JSON has not, and dropping it would change the data",
    covers: (row, { faults }) =>
      ["ok", "unknown-kind"].includes(row.stage) &&
      faults.length > 0 &&
      faults.every(({ message }) => message.includes("has the tag")),
  },
  {
    name: "a document that is no mapping is read",
    reason: "the text is fine, so the rules and not the reader refuse it",
    covers: (row, { verdict }) =>
      row.stage === "yaml" && row.error?.includes("Expected object at root") === true && verdict === "refused document",
  },
  {
    name: "dependencyOf is checked",
    reason: "Backstage has no schema for it and ignores what is null there; here it is checked as dependsOn is",
    covers: (row, { faults }) =>
      row.stage === "ok" && faults.length > 0 && faults.every(({ path }) => path.startsWith("/spec/dependencyOf")),
  },
  {
    name: "what was read can be written back",
    reason: "relations, status and source are the server's where metadata bears its marks",
    covers: (row, { verdict, input }) => row.stage === "policy" && verdict === "accepted" && isMarked(input),
  },
];

const specType = (input: unknown): unknown =>
  isObject(input) && isObject(input["spec"]) ? input["spec"]["type"] : undefined;

const isMarked = (input: unknown): boolean =>
  isObject(input) && isObject(input["metadata"]) && String(input["metadata"]["uid"]).startsWith("ent_");

/** The entity's relations as it sees them itself. */
const relationsOf = (document: EntityDocument): ReadonlyArray<string> => {
  const self = Reference.key(referenceOf(document));
  return edgesOf(document).flatMap(({ type, from, to }) => [
    ...(from === self ? [`${type} ${to}`] : []),
    ...(to === self ? [`${INVERSES[type]} ${from}`] : []),
  ]);
};

const outcomeOf = (document: Positioned | undefined): Outcome => {
  const nothing = { faults: [], relations: [], input: undefined };
  if (document === undefined) return { ...nothing, verdict: "no document" };
  if (Either.isLeft(document.content)) return { ...nothing, verdict: "refused text", faults: document.content.left };
  const input = document.content.right;
  return Either.match(Validation.validate(input), {
    onLeft: (faults): Outcome => ({ ...nothing, verdict: "refused document", faults, input }),
    onRight: (valid) => ({ verdict: "accepted", faults: [], relations: relationsOf(valid.document), input }),
  });
};

/** True if the fault is about what the oracle's message is about: the same place, one inside it, or one around it. */
const isAbout = (error: string, { path }: Fault): boolean => {
  if (error.includes("<root> must NOT have additional properties")) return !ROOT.includes(path);
  const place = placeOf(error);
  return place === path || path.startsWith(`${place}/`) || place.startsWith(`${path}/`);
};

const ROOT = ["", "/apiVersion", "/kind", "/metadata", "/spec"];

const placeOf = (error: string): string => {
  const missing = /(?:^|envelope, )(\/\S+|<root>) must have required property '(\w+)'/.exec(error);
  if (missing !== null) return `${missing[1]?.replace("<root>", "")}/${missing[2]}`;
  const schema = /(?:^|envelope, )(\/\S+) must/.exec(error);
  // The oracle sorts lists of references before it checks them, so their indexes are its own.
  if (schema !== null) return (schema[1] ?? "").replace(/^(\/spec\/\w+)\/\d+$/, "$1");
  const format = /^"(labels|annotations|tags|links|[\w.]+)/.exec(error)?.[1]?.replaceAll(".", "/");
  if (format !== undefined) return /^(?:apiVersion|kind|metadata)/.test(format) ? `/${format}` : `/metadata/${format}`;
  return error.startsWith("Entity reference") ? "/spec" : "";
};

const corpus = process.env["CADASTRE_CORPUS"];

describe.skipIf(corpus === undefined)("the oracle's corpus (folder in CADASTRE_CORPUS)", () => {
  it("gets the oracle's verdicts, places and relations, but for the deliberate differences", () => {
    const folder = corpus ?? "";
    const rows = readFileSync(join(folder, "ORACLE.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line): Row => JSON.parse(line));

    const table = new Map<string, { documents: number; agree: number; deliberate: number; differ: number }>();
    const used = new Map<string, number>();
    const differences: Array<string> = [];
    let relations = 0;

    const documents = new Map<string, ReadonlyArray<Positioned>>();
    const places = new Map<string, number>();
    for (const row of rows) {
      const path = join(folder, row.file);
      if (!existsSync(path)) throw new Error(`${row.file} is in ORACLE.jsonl and not in the folder`);
      if (!documents.has(row.file)) documents.set(row.file, readText(readFileSync(path), { file: "descriptor.yaml" }));
      // The oracle counts empty documents, the reader does not.
      const empty = row.stage === "null" || row.stage === "empty";
      const index = places.get(row.file) ?? 0;
      if (!empty) places.set(row.file, index + 1);
      const outcome = outcomeOf(empty ? undefined : documents.get(row.file)?.[index]);

      const line = table.get(row.stage) ?? { documents: 0, agree: 0, deliberate: 0, differ: 0 };
      table.set(row.stage, line);
      line.documents++;

      const problems: Array<string> = [];
      if (outcome.verdict !== AGREEING[row.stage]) problems.push(`is ${outcome.verdict}`);
      else if (row.error !== undefined && outcome.verdict === "refused document") {
        const { error } = row;
        if (!outcome.faults.some((fault) => isAbout(error, fault))) problems.push("has its faults elsewhere");
      }
      if (row.relations !== undefined && outcome.verdict === "accepted") {
        relations += row.relations.length;
        const ours = [...outcome.relations].sort().join("\n");
        if (ours !== [...new Set(row.relations)].sort().join("\n"))
          problems.push(`has the relations ${JSON.stringify(outcome.relations)}`);
      }

      const rule = problems.length === 0 ? undefined : RULES.find((one) => one.covers(row, outcome));
      if (problems.length === 0) line.agree++;
      else if (rule !== undefined) {
        line.deliberate++;
        used.set(rule.name, (used.get(rule.name) ?? 0) + 1);
      } else {
        line.differ++;
        differences.push(
          `${row.file} document ${row.doc}: oracle ${row.stage} (${row.error ?? row.relations?.join(", ")}); here it ${problems.join(", ")} ${JSON.stringify(outcome.faults)}`,
        );
      }
    }

    // An unclosed quote swallows the rest of its file there; here a line --- ends the document all the same.
    const swallowed = new Set(rows.filter(({ error }) => error?.includes("Missing closing")).map(({ file }) => file));
    for (const [file, all] of documents) {
      if (swallowed.has(file)) continue;
      const read = places.get(file) ?? 0;
      if (all.length !== read) differences.push(`${file}: ${all.length} documents here, ${read} in the oracle`);
    }

    console.table(Object.fromEntries(table));
    console.table(Object.fromEntries(RULES.map(({ name }) => [name, { documents: used.get(name) ?? 0 }])));
    console.log(`${rows.length} documents, ${relations} relations compared`);
    expect(differences).toEqual([]);
  });
});
