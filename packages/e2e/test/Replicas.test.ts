import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { component } from "@cadastre/e2e/Documents";
import * as EventStream from "@cadastre/e2e/EventStream";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as Random from "@cadastre/e2e/Random";
import * as Receiver from "@cadastre/e2e/Receiver";
import { eventually, until } from "@cadastre/e2e/Waiting";
import * as PostgresDatabase from "@cadastre/testing/PostgresDatabase";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { modern } from "./agents/company.ts";

const WRITERS = 8;
const ENTITIES = 5;

/** Attempts of each writer; `scripts/soak.mjs replicas --rounds 2000` makes 16,000 in all. */
const rounds = Number(process.env["SOAK_ROUNDS"] ?? 40);
const seed = Number(process.env["SOAK_SEED"] ?? 20_261_126);

const path = (n: number) => `/v1/entities/by-ref/component/default/shared-${n}`;

/** Two daemons on one database, each with a home of its own. */
const replicas = Effect.gen(function* () {
  const CADASTRE_DATABASE_URL = yield* PostgresDatabase.create("18");
  const first = yield* Program.daemon(yield* Program.home, [], { env: { CADASTRE_DATABASE_URL } });
  const second = yield* Program.daemon(yield* Program.home, [], { env: { CADASTRE_DATABASE_URL } });
  // The first token is the database's, and in the first one's state directory alone.
  return [first, { ...second, token: first.token }] as const;
});

interface Change {
  readonly sequence: number;
  readonly reference: string;
  readonly revision: number;
}

const feed = (daemon: Program.Daemon) =>
  Effect.gen(function* () {
    const changes: Array<Change> = [];
    for (let after = 0; ; ) {
      const { text } = yield* Http.get(daemon, `/v1/events?after=${after}&limit=1000`);
      const { events, next } = JSON.parse(text);
      changes.push(...events);
      if (next === after) return changes;
      after = next;
    }
  });

describe("two replicas", () => {
  it.scopedLive(
    `lose no update of ${WRITERS} writers that race for the same entities, and tell of all in one order (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const both = yield* replicas;
        yield* Effect.forEach(Array.from({ length: ENTITIES }), (_, n) =>
          Http.json(both[0], "PUT", path(n), component(`shared-${n}`)),
        );
        const acknowledged: Array<string> = [];
        let refused = 0;
        const write = (writer: number) =>
          Effect.gen(function* () {
            const random = Random.make(seed + writer);
            const agent = new Agent({ keepAlive: true });
            for (let round = 0; round < rounds; round++) {
              const n = random.below(ENTITIES);
              const read = yield* Http.send(both[random.below(2)] ?? both[0], path(n), { agent });
              const revision = Number(String(read.headers["etag"]).replaceAll('"', ""));
              const lifecycle = `of-${writer}-${round}`;
              const answer = yield* Http.json(
                both[random.below(2)] ?? both[0],
                "PUT",
                path(n),
                component(`shared-${n}`, { lifecycle }),
                { agent, headers: { "if-match": `"${revision}"` } },
              );
              if (answer.status === 200) {
                const { metadata } = JSON.parse(answer.text);
                // Exact: the revision that was asked for, and the one after it.
                expect(metadata.revision).toBe(revision + 1);
                acknowledged.push(`component:default/shared-${n} ${metadata.revision}`);
              } else {
                expect(answer.status).toBe(412);
                refused += 1;
              }
            }
            agent.destroy();
          });
        yield* Effect.all(
          Array.from({ length: WRITERS }, (_, i) => write(i)),
          { concurrency: "unbounded" },
        );

        const [mine, yours] = yield* Effect.all([feed(both[0]), feed(both[1])]);
        expect(yours).toEqual(mine);
        const told = mine.map(({ reference, revision }) => `${reference} ${revision}`);
        expect(new Set(told).size).toBe(told.length);
        expect(told.filter((change) => !change.endsWith(" 1")).toSorted()).toEqual(acknowledged.toSorted());
        for (let n = 0; n < ENTITIES; n++) {
          const revisions = mine.filter(({ reference }) => reference.endsWith(`-${n}`)).map(({ revision }) => revision);
          expect(revisions).toEqual(revisions.map((_, i) => i + 1));
        }
        console.log(`replicas: ${acknowledged.length} writes acknowledged, ${refused} refused as stale`);
        expect(acknowledged.length).toBeGreaterThan(0);
      }),
    60_000 + rounds * 1000,
  );

  it.scopedLive("see through each other's feed what either writes", () =>
    Effect.gen(function* () {
      const [first, second] = yield* replicas;
      const delays: Array<number> = [];
      for (let n = 0; n < 20; n++) {
        const started = performance.now();
        const seen = yield* Effect.fork(EventStream.receive(second, String(n), 1));
        expect((yield* Http.json(first, "PUT", path(n), component(`shared-${n}`))).status).toBe(201);
        const written = performance.now();
        expect((yield* seen).events.map(({ reference }) => reference)).toEqual([`component:default/shared-${n}`]);
        delays.push(performance.now() - Math.max(started, written));
      }
      const sorted = delays.toSorted((a, b) => a - b);
      console.log(`replicas: seen ${sorted[10]?.toFixed(1)} ms (median), ${sorted[19]?.toFixed(1)} ms (most) after`);
    }),
  );

  it.scopedLive("tell agents of either what is written through the other", () =>
    Effect.gen(function* () {
      const [first, second] = yield* replicas;
      const client = yield* modern(second);
      const told: Array<string> = [];
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => void told.push(params.uri));
      const uri = "cadastre://entity/component/default/shared-0";
      yield* Http.json(first, "PUT", path(0), component("shared-0"));
      const listening = yield* Effect.promise(() => client.listen({ resourceSubscriptions: [uri] }));
      yield* Http.json(first, "PUT", path(0), component("shared-0", { note: "changed" }));
      yield* until(() => told.length > 0);
      expect(told).toEqual([uri]);
      yield* Effect.promise(() => listening.close());
    }),
  );

  it.scopedLive(
    "tell a receiver again when the one that was telling it sleeps beyond its lease, which then changes nothing",
    () =>
      Effect.gen(function* () {
        const database = yield* PostgresDatabase.create("18");
        const env = {
          ...Receiver.ALLOWED,
          CADASTRE_DATABASE_URL: database,
          CADASTRE_VAULT_KEY: randomBytes(32).toString("base64"),
        };
        const sleeper = yield* Program.daemon(yield* Program.home, [], { env });
        let answerFirst = (): void => undefined;
        const receiver = yield* Receiver.make((received, response) => {
          if (receiver.received.length > 1) return Receiver.answering(204)(received, response);
          answerFirst = () => Receiver.answering(500)(received, response);
        });
        const subscription = { name: "deploys", channel: { type: "webhook", url: receiver.url } };
        const created = yield* Http.json(sleeper, "POST", "/v1/subscriptions", subscription);
        const { id } = JSON.parse(created.text).subscription;
        yield* Http.json(sleeper, "PUT", path(0), component("shared-0"));
        yield* until(() => receiver.received.length === 1);
        yield* sleeper.signal("SIGSTOP");
        // Half a minute later.
        yield* PostgresDatabase.execute(database, "UPDATE jobs SET lease_until = 0 WHERE state = 'running'");
        const other = yield* Program.daemon(yield* Program.home, [], { env });
        const told = Effect.map(
          Http.get({ ...other, token: sleeper.token }, `/v1/subscriptions/${id}/deliveries`),
          ({ text }) => JSON.parse(text),
        );
        const after = yield* eventually(told, ({ items: [delivery] }) => delivery.state === "delivered");
        expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
        answerFirst();
        yield* sleeper.signal("SIGCONT");
        yield* until(() => sleeper.stderr().includes("a lease was lost"));
        expect(yield* told).toEqual(after);
        expect(after.items[0].attempts).toHaveLength(1);
      }),
  );
});
