/**
 * The HTTP interface, declared once: server, clients, OpenAPI document and docs page derive from it.
 */
import * as HttpApi from "@effect/platform/HttpApi";
import * as OpenApi from "@effect/platform/OpenApi";
import { BatchesGroup, BatchLine } from "./Batches.ts";
import { DeliveriesGroup } from "./Deliveries.ts";
import { DocumentationGroup } from "./Documentation.ts";
import { EntitiesGroup } from "./Entities.ts";
import { EventsGroup } from "./Events.ts";
import { FacetsGroup } from "./Facets.ts";
import { GraphsGroup } from "./Graphs.ts";
import { HealthGroup } from "./Health.ts";
import { HistoriesGroup } from "./Histories.ts";
import { JobsGroup } from "./Jobs.ts";
import { Problem } from "./Problem.ts";
import { SubscriptionsGroup } from "./Subscriptions.ts";
import { TokensGroup } from "./Tokens.ts";

export const Api = HttpApi.make("cadastre")
  .add(EntitiesGroup)
  .add(BatchesGroup)
  .add(FacetsGroup)
  .add(GraphsGroup)
  .add(HistoriesGroup)
  .add(EventsGroup)
  .add(SubscriptionsGroup)
  .add(DeliveriesGroup)
  .add(JobsGroup)
  .add(TokensGroup)
  .add(HealthGroup)
  .add(DocumentationGroup)
  .annotate(HttpApi.AdditionalSchemas, [Problem, BatchLine])
  .annotateContext(
    OpenApi.annotations({
      title: "Cadastre",
      version: "1",
      description:
        "A software catalog: what a company runs, who owns it and what depends on it. Every failure is a problem document (RFC 9457).",
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
    }),
  );

export type Api = typeof Api;
