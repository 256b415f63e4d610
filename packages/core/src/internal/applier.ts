/**
 * The second pass over a batch, group by group: decide on each document, and record what changes.
 */
import type { DocumentResult } from "@cadastre/domain/Batch";
import type { Source } from "@cadastre/domain/Entity";
import { EntityStore } from "@cadastre/domain/EntityStore";
import type { RevisionConflict, StoreUnavailable } from "@cadastre/domain/Errors";
import type { EventLog } from "@cadastre/domain/EventLog";
import type { Identifiers } from "@cadastre/domain/Identifiers";
import { Caller } from "@cadastre/domain/Principal";
import * as Arr from "effect/Array";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { type Decision, decide, sourceOf } from "./decision.ts";
import { type Candidate, isInvalid, keyOf, type Prepared } from "./preparation.ts";
import * as Recorder from "./recorder.ts";
import type { Register, Rival } from "./register.ts";

export interface Options {
  readonly force: boolean;
  readonly source?: Source | undefined;
  /** Whether what was decided is recorded too. */
  readonly isRecording: boolean;
}

/** The results of a group, in its order. Only inside a transaction if it records. */
export type Apply = (
  group: ReadonlyArray<Prepared>,
  register: Register,
  options: Options,
) => Effect.Effect<ReadonlyArray<DocumentResult>, RevisionConflict | StoreUnavailable, Caller>;

export const make: Effect.Effect<Apply, never, EntityStore | EventLog | Identifiers> = Effect.gen(function* () {
  const store = yield* EntityStore;
  const recorder = yield* Recorder.make;

  return Effect.fnUntraced(function* (group, register, options) {
    const { via } = yield* Caller;
    const source = sourceOf(options.source, via);
    const now = yield* Clock.currentTimeMillis;

    const found = yield* store.findMany(group.flatMap((one) => (isInvalid(one) ? [] : keyOf(one))));

    const results: Array<DocumentResult> = [];
    const accepted: Array<Accepted> = [];
    for (const [at, one] of group.entries()) {
      if (isInvalid(one)) {
        results[at] = one.invalid;
        continue;
      }
      const key = keyOf(one);
      const rival = register.rival(key, one.index);
      if (rival !== undefined) {
        results[at] = failed(one, "conflict", rivalry(rival));
        continue;
      }
      const decision = decide(found.get(key), { validated: one, source, force: options.force }, now);
      if (Either.isLeft(decision)) results[at] = failed(one, "refused", decision.left.message);
      else accepted.push({ at, candidate: one, decision: decision.right });
    }

    const decisions = accepted.map(({ decision }) => decision);
    const records = options.isRecording
      ? yield* recorder.record(decisions, now)
      : decisions.map(({ record }) => record);
    for (const [{ at, candidate, decision }, record] of Arr.zip(accepted, records)) {
      results[at] = succeeded(candidate, decision, record);
    }
    return results;
  });
});

interface Accepted {
  readonly at: number;
  readonly candidate: Candidate;
  readonly decision: Decision;
}

const succeeded = (
  { index, line, reference, warnings }: Candidate,
  { action }: Decision,
  record: Decision["record"],
): DocumentResult => ({
  index,
  line,
  action,
  reference,
  ...("uid" in record ? { uid: record.uid } : {}),
  revision: record.revision,
  ...(warnings.length === 0 ? {} : { warnings }),
});

const failed = (
  { index, line, reference, warnings }: Candidate,
  action: "conflict" | "refused",
  message: string,
): DocumentResult => ({
  index,
  line,
  action,
  reference,
  faults: [{ path: "", message }],
  ...(warnings.length === 0 ? {} : { warnings }),
});

const rivalry = ({ index, line, more }: Rival): string => {
  const others = more === 0 ? "" : ` and ${more} more`;
  return `stands in document ${index} (line ${line})${others} of this batch too, so none of them is applied: keep one`;
};
