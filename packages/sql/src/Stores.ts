/**
 * Every port of the store, on any database that brings an {@link Engine} and has the tables.
 */
import { Archive } from "@cadastre/domain/Archive";
import type { Diagnosis } from "@cadastre/domain/Diagnosis";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { FacetStore } from "@cadastre/domain/Facets";
import { EntityGraph } from "@cadastre/domain/Graph";
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type { Wakeups } from "@cadastre/domain/Wakeups";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as archive from "./Archive.ts";
import { Engine } from "./Engine.ts";
import * as entityGraph from "./EntityGraph.ts";
import * as entityStore from "./EntityStore.ts";
import * as eventLog from "./EventLog.ts";
import * as facetStore from "./FacetStore.ts";
import * as healthCheck from "./HealthCheck.ts";
import * as tokenStore from "./TokenStore.ts";
import * as unitOfWork from "./UnitOfWork.ts";

export type Stores =
  | EntityStore
  | EntityGraph
  | FacetStore
  | EventLog
  | Wakeups
  | TokenStore
  | UnitOfWork
  | HealthCheck
  | Archive
  | Diagnosis;

/** How replicas wake each other, and what else can ail it, is the database's own affair. */
export const layer: Layer.Layer<Exclude<Stores, Wakeups | Diagnosis>, never, Engine> = Layer.effectContext(
  Effect.map(Engine, (engine) => {
    const transactions = unitOfWork.make(engine);
    return Context.make(UnitOfWork, transactions).pipe(
      Context.add(EntityStore, entityStore.make(engine)),
      Context.add(EntityGraph, entityGraph.make(engine)),
      Context.add(FacetStore, facetStore.make(engine)),
      Context.add(EventLog, eventLog.make(engine)),
      Context.add(TokenStore, tokenStore.make(engine, transactions)),
      Context.add(HealthCheck, healthCheck.make(engine)),
      Context.add(Archive, archive.make(engine)),
    );
  }),
);
