/**
 * Modules that few runs need. They are imported by a path of our own: a bundler splits them off there.
 */
import * as Effect from "effect/Effect";

/** A module that is loaded when it is first asked for, and is at hand from then on. One that cannot be loaded is a defect. */
export const lazy = <A extends object>(load: () => Promise<A>): Effect.Effect<A> => {
  let loaded: A | undefined;
  return Effect.suspend(() =>
    loaded === undefined
      ? Effect.map(Effect.promise(load), (module) => {
          loaded = module;
          return module;
        })
      : Effect.succeed(loaded),
  );
};
