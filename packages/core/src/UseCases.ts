/**
 * Every use case there is, for composition roots, and who may call them.
 */
import type { CallbackChannel } from "@cadastre/domain/CallbackChannel";
import type { DeliveryLog, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import type { EntityStore } from "@cadastre/domain/EntityStore";
import type { EventLog } from "@cadastre/domain/EventLog";
import type { Expressions } from "@cadastre/domain/Expressions";
import type { FacetStore } from "@cadastre/domain/Facets";
import type { EntityGraph } from "@cadastre/domain/Graph";
import type { Identifiers } from "@cadastre/domain/Identifiers";
import type { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import type { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import type { Spool } from "@cadastre/domain/Spool";
import type { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import type { TokenStore } from "@cadastre/domain/TokenStore";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Vault } from "@cadastre/domain/Vault";
import type { Wakeups } from "@cadastre/domain/Wakeups";
import * as Layer from "effect/Layer";
import * as Batches from "./Batches.ts";
import * as Deliveries from "./Deliveries.ts";
import * as Entities from "./Entities.ts";
import * as Events from "./Events.ts";
import * as Facets from "./Facets.ts";
import * as Graphs from "./Graphs.ts";
import * as Histories from "./Histories.ts";
import * as Jobs from "./Jobs.ts";
import * as Metrics from "./Metrics.ts";
import * as Subscriptions from "./Subscriptions.ts";
import * as Tokens from "./Tokens.ts";

export type UseCases =
  | Entities.Entities
  | Batches.Batches
  | Facets.Facets
  | Graphs.Graphs
  | Histories.Histories
  | Events.Events
  | Subscriptions.Subscriptions
  | Deliveries.Deliveries
  | Jobs.Jobs
  | Metrics.Metrics
  | Tokens.Tokens
  | IdentityProvider;

/** The ports that they need. */
export type Ports =
  | EntityStore
  | EntityGraph
  | FacetStore
  | EventLog
  | TokenStore
  | SubscriptionStore
  | DeliveryStore
  | DeliveryLog
  | JobQueue
  | JobBoard
  | CallbackChannel
  | Vault
  | UnitOfWork
  | Wakeups
  | Expressions
  | Identifiers
  | Spool;

export const layer: Layer.Layer<UseCases, never, Ports> = Layer.mergeAll(
  Entities.layer,
  Batches.layer,
  Facets.layer,
  Graphs.layer,
  Histories.layer,
  Events.layer,
  Subscriptions.layer,
  Deliveries.layer,
  Jobs.layer,
  Metrics.layer,
  Tokens.layer,
  Tokens.layerIdentity,
);
