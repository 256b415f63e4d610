/**
 * Whether the server works. Open to all: what is told is one word.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as OpenApi from "@effect/platform/OpenApi";
import * as Schema from "effect/Schema";
import { operation } from "./Authorization.ts";

const Healthy = Schema.Struct({ status: Schema.Literal("healthy") }).annotations({ identifier: "Healthy" });

const Unhealthy = Schema.Struct({ status: Schema.Literal("unhealthy") }).annotations({
  identifier: "Unhealthy",
  ...HttpApiSchema.annotations({ status: 503 }),
});

const health = HttpApiEndpoint.get("health", "/v1/health")
  .addSuccess(Healthy)
  .addError(Unhealthy)
  .annotateContext(operation("open", "Does it work?", "Asks the store."));

const live = HttpApiEndpoint.get("live", "/v1/health/live")
  .addSuccess(Healthy)
  .annotateContext(operation("open", "Is the process alive?", "Asks nothing: restart it if this does not answer."));

const ready = HttpApiEndpoint.get("ready", "/v1/health/ready")
  .addSuccess(Healthy)
  .addError(Unhealthy)
  .annotateContext(
    operation("open", "Should it get requests?", "Asks the store; 503 too from the moment that a shutdown begins."),
  );

export const HealthGroup = HttpApiGroup.make("health")
  .add(health)
  .add(live)
  .add(ready)
  .annotateContext(OpenApi.annotations({ title: "Health" }));
