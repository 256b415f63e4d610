/**
 * Every port of the store, on any database that brings an {@link Engine} and has the tables.
 */
import { Archive } from "@cadastre/domain/Archive";
import { EntityStore } from "@cadastre/domain/EntityStore";
import { EventLog } from "@cadastre/domain/EventLog";
import { HealthCheck } from "@cadastre/domain/HealthCheck";
import { TokenStore } from "@cadastre/domain/TokenStore";
import { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as archive from "./Archive.ts";
import { Engine } from "./Engine.ts";
import * as entityStore from "./EntityStore.ts";
import * as eventLog from "./EventLog.ts";
import * as healthCheck from "./HealthCheck.ts";
import * as tokenStore from "./TokenStore.ts";
import * as unitOfWork from "./UnitOfWork.ts";

export type Stores = EntityStore | EventLog | TokenStore | UnitOfWork | HealthCheck | Archive;

export const layer: Layer.Layer<Stores, never, Engine> = Layer.effectContext(
  Effect.map(Engine, (engine) => {
    const transactions = unitOfWork.make(engine);
    return Context.make(UnitOfWork, transactions).pipe(
      Context.add(EntityStore, entityStore.make(engine)),
      Context.add(EventLog, eventLog.make(engine)),
      Context.add(TokenStore, tokenStore.make(engine, transactions)),
      Context.add(HealthCheck, healthCheck.make(engine)),
      Context.add(Archive, archive.make(engine, transactions)),
    );
  }),
);
