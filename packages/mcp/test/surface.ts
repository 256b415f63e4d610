/**
 * The catalog's own surface on the store in memory.
 */
import * as UseCases from "@cadastre/core/UseCases";
import * as Expressions from "@cadastre/expressions/Expressions";
import * as Identifiers from "@cadastre/testing/Identifiers";
import * as Callbacks from "@cadastre/testing/memory/Callbacks";
import * as Memory from "@cadastre/testing/memory/Memory";
import * as Layer from "effect/Layer";

export const layer: Layer.Layer<UseCases.UseCases> = UseCases.layer.pipe(
  Layer.provide(Layer.mergeAll(Memory.layer, Memory.layerSpool, Expressions.layer, Identifiers.layer, Callbacks.layer)),
);
