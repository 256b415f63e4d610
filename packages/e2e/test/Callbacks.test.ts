/**
 * Callbacks of one daemon to one receiver, as both of them see it.
 */
import { component } from "@cadastre/e2e/Documents";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as Receiver from "@cadastre/e2e/Receiver";
import { eventually } from "@cadastre/e2e/Waiting";
import { describe, expect, layer as sharing } from "@effect/vitest";
import { CloudEvent, HTTP } from "cloudevents";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Webhook } from "standardwebhooks";

class Setting extends Context.Tag("test/Setting")<
  Setting,
  { readonly home: Program.Home; readonly daemon: Program.Daemon; readonly receiver: Receiver.Receiver }
>() {}

const setting = Layer.scoped(
  Setting,
  Effect.gen(function* () {
    const home = yield* Program.home;
    const receiver = yield* Receiver.make();
    return { home, receiver, daemon: yield* Program.daemon(home, [], { env: Receiver.ALLOWED }) };
  }),
);

interface Told {
  readonly id: string;
  readonly state: string;
  readonly reference?: string;
  readonly reason?: string;
  readonly nextAttemptAt?: string;
  readonly attempts: ReadonlyArray<{ readonly outcome: string }>;
}

/** A subscription to the receiver at a path of its own, which answers for it as it is told to. */
const subscribed = (path: string, more: { readonly [member: string]: unknown } = {}) =>
  Effect.gen(function* () {
    const { daemon, receiver } = yield* Setting;
    const ask = (method: string, at: string, body: unknown = undefined) =>
      Effect.map(Http.json(daemon, method, at, body), ({ status, text }) => {
        expect(status, text).toBeLessThan(300);
        return text === "" ? {} : JSON.parse(text);
      });
    const mine = { kind: "Component", prefix: `${path}-` };
    const channel = { type: "webhook", url: `${receiver.url}/${path}` };
    const filter = `kind == "${mine.kind}" && name.startsWith("${mine.prefix}")`;
    const input = { name: path, channel, filter, retry: [0, 0, 0], rateLimit: 1000, ...more };
    const { subscription, secret } = yield* ask("POST", "/v1/subscriptions", input);
    const own = `/v1/subscriptions/${subscription.id}`;
    const got = () => receiver.received.filter((one) => one.path === `/${path}`);
    const log: Effect.Effect<ReadonlyArray<Told>, Http.NoAnswer> = Effect.map(
      ask("GET", `${own}/deliveries?limit=100`),
      ({ items }) => items,
    );
    return {
      secret,
      ask: (method: string, at: string) => ask(method, `${own}${at}`),
      /** Writes an entity that it hears of. */
      write: (name: string, note = "") => {
        const body = component(`${mine.prefix}${name}`, { note });
        return ask("PUT", `/v1/entities/by-ref/component/default/${mine.prefix}${name}`, body);
      },
      got,
      log,
      /** Until so many callbacks have come. */
      gets: (count: number) =>
        Effect.map(
          eventually(Effect.sync(got), (all) => all.length >= count),
          (all) => all,
        ),
      /** Until all that it is told is settled in these states. */
      settles: (...states: ReadonlyArray<string>) =>
        eventually(log, (all) => all.length === states.length && all.every(({ state }, i) => state === states[i])),
    };
  });

/** What a path is answered with, one after the other, and 204 after that. */
const answers = (path: string, ...statuses: ReadonlyArray<number>) =>
  Effect.map(Setting, ({ receiver }) => {
    const before = receiver.answer;
    const left = [...statuses];
    receiver.answer = (received, response) =>
      received.path === `/${path}`
        ? Receiver.answering(left.shift() ?? 204)(received, response)
        : before(received, response);
  });

const verifies = (secret: string, { body, headers }: Receiver.Received): boolean => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

const revisionOf = ({ body }: Receiver.Received): number => JSON.parse(body).data.event.revision;

const PATIENCE = 60_000;

describe("callbacks of a daemon", () => {
  sharing(setting, { timeout: 60_000, excludeTestServices: true })((it) => {
    it.scoped(
      "verify by the public library before, while and after the secret is replaced, and are CloudEvents",
      () =>
        Effect.gen(function* () {
          const { secret: first, ask, write, gets } = yield* subscribed("signed");
          yield* write("a");
          const [before] = (yield* gets(1)) as [Receiver.Received];
          const { secret: second } = yield* ask("POST", "/rotate-secret?overlap=3600");
          yield* write("b");
          const [, meanwhile] = (yield* gets(2)) as [unknown, Receiver.Received];
          const { secret: third } = yield* ask("POST", "/rotate-secret?overlap=0");
          yield* write("c");
          const [, , after] = (yield* gets(3)) as [unknown, unknown, Receiver.Received];
          const verdicts = [before, meanwhile, after].map((one) =>
            [first, second, third].map((secret) => verifies(secret, one)),
          );
          expect(verdicts).toEqual([
            [true, false, false],
            [true, true, false],
            // The second's time was over at once, the first's is not.
            [true, false, true],
          ]);
          expect(verifies(first, { ...before, body: before.body.replace("checkout", "checkouts") })).toBe(false);

          const event = HTTP.toEvent({ headers: before.headers, body: before.body });
          if (!(event instanceof CloudEvent)) throw new Error("it is one event");
          expect(event.validate()).toBe(true);
          expect(event).toMatchObject({ type: "dev.cadastre.entity.created", subject: "component:default/signed-a" });
        }),
      PATIENCE,
    );

    it.scoped(
      "keep the order of an entity's changes where that is asked, though the first fails, and let others go on",
      () =>
        Effect.gen(function* () {
          // The first change is tried again after a second.
          const { write, gets, settles } = yield* subscribed("ordered", { ordered: true, retry: [0, 1, 1] });
          yield* answers("ordered", 500);
          yield* write("a", "1");
          yield* gets(1);
          yield* write("a", "2");
          yield* write("a", "3");
          yield* write("b");
          const all = yield* gets(5);
          yield* settles("delivered", "delivered", "delivered", "delivered");
          const of = (name: string) => all.filter(({ body }) => JSON.parse(body).subject.endsWith(name));
          expect(of("ordered-a").map(revisionOf)).toEqual([1, 1, 2, 3]);
          expect(all.indexOf(of("ordered-b")[0] as Receiver.Received)).toBeLessThan(4);
          const [failed, again] = of("ordered-a");
          expect(again?.headers["webhook-id"]).toBe(failed?.headers["webhook-id"]);
        }),
      PATIENCE,
    );

    it.scoped(
      "are given out once more, one, by conditions or since a time, by the same ids",
      () =>
        Effect.gen(function* () {
          const { write, got, gets, settles, ask, log } = yield* subscribed("again");
          // No attempt at the first is taken.
          yield* answers("again", 503, 503, 503);
          yield* write("a");
          yield* settles("dead");
          yield* write("b");
          yield* settles("delivered", "dead");
          const [b, a] = (yield* log) as [Told, Told];
          expect(a.attempts).toHaveLength(3);
          expect(a.reason).toContain("503");
          const idOf = ({ headers }: Receiver.Received) => headers["webhook-id"];
          const since = (count: number) => got().slice(count).map(idOf);

          expect(yield* ask("POST", "/redeliver")).toEqual({ redelivered: 1 });
          yield* settles("delivered", "delivered");
          expect(since(4)).toEqual([a.id]);
          yield* ask("POST", `/deliveries/${b.id}/redeliver`);
          yield* gets(6);
          yield* settles("delivered", "delivered");
          const delivered = "/redeliver?state=delivered";
          expect(yield* ask("POST", `${delivered}&reference=component:default/again-a`)).toEqual({ redelivered: 1 });
          yield* gets(7);
          yield* settles("delivered", "delivered");
          expect(since(5)).toEqual([b.id, a.id]);
          expect(yield* ask("POST", `${delivered}&since=2000-01-01T00:00:00Z`)).toEqual({ redelivered: 2 });
          yield* gets(9);
          expect(since(7).sort()).toEqual([a.id, b.id].sort());
          expect(yield* ask("POST", `${delivered}&since=2999-01-01T00:00:00Z`)).toEqual({ redelivered: 0 });
        }),
      PATIENCE,
    );

    it.scoped(
      "to a receiver that is gone end, which is an event that others hear; what is left waits until it is wanted again",
      () =>
        Effect.gen(function* () {
          const { home } = yield* Setting;
          const watcher = yield* subscribed("watcher", { types: ["subscription.disabled"], filter: "true" });
          const { write, gets, settles, ask, got } = yield* subscribed("gone");
          yield* answers("gone", 410);
          yield* write("a");
          yield* settles("held");
          const [notice] = (yield* watcher.gets(1)) as [Receiver.Received];
          expect(JSON.parse(notice.body)).toMatchObject({
            type: "dev.cadastre.subscription.disabled",
            data: { event: { type: "subscription.disabled" } },
          });
          expect(yield* ask("GET", "")).toMatchObject({
            enabled: false,
            disabled: { reason: "gone" },
            backlog: { held: 1 },
          });

          // A ping is for finding out whether it is there again.
          const ping = yield* Program.run(home, ["subscription", "test", "gone"]);
          expect(ping, ping.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^gone took the ping in/) });
          expect(got()).toHaveLength(2);
          yield* write("unheard");
          yield* ask("POST", "/enable");
          const all = yield* gets(3);
          expect(all[2]?.headers["webhook-id"]).toBe(all[0]?.headers["webhook-id"]);
          yield* settles("delivered", "delivered");
          expect(got()).toHaveLength(3);
        }),
      PATIENCE,
    );

    it.scoped(
      "to a receiver that only fails stop after ten in a row; those to others go on",
      () =>
        Effect.gen(function* () {
          const dead = yield* subscribed("failing", { retry: Array.from({ length: 20 }, () => 0) });
          const good = yield* subscribed("good");
          yield* answers("failing", ...Array.from({ length: 20 }, () => 500));
          yield* dead.write("a");
          const [left] = yield* eventually(dead.log, ([one]) => one?.reason?.includes("left alone") ?? false);
          expect(left).toMatchObject({ state: "pending" });
          expect(left?.attempts).toHaveLength(10);
          expect(dead.got()).toHaveLength(10);
          yield* good.write("a");
          yield* good.settles("delivered");
          expect(dead.got()).toHaveLength(10);
        }),
      PATIENCE,
    );
  });
});
