import { component } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as Random from "@cadastre/e2e/Random";
import * as Receiver from "@cadastre/e2e/Receiver";
import { until } from "@cadastre/e2e/Waiting";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Fiber from "effect/Fiber";

/** `scripts/soak.mjs callbacks` asks for more. */
const rounds = Number(process.env["SOAK_ROUNDS"] ?? 4);
const seed = Number(process.env["SOAK_SEED"] ?? 20_261_126);

/** Of 100: 70 good answers, the others as bad as they come. A hundred-and-first never ends. */
const flaky =
  (random: Random.Random): Receiver.Answer =>
  (received, response) => {
    const draw = random.below(101);
    if (draw < 70) return Receiver.answering(204)(received, response);
    if (draw < 80) return Receiver.answering(500)(received, response);
    if (draw < 85) return Receiver.answering(429, { "retry-after": "1" })(received, response);
    if (draw < 90) return Receiver.answering(302, { location: "/elsewhere" })(received, response);
    if (draw < 100) return void response.destroy();
  };

/** Creates entities, each with its event, until the connection breaks; `known` has what was acknowledged. */
const write = (daemon: Program.Daemon, prefix: string, known: Set<string>) =>
  Effect.gen(function* () {
    for (let i = 0; ; i++) {
      const { status } = yield* Http.json(daemon, "POST", "/v1/entities", component(`${prefix}-${i}`));
      expect(status).toBe(201);
      known.add(`component:default/${prefix}-${i}`);
    }
  });

interface Delivery {
  readonly id: string;
  readonly sequence: number;
  readonly reference: string;
  readonly state: string;
  readonly reason?: string;
}

const deliveriesOf = (daemon: Program.Daemon, id: string, state = "") =>
  Effect.gen(function* () {
    const all: Array<Delivery> = [];
    let cursor: string | undefined;
    do {
      const query = `limit=1000${state === "" ? "" : `&state=${state}`}${cursor === undefined ? "" : `&cursor=${cursor}`}`;
      const page = JSON.parse((yield* Http.get(daemon, `/v1/subscriptions/${id}/deliveries?${query}`)).text);
      all.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return all;
  });

const eventsOf = (daemon: Program.Daemon) =>
  Effect.gen(function* () {
    const all: Array<{ readonly id: string; readonly sequence: number; readonly reference: string }> = [];
    for (let after = 0, end = false; !end; ) {
      const { events, next } = JSON.parse((yield* Http.get(daemon, `/v1/events?limit=1000&after=${after}`)).text);
      all.push(...events);
      end = next === after;
      after = next;
    }
    return all;
  });

it.scopedLive(
  `every acknowledged change is told, or given up with its reason, after ${rounds} times kill -9 (seed ${seed})`,
  () =>
    Effect.gen(function* () {
      const random = Random.make(seed);
      const home = yield* Program.home;
      const receiver = yield* Receiver.make(flaky(Random.make(seed + 1)));
      const options = { env: Receiver.ALLOWED };
      const ids: Array<string> = [];
      yield* Effect.scoped(
        Effect.gen(function* () {
          const daemon = yield* Program.daemon(home, [], options);
          for (const [name, retry] of [
            ["patient", Array.from({ length: 20 }, () => 1)],
            ["brief", [0, 1]],
          ]) {
            const channel = { type: "webhook", url: `${receiver.url}/${name}` };
            const input = { name, channel, retry, rateLimit: 1000, ordered: name === "patient" };
            const created = yield* Http.json(daemon, "POST", "/v1/subscriptions", input);
            expect(created.status, created.text).toBe(201);
            ids.push(JSON.parse(created.text).subscription.id);
          }
        }),
      );

      const known = new Set<string>();
      for (let round = 0; round < rounds; round++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const daemon = yield* Program.daemon(home, [], options);
            const before = known.size;
            const writer = yield* Effect.fork(Effect.either(write(daemon, `r${round}`, known)));
            // How fast the machine is decides nothing.
            yield* Effect.timeout(
              until(() => known.size > before),
              "30 seconds",
            );
            yield* Effect.sleep(`${random.below(480)} millis`);
            yield* daemon.signal("SIGKILL");
            expect(Either.isLeft(yield* Fiber.join(writer))).toBe(true);
            yield* daemon.ended;
          }),
        );
      }

      const daemon = yield* Program.daemon(home, [], options);
      const events = yield* eventsOf(daemon);
      const references = new Set(events.map(({ reference }) => reference));
      expect([...known].filter((reference) => !references.has(reference))).toEqual([]);
      let dead = 0;
      for (const id of ids) {
        const waiting = Effect.map(
          Effect.all([deliveriesOf(daemon, id), deliveriesOf(daemon, id, "pending,held")]),
          ([all, unfinished]) => all.length < events.length || unfinished.length > 0,
        );
        yield* Effect.repeat(Effect.delay(waiting, "500 millis"), { while: (more) => more });
        const deliveries = yield* deliveriesOf(daemon, id);
        const bySequence = new Map(deliveries.map((delivery) => [delivery.sequence, delivery]));
        expect(bySequence.size, "an event has one delivery").toBe(deliveries.length);
        for (const event of events) {
          const delivery = bySequence.get(event.sequence);
          const got = receiver.received.filter(({ headers }) => headers["webhook-id"] === delivery?.id);
          if (delivery?.state === "dead") {
            dead += 1;
            expect(delivery.reason).toMatch(/./);
          } else {
            expect(delivery?.state).toBe("delivered");
            expect(
              got.some(({ status }) => status === 204),
              `${event.reference} was told`,
            ).toBe(true);
          }
        }
      }
      // Whatever came twice came under the same id.
      const idsOf = new Map<string, Set<string | undefined>>();
      for (const { path, body, headers } of receiver.received) {
        const key = `${path} ${JSON.parse(body).id}`;
        idsOf.set(key, (idsOf.get(key) ?? new Set()).add(headers["webhook-id"]));
      }
      expect([...idsOf].filter(([, all]) => all.size > 1)).toEqual([]);
      const told = receiver.received.filter(({ status }) => status === 204).length;
      console.log(
        `kill -9: ${rounds} rounds, ${known.size} acknowledged changes, ${events.length} events, ${receiver.received.length} callbacks, ${told} taken, ${dead} given up, none lost`,
      );
      expect(known.size).toBeGreaterThanOrEqual(rounds);
      expect(yield* Program.stop(daemon)).toMatchObject({ code: 0 });
    }),
  120_000 + rounds * 60_000,
);
