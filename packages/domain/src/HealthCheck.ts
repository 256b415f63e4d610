import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { StoreUnavailable } from "./Errors.ts";

/** The port that tells whether the store answers. */
export class HealthCheck extends Context.Tag("@cadastre/domain/HealthCheck")<
  HealthCheck,
  {
    /** Asks the store a trivial question; fails if it does not answer within two seconds. */
    readonly ping: Effect.Effect<void, StoreUnavailable>;
  }
>() {}
