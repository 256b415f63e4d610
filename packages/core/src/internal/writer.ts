/**
 * The write path of single entities: find, decide, save with edges and event, read back; in one transaction.
 */
import { type EntityRecord, type EntityText, referenceOf, type Source } from "@cadastre/domain/Entity";
import { byKey, type EntitySelector, EntityStore } from "@cadastre/domain/EntityStore";
import type { ManagedElsewhere, RevisionConflict, StoreUnavailable } from "@cadastre/domain/Errors";
import type { EventLog } from "@cadastre/domain/EventLog";
import type { Identifiers } from "@cadastre/domain/Identifiers";
import { Caller } from "@cadastre/domain/Principal";
import * as Reference from "@cadastre/domain/Reference";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Validated } from "@cadastre/domain/Validation";
import type { Wakeups } from "@cadastre/domain/Wakeups";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import type * as Either from "effect/Either";
import * as Option from "effect/Option";
import * as Commit from "./commit.ts";
import { type Decision, decide, sourceOf } from "./decision.ts";
import { retryLostRaces } from "./races.ts";
import * as Recorder from "./recorder.ts";

interface Options {
  readonly ifMatch?: number | undefined;
  readonly force?: boolean | undefined;
  readonly source?: Source | undefined;
}

interface Written {
  readonly entity: EntityText;
  readonly action: Decision["action"];
  readonly warnings: Validated["warnings"];
}

/** What is there becomes what `prepare` makes of it; `prepare` also fails where something must be there, or must not. */
export type Write = <E>(
  selector: EntitySelector,
  options: Options,
  prepare: (current: EntityRecord | undefined) => Either.Either<Validated, E>,
) => Effect.Effect<Written, E | ManagedElsewhere | RevisionConflict | StoreUnavailable, Caller>;

export const make: Effect.Effect<Write, never, EntityStore | EventLog | UnitOfWork | Identifiers | Wakeups> =
  Effect.gen(function* () {
    const store = yield* EntityStore;
    const commit = yield* Commit.make;
    const recorder = yield* Recorder.make;

    return (selector, options, prepare) => {
      const attempt = Effect.gen(function* () {
        const current = Option.getOrUndefined(yield* store.find(selector));
        const validated = yield* prepare(current);
        const source = sourceOf(options.source, (yield* Caller).via);
        const now = yield* Clock.currentTimeMillis;
        const decision = yield* decide(current, { validated, source, force: options.force }, now);
        yield* recorder.record([decision], now);
        const entity = yield* store.read(byKey(Reference.key(referenceOf(validated.document))));
        // Nobody can have removed it: the transaction has not ended.
        return { entity: yield* Effect.orDie(entity), action: decision.action, warnings: validated.warnings };
      });
      // A write that means one revision has lost for good.
      return options.ifMatch === undefined ? retryLostRaces(commit(attempt)) : commit(attempt);
    };
  });
