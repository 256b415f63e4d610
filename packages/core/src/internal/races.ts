import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";

/** After the first attempt. Each one finds what the faster writer left, so a second loss in a row is rare. */
const RETRIES = 5;

/** Runs a transaction again that another writer was faster than. */
export const retryLostRaces = <A, E, R>(transaction: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(transaction, { times: RETRIES, while: Predicate.isTagged("RevisionConflict") });
