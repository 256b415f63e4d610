import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { StoreUnavailable } from "./Errors.ts";

/** The port that makes several store calls one: all of them happen, or none. */
export class UnitOfWork extends Context.Tag("@cadastre/domain/UnitOfWork")<
  UnitOfWork,
  {
    /**
     * Runs the effect in one transaction; committed if it succeeds, rolled back if it fails, dies or is interrupted. The
     * effect may be run again when the database asks for it (serialization failure, lock), so it must not do anything but
     * store calls. Not to be nested, and nothing may be forked inside.
     */
    readonly transact: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreUnavailable, R>;
  }
>() {}
