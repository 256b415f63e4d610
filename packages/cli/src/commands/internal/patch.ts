/**
 * `entity patch`: a merge patch from the command line, a file or both.
 */
import * as Json from "@cadastre/domain/Json";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Client } from "../../Client.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import * as Lookup from "../../Lookup.ts";
import { Output } from "../../Output.ts";
import * as Sources from "../../Sources.ts";
import { connected, type Given } from "./connected.ts";

interface Patch extends Given {
  readonly reference: string;
  readonly patch: Option.Option<string>;
  readonly patchFile: Option.Option<string>;
  readonly state: Option.Option<string>;
  readonly force: boolean;
}

export const patch = (given: Patch) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line } = yield* Output;
      const client = yield* Client;
      const patch = yield* patchOf(given);
      const before = yield* Lookup.find(given.reference);
      const after = yield* Effect.mapError(client.patch(before.metadata.uid, patch, given.force), Failure.from);
      const { revision } = after.metadata;
      const done = revision === before.metadata.revision ? "unchanged" : "updated";
      yield* line(`${done} ${Lookup.referenceOf(after)}, revision ${revision}`);
    }),
  );

/** The options as one merge patch. */
const patchOf = ({ patch, patchFile, state }: Patch): Effect.Effect<string, Failure.Failure, Output> =>
  Effect.gen(function* () {
    if (Option.isSome(patch) && Option.isSome(patchFile))
      return yield* wrong("--patch and --patch-file exclude each other.");
    if (Option.isSome(patchFile)) yield* Sources.announce(patchFile.value);
    const text = Option.isSome(patchFile) ? Option.some(yield* Sources.text(patchFile.value)) : patch;
    const change = Option.map(state, (state) => ({ status: { state } }));
    if (Option.isNone(text)) {
      return Option.isSome(change)
        ? JSON.stringify(change.value)
        : yield* wrong("There is nothing to change.", "Give --patch, --patch-file or --state.");
    }
    const parsed = yield* Effect.try({
      try: () => JSON.parse(text.value) as Json.Json,
      catch: (cause) =>
        wrong(`The patch is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, EXAMPLE),
    });
    if (Array.isArray(parsed)) {
      return yield* wrong("The patch is a list, as a JSON Patch is: a merge patch is wanted, an object.", EXAMPLE);
    }
    if (!Json.isObject(parsed)) return yield* wrong("The patch must be a JSON object.", EXAMPLE);
    return JSON.stringify(Option.isSome(change) ? Json.mergePatch(parsed, change.value) : parsed);
  });

const EXAMPLE = `Only what changes, in quotes: --patch '{"spec":{"lifecycle":"deprecated"}}'`;

const wrong = (message: string, next?: string) => new Failure.Failure({ exit: ExitCode.usage, message, next });
