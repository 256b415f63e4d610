/**
 * Looking for what is wrong with a store before anyone suffers from it.
 */
import * as Context from "effect/Context";
import type * as Stream from "effect/Stream";
import type { StoreUnavailable } from "./Errors.ts";

/** What one check has found. */
export interface Finding {
  /** The check's name, such as `edges`: the same in every release, for programs. */
  readonly check: string;
  /**
   * - `good`: as it should be
   * - `note`: chosen so, and good to know
   * - `bad`: needs a hand
   */
  readonly state: "good" | "note" | "bad";
  /** What is so, in a sentence. */
  readonly message: string;
  /** What to do about it; of what is bad always there. */
  readonly remedy?: string | undefined;
}

/** The port that examines a store. */
export class Diagnosis extends Context.Tag("@cadastre/domain/Diagnosis")<
  Diagnosis,
  {
    /**
     * One finding a check, as they are made; a check may read the whole store, in memory that does not grow with it. Nothing
     * is changed, and everyone else goes on.
     */
    readonly examine: Stream.Stream<Finding, StoreUnavailable>;
  }
>() {}
