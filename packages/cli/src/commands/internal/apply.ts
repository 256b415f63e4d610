/**
 * `entity apply` and `entity validate`: from files to the catalog, with every fault at its place.
 */
import { tmpdir } from "node:os";
import * as Writer from "@cadastre/descriptors/Writer";
import { type BatchSummary, type DocumentResult, MAX_ATOMIC } from "@cadastre/domain/Batch";
import { InvalidInput, type StoreUnavailable } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import { Spool } from "@cadastre/domain/Spool";
import * as SpoolFiles from "@cadastre/server/SpoolFiles";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import * as Checking from "../../Checking.ts";
import { Client } from "../../Client.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import { count, printable } from "../../internal/text.ts";
import { Output, type Style } from "../../Output.ts";
import * as Progress from "../../Progress.ts";
import * as Sources from "../../Sources.ts";
import * as Options from "../Options.ts";
import { connected, type Given } from "./connected.ts";

interface Apply extends Given {
  readonly paths: ReadonlyArray<string>;
  readonly bestEffort: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly format: Options.Format;
}

/** What became of one document, wherever that was decided. */
interface Outcome extends Checking.Place {
  readonly action: DocumentResult["action"];
  readonly reference?: string | undefined;
  readonly uid?: string | undefined;
  readonly revision?: number | undefined;
  readonly faults?: ReadonlyArray<Checking.Finding> | undefined;
}

export const apply = (given: Apply) =>
  applying(given).pipe(Effect.scoped, Effect.provide(SpoolFiles.layer({ directory: tmpdir() })));

const applying = (given: Apply) =>
  Effect.gen(function* () {
    const spool = yield* Effect.mapError(
      Effect.flatMap(Spool, ({ make }) => make),
      Failure.from,
    );
    // Told first if the configuration is wrong: reading may take long.
    const { url, tokenFile, tokenCommand } = given;
    yield* Options.configured({ url, tokenFile, tokenCommand });
    yield* Sources.announce(...given.paths);
    const checking = yield* Checking.check(given.paths, {
      progress: yield* Progress.bar("Reading", "bytes"),
      keep: (documents) => Effect.mapError(spool.append(documents), Failure.from),
    });
    yield* demandDocuments(checking, given.paths);
    const good = checking.documents.filter(({ outcome }) => outcome._tag === "Good");
    const refusedHere = checking.documents.length - good.length;
    yield* tellFindings(checking.documents);
    if (refusedHere > 0 && !given.bestEffort) {
      const outcomes = checking.documents.filter(({ outcome }) => outcome._tag !== "Good").map(refused);
      yield* tellOutcomes(outcomes, given);
      return yield* new Failure.Failure({
        exit: ExitCode.refused,
        message: `Nothing was applied: ${refusedHere} of ${count(checking.documents.length, "document")} cannot be.`,
        next: "Mend them, or take in the others with --best-effort.",
      });
    }

    if (good.length > MAX_ATOMIC && !given.bestEffort) {
      return yield* new Failure.Failure({
        exit: ExitCode.refused,
        message: `Nothing was applied: ${count(good.length, "document")} are more than the ${MAX_ATOMIC} that all-or-nothing takes.`,
        next: "Apply them with --best-effort, or in parts.",
      });
    }
    const sent = new Map(yield* connected(given, send(good, stillGood(spool.lines, checking.documents), given)));
    const outcomes = checking.documents.map((document) => sent.get(document) ?? refused(document));
    yield* tellOutcomes(outcomes, given);
    yield* tellSummary(outcomes, checking, given);
    if (outcomes.some(({ action }) => REFUSALS.has(action))) {
      return yield* new Failure.Failure({ exit: ExitCode.refused, message: "" });
    }
  });

export const validate = (given: Pick<Apply, "paths" | "format">) =>
  Effect.gen(function* () {
    const { note, line } = yield* Output;
    yield* Sources.announce(...given.paths);
    const checking = yield* Checking.check(given.paths, { progress: yield* Progress.bar("Checking", "bytes") });
    yield* demandDocuments(checking, given.paths);
    yield* tellFindings(checking.documents);
    const bad = checking.documents.filter(({ outcome }) => outcome._tag !== "Good");
    if (given.format !== "table") {
      yield* tellOutcomes(
        checking.documents.map((document) => refused(document)),
        given,
      );
    }
    const summary = `${count(checking.documents.length, "document")} in ${count(checking.files, "file")}: ${checking.documents.length - bad.length} good, ${bad.length} refused.`;
    yield* given.format === "table" ? line(summary) : note(summary);
    if (bad.length > 0) return yield* new Failure.Failure({ exit: ExitCode.refused, message: "" });
  });

/** A wrong folder must not look like a catalog that is up to date. */
const demandDocuments = ({ documents, files, others }: Checking.Checking, paths: ReadonlyArray<string>) =>
  documents.length > 0
    ? Effect.void
    : new Failure.Failure({
        exit: ExitCode.nothing,
        message: `There is no descriptor in ${paths.join(", ")}: ${
          files > 0
            ? `${count(files, "file is", "files are")} empty`
            : others > 0
              ? `${count(others, "file")} and none named *.yaml, *.yml, *.json or *.ndjson`
              : "no file at all"
        }.`,
        next: "Give the files or folders that hold them; a file of another name is read if it is named itself.",
      });

/** Of what was kept, in the order of the documents, the JSON of those that are not in conflict. */
const stillGood = <E>(
  kept: Stream.Stream<string, E>,
  documents: ReadonlyArray<Checking.Checked>,
): Stream.Stream<string, E> =>
  Stream.suspend(() => {
    const outcomes = documents.filter(({ outcome }) => outcome._tag !== "Faulty").map(({ outcome }) => outcome._tag);
    let i = 0;
    return Stream.filter(kept, () => outcomes[i++] === "Good");
  });

/** Sends the good documents; what became of each. */
const send = (
  good: ReadonlyArray<Checking.Checked>,
  json: Stream.Stream<string, StoreUnavailable>,
  { bestEffort, dryRun, force }: Apply,
) =>
  Effect.gen(function* () {
    const client = yield* Client;
    const sending = yield* Progress.bar("Sending", "documents");
    const progress = yield* Progress.bar(dryRun ? "Trying" : "Applying", "documents");
    let sent = 0;
    const documents = Stream.tap(json, () => {
      sent++;
      // The daemon tells of the first when it has them all.
      return sent < good.length ? sending(sent, good.length) : progress(0, good.length);
    });
    const results: Array<readonly [Checking.Checked, Outcome]> = [];
    yield* client.apply(documents, { mode: bestEffort ? "best-effort" : "atomic", dryRun, force }).pipe(
      Stream.runForEach((result) => {
        if ("summary" in result) return Effect.void;
        const document = good[result.index];
        if (document === undefined) return Effect.void;
        results.push([document, placed(document, result)]);
        return progress(results.length, good.length);
      }),
      Effect.catchAll((error) => refuse(error, good)),
    );
    return results;
  });

/** What the daemon says of a whole batch; the faults that it lays to a document are told at the document's place. */
const refuse = (
  error: Failure.Any,
  good: ReadonlyArray<Checking.Checked>,
): Effect.Effect<never, Failure.Failure, Output> =>
  Effect.gen(function* () {
    if (error._tag !== "InvalidInput") return yield* Failure.from(error);
    const { note, noteStyle } = yield* Output;
    const rest: Array<Fault> = [];
    for (const { path, message } of error.faults) {
      const [, index, inside = ""] = /^\/(\d+)(\/.*)?$/.exec(path) ?? [];
      const document = good[Number(index)];
      if (document === undefined) rest.push({ path, message });
      else yield* note(finding({ ...document, path: inside, message }, noteStyle, ""));
    }
    return yield* Failure.from(new InvalidInput({ message: error.message, faults: rest }));
  });

const REFUSALS: ReadonlySet<DocumentResult["action"]> = new Set(["invalid", "conflict", "refused"]);

const placed = ({ file, line, column, reference }: Checking.Checked, result: DocumentResult): Outcome => ({
  file,
  line,
  column,
  action: result.action,
  reference,
  uid: result.uid,
  revision: result.revision,
  faults: result.faults?.map((fault) => ({ file, line, column, ...fault })),
});

const refused = ({ file, line, column, reference, outcome }: Checking.Checked): Outcome => ({
  file,
  line,
  column,
  reference,
  action: outcome._tag === "Conflict" ? "conflict" : outcome._tag === "Faulty" ? "invalid" : "unchanged",
  faults: outcome._tag === "Good" ? undefined : outcome.faults,
});

/** `file:line:column: path: message`, one line each, as compilers do, so that editors can follow. */
export const finding = ({ file, line, column, path, message }: Checking.Finding, style: Style, label: string): string =>
  `${style.bold(`${printable(file)}:${line}:${column}:`)} ${label}${path === "" ? "" : `${printable(path)}: `}${printable(message)}`;

const tellFindings = (documents: ReadonlyArray<Checking.Checked>) =>
  Effect.gen(function* () {
    const { note, noteStyle } = yield* Output;
    for (const { outcome, warnings } of documents) {
      for (const warning of warnings) yield* note(finding(warning, noteStyle, noteStyle.yellow("warning: ")));
      if (outcome._tag === "Good") continue;
      for (const fault of outcome.faults) yield* note(finding(fault, noteStyle, ""));
    }
  });

/** What changed, a line each; for programs, everything. */
const tellOutcomes = (outcomes: ReadonlyArray<Outcome>, { format }: Pick<Apply, "format">) =>
  Effect.gen(function* () {
    const { write, line, style } = yield* Output;
    switch (format) {
      case "json":
        return yield* line(JSON.stringify(outcomes, undefined, 2));
      case "yaml": {
        return yield* write(Writer.write(outcomes));
      }
      case "name":
      case "table":
        for (const { action, reference = "" } of outcomes) {
          if (REFUSALS.has(action) || action === "unchanged") continue;
          yield* line(format === "name" ? reference : `${style.green(action)} ${printable(reference)}`);
        }
    }
  });

const WORDS: ReadonlyArray<readonly [keyof BatchSummary, string]> = [
  ["created", "created"],
  ["updated", "updated"],
  ["unchanged", "unchanged"],
  ["invalid", "faulty"],
  ["conflict", "in conflict"],
  ["refused", "refused"],
];

const tellSummary = (
  outcomes: ReadonlyArray<Outcome>,
  { files, others }: Checking.Checking,
  { dryRun, format }: Apply,
) =>
  Effect.gen(function* () {
    const { line, note, noteStyle } = yield* Output;
    // Faults that only the daemon knows of; those found here were told before.
    for (const { action, faults } of outcomes) {
      if (action === "refused") for (const fault of faults ?? []) yield* note(finding(fault, noteStyle, ""));
    }
    const counts = WORDS.flatMap(([action, word]) => {
      const number = outcomes.filter((outcome) => outcome.action === action).length;
      return number === 0 ? [] : [`${number} ${word}`];
    });
    const summary = `${count(outcomes.length, "document")} in ${count(files, "file")}: ${counts.join(", ") || "nothing to apply"}.${
      others === 0 ? "" : ` ${count(others, "other file")} left aside.`
    }${dryRun ? " Nothing was changed: this was a dry run." : ""}`;
    yield* format === "table" ? line(summary) : note(summary);
  });
