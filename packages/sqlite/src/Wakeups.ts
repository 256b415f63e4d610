/**
 * Wake-ups within one process: an SQLite database has one daemon.
 */
import { type Topic, Wakeups } from "@cadastre/domain/Wakeups";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as PubSub from "effect/PubSub";
import * as Stream from "effect/Stream";

export const layer: Layer.Layer<Wakeups> = Layer.effect(
  Wakeups,
  Effect.map(
    // One that waits is enough: it says all that a second would say.
    PubSub.sliding<Topic>(1),
    (topics): Wakeups["Type"] => ({
      notify: (topic) => Effect.asVoid(PubSub.publish(topics, topic)),
      listen: (topic) =>
        Stream.fromPubSub(topics).pipe(
          Stream.filter((one) => one === topic),
          Stream.as(undefined),
        ),
    }),
  ),
);
