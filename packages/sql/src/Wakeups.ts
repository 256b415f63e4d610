/**
 * Wake-ups within one process.
 */
import { type Topic, Wakeups } from "@cadastre/domain/Wakeups";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as PubSub from "effect/PubSub";
import * as Stream from "effect/Stream";

export const make: Effect.Effect<Context.Tag.Service<Wakeups>> = Effect.map(
  // One that waits is enough: it says all that a second would say.
  PubSub.sliding<Topic>(1),
  (topics) => ({
    notify: (topic) => Effect.asVoid(PubSub.publish(topics, topic)),
    listen: (topic) =>
      Stream.fromPubSub(topics).pipe(
        Stream.filter((one) => one === topic),
        Stream.as(undefined),
      ),
  }),
);

/** For a database that one daemon has for itself. */
export const layer: Layer.Layer<Wakeups> = Layer.effect(Wakeups, make);
