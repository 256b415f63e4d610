/**
 * Every port of the store, on any database that brings an {@link Engine} and has the tables.
 */
import { Archive } from "@cadastre/domain/Archive";
import { DeliveryLog, DeliveryStore } from "@cadastre/domain/DeliveryStore";
import type { Diagnosis } from "@cadastre/domain/Diagnosis";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { FacetStore } from "@cadastre/domain/Facets";
import { EntityGraph } from "@cadastre/domain/Graph";
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import { JobBoard, JobQueue } from "@cadastre/domain/JobQueue";
import { SubscriptionStore } from "@cadastre/domain/SubscriptionStore";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Wakeups } from "@cadastre/domain/Wakeups";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as archive from "./Archive.ts";
import * as deliveryLog from "./DeliveryLog.ts";
import * as deliveryStore from "./DeliveryStore.ts";
import { Engine } from "./Engine.ts";
import * as entityGraph from "./EntityGraph.ts";
import * as entityStore from "./EntityStore.ts";
import * as eventLog from "./EventLog.ts";
import * as facetStore from "./FacetStore.ts";
import * as healthCheck from "./HealthCheck.ts";
import { measured } from "./internal/measured.ts";
import * as jobBoard from "./JobBoard.ts";
import * as jobQueue from "./JobQueue.ts";
import * as subscriptionStore from "./SubscriptionStore.ts";
import * as tokenStore from "./TokenStore.ts";
import * as unitOfWork from "./UnitOfWork.ts";

export type Stores =
  | EntityStore
  | EntityGraph
  | FacetStore
  | EventLog
  | Wakeups
  | TokenStore
  | SubscriptionStore
  | DeliveryStore
  | DeliveryLog
  | JobQueue
  | JobBoard
  | UnitOfWork
  | HealthCheck
  | Archive
  | Diagnosis;

/** How replicas wake each other, and what else can ail it, is the database's own affair. */
export const layer: Layer.Layer<Exclude<Stores, Wakeups | Diagnosis>, never, Engine> = Layer.effectContext(
  Effect.map(Engine, (engine) => {
    const transactions = measured("UnitOfWork", unitOfWork.make(engine));
    return Context.make(UnitOfWork, transactions).pipe(
      Context.add(EntityStore, measured("EntityStore", entityStore.make(engine))),
      Context.add(EntityGraph, measured("EntityGraph", entityGraph.make(engine))),
      Context.add(FacetStore, measured("FacetStore", facetStore.make(engine))),
      Context.add(EventLog, measured("EventLog", eventLog.make(engine))),
      Context.add(TokenStore, measured("TokenStore", tokenStore.make(engine, transactions))),
      Context.add(SubscriptionStore, measured("SubscriptionStore", subscriptionStore.make(engine, transactions))),
      Context.add(DeliveryStore, measured("DeliveryStore", deliveryStore.make(engine, transactions))),
      Context.add(DeliveryLog, measured("DeliveryLog", deliveryLog.make(engine, transactions))),
      Context.add(JobQueue, measured("JobQueue", jobQueue.make(engine, transactions))),
      Context.add(JobBoard, measured("JobBoard", jobBoard.make(engine, transactions))),
      Context.add(HealthCheck, measured("HealthCheck", healthCheck.make(engine))),
      Context.add(Archive, archive.make(engine)),
    );
  }),
);
