/**
 * The one place where those who wait for changes are woken.
 */
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import { Wakeups } from "@cadastre/domain/Wakeups";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";

export type Commit = Context.Tag.Service<UnitOfWork>["transact"];

/** {@link UnitOfWork.transact} for what may write events: whoever waits for them is woken once it has committed. */
export const make: Effect.Effect<Commit, never, UnitOfWork | Wakeups> = Effect.gen(function* () {
  const { transact } = yield* UnitOfWork;
  const { notify } = yield* Wakeups;
  return (effect) => Effect.zipLeft(transact(effect), notify("events"));
});
