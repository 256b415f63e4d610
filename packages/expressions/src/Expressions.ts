/**
 * The `Expressions` port on CEL. The compiler and its libraries, a third of the program, are loaded with the first expression.
 */
import { type Expression, Expressions } from "@cadastre/domain/Expressions";
import * as Module from "@cadastre/domain/Module";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

/** Expressions that are kept compiled. */
const CACHE_SIZE = 500;

const compiler = Module.lazy(() => import("./Compiler.ts"));

export const layer: Layer.Layer<Expressions> = Layer.sync(Expressions, () => {
  const cache = new Map<string, Expression>();
  return {
    compile: (text, environment) =>
      Effect.suspend(() => {
        const key = `${environment} ${text.trim()}`;
        const known = cache.get(key);
        const compiled =
          known === undefined
            ? Effect.flatMap(compiler, ({ compile }) => compile(text, environment))
            : Effect.succeed(known);
        return Effect.tap(compiled, (expression) => keep(cache, key, expression));
      }),
  };
});

const keep = (cache: Map<string, Expression>, key: string, expression: Expression): void => {
  cache.delete(key);
  cache.set(key, expression);
  const [oldest] = cache.keys();
  if (cache.size > CACHE_SIZE && oldest !== undefined) cache.delete(oldest);
};
