import { StoreUnavailable } from "@cadastre/domain/Errors";
import type { HealthCheck } from "@cadastre/domain/HealthCheck";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Engine } from "./Engine.ts";
import * as Statements from "./internal/statements.ts";

export const make = (engine: Context.Tag.Service<Engine>): Context.Tag.Service<HealthCheck> => {
  const ask = Statements.make(engine).prepare(engine.client`SELECT 1 AS alive`);
  return {
    ping: ask({}).pipe(
      Effect.asVoid,
      Effect.timeoutFail({
        duration: "2 seconds",
        onTimeout: () => new StoreUnavailable({ message: "the database did not answer within two seconds" }),
      }),
    ),
  };
};
