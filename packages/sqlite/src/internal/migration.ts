import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Engine } from "@cadastre/sql/Engine";
import type * as Context from "effect/Context";
import type * as Effect from "effect/Effect";

/** Statements, and what statements cannot do. */
export type Migration = ReadonlyArray<
  string | ((engine: Context.Tag.Service<Engine>) => Effect.Effect<void, StoreUnavailable>)
>;
