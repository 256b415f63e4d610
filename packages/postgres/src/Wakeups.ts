/**
 * Wake-ups within this process and, by NOTIFY, to every other replica on the database.
 */
import { type Topic, Wakeups } from "@cadastre/domain/Wakeups";
import * as LocalWakeups from "@cadastre/sql/Wakeups";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as lines from "./internal/line.ts";
import type { Options } from "./internal/pool.ts";

const TOPICS: ReadonlyArray<Topic> = ["events"];

export const layer = (options: Options): Layer.Layer<Wakeups> =>
  Layer.scoped(
    Wakeups,
    Effect.gen(function* () {
      const local = yield* LocalWakeups.make;
      const line = yield* lines.make(options, (word) =>
        Effect.forEach(
          // What was missed may have been anything.
          TOPICS.filter((topic) => word === undefined || word === topic),
          local.notify,
          { discard: true },
        ),
      );
      return {
        // After the commit, and on a connection of its own: within a transaction NOTIFY makes all commits wait for each other.
        notify: (topic) => Effect.zipRight(local.notify(topic), line.send(topic)),
        listen: local.listen,
      };
    }),
  );
