import { it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as UseCases from "@cadastre/core/UseCases";
import * as Expressions from "@cadastre/expressions/Expressions";
import * as Memory from "@cadastre/testing/memory/Memory";
import * as Ids from "@cadastre/testing/Identifiers";
import { encode } from "gpt-tokenizer";
import * as Tools from "../src/Tools.ts";
it.scoped("x", () => Effect.gen(function*(){
  const tools = yield* Tools.make;
  let sum = 0;
  for (const {definition} of tools) { const n = encode(JSON.stringify(definition)).length; sum += n; console.log(definition.name, n, encode(JSON.stringify(definition.inputSchema)).length, encode(JSON.stringify(definition.outputSchema)).length); }
  console.log(sum);
  console.log(JSON.stringify(tools[0]!.definition, null, 1), JSON.stringify(tools[1]!.definition.outputSchema));
}).pipe(Effect.provide(UseCases.layer.pipe(Layer.provide(Layer.mergeAll(Memory.layer, Memory.layerSpool, Expressions.layer, Ids.layer))))));
