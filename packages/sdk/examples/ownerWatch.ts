/**
 * A service that reacts to changes: it tells what was handed over from one team to another. It goes on where it stopped,
 * misses nothing, and may tell a change twice if it is killed between telling it and keeping its place.
 *
 *     CADASTRE_URL=http://127.0.0.1:7717 CADASTRE_TOKEN=cad_… npx tsx ownerWatch.ts
 */
import * as CadastreClient from "@cadastre/sdk/CadastreClient";
import type { ChangeEvent } from "@cadastre/sdk/Feed";
import * as FetchHttpClient from "@effect/platform/FetchHttpClient";
import * as KeyValueStore from "@effect/platform/KeyValueStore";
import * as NodeContext from "@effect/platform-node/NodeContext";
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as Config from "effect/Config";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";

/** Where it is in the feed. */
const PLACE = "place";

/** The daemon evaluates it: what is of no interest is not sent. */
const FILTER = 'event.patch.exists(p, p.path == "/spec/owner")';

const program = Effect.gen(function* () {
  const { events } = yield* CadastreClient.CadastreClient;
  const store = yield* KeyValueStore.KeyValueStore;
  const place = Option.map(yield* store.get(PLACE), Number);
  yield* events
    .follow({ type: ["entity.updated"], filter: FILTER, ...(Option.isSome(place) ? { after: place.value } : {}) })
    .pipe(
      Stream.zipWithIndex,
      Stream.runForEach(([{ cursor, event }, index]) =>
        Effect.gen(function* () {
          if (index === 0) yield* Console.log(Option.isSome(place) ? `going on after ${place.value}` : "from now on");
          if (event !== undefined) yield* tell(event);
          yield* store.set(PLACE, String(cursor));
        }),
      ),
    );
});

/** What a service of yours would do: write to a chat, change a rota. */
const tell = ({ reference, patch, actor }: ChangeEvent) =>
  Effect.forEach(
    patch.filter(({ path }) => path === "/spec/owner"),
    ({ value }) => Console.log(`${reference} now belongs to ${value} (by ${actor})`),
  );

const store = Layer.unwrapEffect(
  Effect.map(Config.withDefault(Config.string("STATE_FOLDER"), "owner-watch"), KeyValueStore.layerFileSystem),
);

program.pipe(
  Effect.provide([
    CadastreClient.layerConfig().pipe(Layer.provide(FetchHttpClient.layer)),
    store.pipe(Layer.provide(NodeContext.layer)),
  ]),
  NodeRuntime.runMain,
);
