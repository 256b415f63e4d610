/**
 * MCP from standard input and output to the daemon's HTTP endpoint. Frames are passed on as they come. Every request gets
 * exactly one answer: the daemon's, or an error that says what to do. A request that the agent cancels gets none.
 */
import type { Readable, Writable } from "node:stream";
import * as Cause from "effect/Cause";
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as FiberHandle from "effect/FiberHandle";
import * as FiberSet from "effect/FiberSet";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import * as Era from "./Era.ts";
import * as Exchange from "./Exchange.ts";
import * as Frame from "./Frame.ts";
import * as Load from "./Load.ts";
import * as Order from "./Order.ts";
import * as Session from "./Session.ts";
import * as Stdio from "./Stdio.ts";
import * as Subscription from "./Subscription.ts";
import * as Tools from "./Tools.ts";
import * as Wire from "./Wire.ts";

export interface Options extends Wire.Options {
  readonly input: Readable;
  readonly output: Writable;
  /** How long a daemon is waited for that does not answer. */
  readonly patience: Duration.Duration;
  readonly policy: Tools.Policy;
}

/** Requests that are asked at the same time; more wait. Streams of changes do not count. */
const CONCURRENCY = 64;

/** Bytes of requests without an answer at which no more are read. */
const BUDGET = 32 * 1024 * 1024;

/** For the answers in flight, once the input has ended. */
const GRACE = "5 seconds";

/** For the daemon, to be told of the end, and for the agent, to take what is left. */
const FAREWELL = "1 second";

interface Pending {
  readonly request: Frame.Message;
  fiber?: Fiber.RuntimeFiber<void>;
}

/** Ends when the input does, after the answers in flight. Interrupted, it answers what is left with errors. */
export const run = (options: Options): Effect.Effect<void> =>
  Effect.scoped(
    Effect.gen(function* () {
      const stdio = Stdio.make(options.input, options.output);
      const deliver = (message: Frame.Message) => stdio.write(message.text);
      const wire = Wire.make(options);
      const session = Session.make(wire, deliver);
      const tools = Tools.make(options.policy);
      const around: Exchange.Surroundings = { wire, session, tools, deliver, patience: options.patience };

      const asking = yield* FiberSet.make<void>();
      const listening = yield* FiberSet.make<void>();
      const following = yield* FiberHandle.make<void>();
      const slots = yield* Effect.makeSemaphore(CONCURRENCY);
      const order = Order.make();
      const load = Load.make(BUDGET);
      const pending = new Set<Pending>();

      yield* Effect.addFinalizer(() =>
        Effect.gen(function* () {
          for (const { request } of pending) {
            stdio.writeNow(Frame.failure(request.id, Frame.Code.ended, "The bridge ends before there is an answer."));
          }
          pending.clear();
          yield* Effect.all([session.end, stdio.flushed], { concurrency: 2 }).pipe(
            Effect.interruptible,
            Effect.timeoutOption(FAREWELL),
          );
        }),
      );

      /** Beside the reading, which has to see the end of the input while the agent does not read. */
      const reply = (text: string) =>
        Effect.gen(function* () {
          yield* load.room;
          const fiber = yield* FiberSet.run(asking, stdio.write(text));
          load.add(text.length);
          fiber.addObserver(() => load.remove(text.length));
        });

      const ask = (request: Frame.Message) =>
        Effect.gen(function* () {
          const refusal = tools.refusal(request);
          if (refusal !== undefined) return yield* reply(Frame.failure(request.id, Frame.INVALID_PARAMS, refusal));
          yield* load.room;
          const entry: Pending = { request };
          pending.add(entry);
          const isSubscription = request.method === Subscription.METHOD;
          const { turn, done } = order.enter(request);
          const answered = (isSubscription ? Subscription.listen(around, request) : Exchange.run(around, request)).pipe(
            Effect.tap((answer) => introduce(request, answer)),
            // A connection that is closed says nothing in the older era.
            Effect.tapError(({ code }) =>
              Effect.when(tell(cancelled(request)), () => code === Frame.Code.timeout && isOlder(request)),
            ),
            Effect.map((answer) => tools.seen(request, answer).text),
            Effect.catchAllCause((cause) => failureText(request, cause)),
            Effect.flatMap((text) => stdio.write(text, () => pending.delete(entry))),
          );
          // The slot is kept until the agent has taken the answer: no more answers than slots wait in memory.
          const fiber = yield* isSubscription
            ? FiberSet.run(listening, answered)
            : FiberSet.run(asking, Effect.zipRight(turn, slots.withPermits(1)(answered)));
          entry.fiber = fiber;
          load.add(request.text.length);
          fiber.addObserver(() => {
            pending.delete(entry);
            load.remove(request.text.length);
            done();
          });
        });

      /** Of notifications, and of answers to what the daemon asked. Nobody waits for what becomes of them. */
      const tell = (message: Frame.Message) =>
        Effect.gen(function* () {
          yield* load.room;
          const { turn, done } = order.enter(message);
          const fiber = yield* Effect.zipRight(turn, Exchange.post(around, message)).pipe(
            Effect.zipRight(
              Effect.when(
                FiberHandle.run(following, Subscription.follow(around)),
                () => message.method === Order.INITIALIZED,
              ),
            ),
            Effect.catchAll(({ message: reason }) =>
              Effect.logWarning("a frame did not arrive", { method: message.method, reason }),
            ),
            Effect.asVoid,
            FiberSet.run(asking),
          );
          load.add(message.text.length);
          fiber.addObserver(() => {
            load.remove(message.text.length);
            done();
          });
        });

      const cancel = (notification: Frame.Message) =>
        Effect.gen(function* () {
          const id = Frame.at(notification.body, "params", "requestId");
          const entry = [...pending].find(({ request }) => request.id === id);
          if (entry === undefined) return;
          pending.delete(entry);
          // In the older era a connection that is closed says nothing: there, the daemon is told.
          if (isOlder(entry.request)) yield* tell(notification);
          if (entry.fiber !== undefined) yield* Fiber.interruptFork(entry.fiber);
        });

      const accept = (frame: Frame.Message | Frame.Malformed) => {
        switch (frame.kind) {
          case "malformed":
            return reply(Frame.failure(frame.id, frame.code, frame.message));
          case "request":
            return ask(frame);
          case "notification":
            return frame.method === "notifications/cancelled" ? cancel(frame) : tell(frame);
          case "answer":
            return tell(frame);
        }
      };

      yield* Stream.runForEach(stdio.frames, accept);
      yield* Effect.timeoutOption(FiberSet.awaitEmpty(asking), GRACE);
    }),
  );

const isOlder = (message: Frame.Message): boolean => Era.revision(message) === undefined;

const cancelled = ({ id }: Frame.Message) =>
  Frame.notification("notifications/cancelled", { requestId: id, reason: "Nothing was heard of it for too long." });

const failureText = ({ id, method }: Frame.Message, cause: Cause.Cause<Wire.Trouble>): Effect.Effect<string> => {
  const trouble = Cause.failureOption(cause);
  if (Option.isSome(trouble)) {
    const { code, message } = trouble.value;
    return Effect.as(
      Effect.logWarning("answered with an error", { method, reason: message }),
      Frame.failure(id, code, message),
    );
  }
  if (Cause.isInterruptedOnly(cause)) return Effect.interrupt;
  return Effect.as(
    Effect.logError("a fault of the bridge", cause),
    Frame.failure(id, INTERNAL_ERROR, "Internal error of the bridge. Its log has the cause."),
  );
};

const INTERNAL_ERROR = -32603;

/** For whoever reads the log: with whom the agent speaks, and how. */
const introduce = (request: Frame.Message, { body }: Frame.Message): Effect.Effect<void> => {
  const server =
    Frame.at(body, "result", "serverInfo") ?? Frame.at(body, "result", "_meta", "io.modelcontextprotocol/serverInfo");
  const revision = Era.revision(request) ?? Frame.textAt(body, "result", "protocolVersion");
  return Effect.when(
    Effect.logInfo("connected", {
      server: Frame.textAt(server, "name"),
      version: Frame.textAt(server, "version"),
      revision,
    }),
    () =>
      (request.method === "initialize" || request.method === "server/discover") &&
      Frame.at(body, "result") !== undefined,
  );
};
