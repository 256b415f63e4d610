/**
 * `entity edit`: from the catalog into an editor, and what was changed there back again. Loaded when it runs.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Writer from "@cadastre/descriptors/Writer";
import { isManaged, toRecord } from "@cadastre/domain/Entity";
import { ManagedElsewhere } from "@cadastre/domain/Errors";
import * as Json from "@cadastre/domain/Json";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import * as Checking from "../../Checking.ts";
import { Client, type Entity } from "../../Client.ts";
import * as Editor from "../../Editor.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import { count, printable } from "../../internal/text.ts";
import * as Lookup from "../../Lookup.ts";
import { Output } from "../../Output.ts";
import { connected, type Given } from "./connected.ts";

interface Edit extends Given {
  readonly reference: string;
  readonly force: boolean;
}

export const edit = (given: Edit) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line } = yield* Output;
      const editor = yield* Editor.command;
      const before = yield* Lookup.find(given.reference);
      const reference = Lookup.referenceOf(before);
      if (isManaged(before.source) && !given.force) return yield* managed(before);
      const { document } = toRecord(before);
      const text = Writer.write(document);
      const after = yield* withDraft(reference, text, (draft) =>
        Effect.flatMap(revise(editor, draft, reference, text), (changed) =>
          changed === undefined || Json.equals(changed.document, document as unknown as Json.Json)
            ? Effect.succeed(undefined)
            : send(changed, before, given.force),
        ),
      );
      if (after === undefined) return yield* line(`unchanged ${reference}: there was no change, and nothing was sent.`);
      const { revision } = after.metadata;
      const done = revision === before.metadata.revision ? "unchanged" : "updated";
      yield* line(`${done} ${Lookup.referenceOf(after)}, revision ${revision}`);
    }),
  );

const send = ({ document, warnings }: Changed, before: Entity, force: boolean) =>
  Effect.gen(function* () {
    const { note, noteStyle } = yield* Output;
    const { replace } = yield* Client;
    for (const { path, message } of warnings) {
      yield* note(`${noteStyle.yellow("warning:")} ${printable(`${path}: ${message}`)}`);
    }
    const { uid, revision } = before.metadata;
    return yield* replace(uid, revision, JSON.stringify(document), force).pipe(
      Effect.mapError((error) => overtaken(error, Lookup.referenceOf(before))),
    );
  });

/** Told before somebody has worked for nothing. */
const managed = (entity: Entity) => {
  const managedBy = entity.source.location ?? entity.source.type;
  const message = `${Lookup.referenceOf(entity)} is managed by ${managedBy}`;
  return Failure.ofDomain(new ManagedElsewhere({ message, managedBy }));
};

const overtaken = (error: Failure.Any, reference: string): Failure.Failure =>
  error._tag === "RevisionConflict"
    ? new Failure.Failure({
        exit: ExitCode.conflict,
        message: `Nothing was written: ${reference} was changed by somebody else while you edited it.`,
        next: `See what: cadastre entity history ${reference} --limit 1. Then edit it anew.`,
      })
    : Failure.from(error);

interface Changed {
  readonly document: Json.Json;
  readonly warnings: ReadonlyArray<Checking.Finding>;
}

/** Has the text edited until it can be sent; undefined: it was left as it is. */
const revise = (editor: string, draft: Draft, reference: string, start: string) =>
  Effect.gen(function* () {
    let text = start;
    let faults: ReadonlyArray<Checking.Finding> = [];
    for (;;) {
      const heading = headingOf(reference, faults);
      yield* draft.write(heading + text);
      yield* Editor.open(editor, draft.path);
      const read = yield* draft.read;
      const body = bodyOf(read);
      if (body.trim() === "") return yield* refused("Nothing was sent: the file is empty.");
      if (body === text) {
        if (faults.length === 0) return undefined;
        const all = faults.map(({ line, path, message }) => `  ${told(line, path, message)}`);
        const message = "Nothing was sent: it cannot be taken like this, and was not changed again.";
        return yield* refused([message, ...all].join("\n"));
      }
      const checked = yield* check(draft.path, reference);
      if (checked._tag === "Good") return checked.changed;
      text = body;
      // They stand where the faults of the file before stood, below as many lines as tell of them now.
      const shift = linesOf(headingOf(reference, checked.faults)) - (linesOf(read) - linesOf(body));
      faults = checked.faults.map((fault) => ({ ...fault, line: Math.max(1, fault.line + shift) }));
    }
  });

const refused = (message: string) => new Failure.Failure({ exit: ExitCode.refused, message });

const headingOf = (reference: string, faults: ReadonlyArray<Checking.Finding>): string =>
  [
    `${reference}: save the file and close the editor to change it.`,
    "Comments are not kept. Leave it unchanged, or empty, and nothing happens.",
    ...(faults.length === 0 ? [] : ["", "It cannot be taken like this:"]),
    ...faults.map(({ line, path, message }) => `  ${told(line, path, message)}`),
  ]
    .map((line) => `# ${line}`.trimEnd().concat("\n"))
    .join("");

const told = (line: number, path: string, message: string): string =>
  printable(`line ${line}: ${path === "" ? "" : `${path}: `}${message}`);

/** Without the comments at its beginning. */
const bodyOf = (text: string): string => text.replace(/^(?:#.*(?:\r?\n|$))+/, "");

const linesOf = (text: string): number => text.split("\n").length - 1;

type Check =
  | { readonly _tag: "Good"; readonly changed: Changed }
  | { readonly _tag: "Bad"; readonly faults: ReadonlyArray<Checking.Finding> };

/** One document, good by the rules of `apply`, and of the same reference. */
const check = (file: string, expected: string): Effect.Effect<Check, Failure.Failure> =>
  Effect.gen(function* () {
    const kept: Array<string> = [];
    const { documents } = yield* Checking.check([file], {
      keep: (good) => Effect.sync(() => void kept.push(...good)),
    });
    const bad = (...faults: ReadonlyArray<Checking.Finding>): Check => ({ _tag: "Bad", faults });
    const [only, another] = documents;
    if (only === undefined) return bad({ file, line: 1, column: 1, path: "", message: "there is no descriptor" });
    if (another !== undefined) {
      const message = `there are ${count(documents.length, "document")}, and one is edited here`;
      return bad({ ...another, path: "", message });
    }
    const { outcome, reference = "", warnings } = only;
    if (outcome._tag !== "Good") return bad(...outcome.faults);
    if (reference.toLowerCase() !== expected.toLowerCase()) {
      const message = `this is ${reference} now, and has to remain ${expected}: \`cadastre entity apply\` registers another`;
      return bad({ ...(outcome.name ?? only), path: "", message });
    }
    return { _tag: "Good", changed: { document: JSON.parse(kept.join("")) as Json.Json, warnings } };
  });

/** A file that only its owner may read, in a folder of its own: editors put theirs beside it. */
interface Draft {
  readonly path: string;
  readonly write: (text: string) => Effect.Effect<void, Failure.Failure>;
  readonly read: Effect.Effect<string, Failure.Failure>;
}

/**
 * A draft for as long as it is used. Where its use ends otherwise than well, and it holds what somebody has written, it
 * outlives the command, which says where it is.
 */
const withDraft = <A, R>(
  reference: string,
  start: string,
  use: (draft: Draft) => Effect.Effect<A, Failure.Failure, R>,
): Effect.Effect<A, Failure.Failure, R | Output> => {
  const pathIn = (folder: string) => join(folder, `${reference.replace(/[^\w.-]+/g, "-")}.yaml`);
  const isWritten = (folder: string) =>
    Effect.promise(() =>
      readFile(pathIn(folder), "utf8").then(
        (text) => ![start, ""].includes(bodyOf(text).replace(/^\s+$/, "")),
        ({ code }: NodeJS.ErrnoException) => code !== "ENOENT",
      ),
    );
  return Effect.acquireUseRelease(
    io(tmpdir(), () => mkdtemp(join(tmpdir(), "cadastre-edit-"))),
    (folder) => {
      const path = pathIn(folder);
      return use({
        path,
        write: (text) => io(path, () => writeFile(path, text, { mode: 0o600 }).then(() => chmod(path, 0o600))),
        read: io(path, () => readFile(path, "utf8")),
      }).pipe(
        Effect.catchAll((failure) =>
          Effect.flatMap(isWritten(folder), (kept) => (kept ? naming(path, failure) : failure)),
        ),
      );
    },
    (folder, exit) =>
      Effect.gen(function* () {
        if (Exit.isSuccess(exit) || !(yield* isWritten(folder))) {
          return yield* Effect.promise(() => rm(folder, { recursive: true, force: true }));
        }
        // A failure has named it.
        if (Option.isSome(Cause.failureOption(exit.cause))) return;
        const { note } = yield* Output;
        yield* note(whereKept(pathIn(folder)));
      }),
  );
};

const naming = (path: string, { exit, message, next }: Failure.Failure) =>
  new Failure.Failure({ exit, message, next: next === undefined ? whereKept(path) : `${next}\n${whereKept(path)}` });

const whereKept = (path: string) => `Your draft is kept in ${path}.`;

const io = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, Failure.Failure> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new Failure.Failure({
        exit: ExitCode.local,
        message: `${path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
      }),
  });
