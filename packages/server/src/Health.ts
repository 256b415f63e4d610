/**
 * The endpoints that tell whether the server works.
 */
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import * as Effect from "effect/Effect";
import { type Answer, json } from "./internal/answer.ts";
import type { GroupHandlers } from "./Routes.ts";

/** `isDraining`: has the shutdown begun? */
export const handlers = (isDraining: () => boolean): Effect.Effect<GroupHandlers<"health">, never, HealthCheck> =>
  Effect.map(HealthCheck, ({ ping }) => {
    const pinged = Effect.match(ping, { onFailure: () => unhealthy, onSuccess: () => healthy });
    return {
      health: () => pinged,
      live: () => Effect.succeed(healthy),
      ready: () => (isDraining() ? Effect.succeed(unhealthy) : pinged),
    };
  });

const healthy: Answer = json('{"status":"healthy"}');

const unhealthy: Answer = json('{"status":"unhealthy"}', 503, { "retry-after": "1" });
