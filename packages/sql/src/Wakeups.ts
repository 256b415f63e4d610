/**
 * Wake-ups within one process.
 */
import { type Topic, Wakeups } from "@cadastre/domain/Wakeups";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as PubSub from "effect/PubSub";
import * as Stream from "effect/Stream";

// One that waits is enough: it says all that a second would say.
const waiting = PubSub.sliding<void>(1);

export const make: Effect.Effect<Context.Tag.Service<Wakeups>> = Effect.gen(function* () {
  const topics: { readonly [Name in Topic]: PubSub.PubSub<void> } = { events: yield* waiting, jobs: yield* waiting };
  return {
    notify: (topic) => Effect.asVoid(PubSub.publish(topics[topic], undefined)),
    listen: (topic) => Stream.fromPubSub(topics[topic]),
  };
});

/** For a database that one daemon has for itself. */
export const layer: Layer.Layer<Wakeups> = Layer.effect(Wakeups, make);
