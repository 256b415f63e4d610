/**
 * Wake-ups within one process: an SQLite database has one daemon.
 */
import { type Topic, Wakeups } from "@cadastre/domain/Wakeups";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as PubSub from "effect/PubSub";
import * as Stream from "effect/Stream";

// One that waits is enough: it says all that a second would say.
const waiting = PubSub.sliding<void>(1);

export const layer: Layer.Layer<Wakeups> = Layer.effect(
  Wakeups,
  Effect.gen(function* () {
    const topics: { readonly [Name in Topic]: PubSub.PubSub<void> } = { events: yield* waiting, jobs: yield* waiting };
    return Wakeups.of({
      notify: (topic) => Effect.asVoid(PubSub.publish(topics[topic], undefined)),
      listen: (topic) => Stream.fromPubSub(topics[topic]),
    });
  }),
);
