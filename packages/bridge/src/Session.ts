/**
 * The session of the era before 2026-07-28, where there is one. It lives in the daemon; when the daemon has forgotten it,
 * because it was started anew, it is opened again as the agent had opened it, and the agent does not notice.
 */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Frame from "./Frame.ts";
import * as Refusal from "./Refusal.ts";
import * as Relay from "./Relay.ts";
import * as Wire from "./Wire.ts";

export interface Session {
  /** Undefined before it is opened, and with daemons that keep none. */
  readonly id: () => string | undefined;
  readonly isOpen: () => boolean;
  readonly headers: () => { readonly [name: string]: string };
  /** Takes note of a request that was answered with a result. */
  readonly answered: (request: Frame.Message, answer: Frame.Message, id: string | undefined) => void;
  /** Opens it again, unless that was done since its id was `stale`; then the agent is told that lists may have changed. */
  readonly renew: (stale: string | undefined) => Effect.Effect<void, Wire.Trouble>;
  /** What the agent has to be told after it may have missed something. */
  readonly changes: () => ReadonlyArray<Frame.Message>;
  /** Tells the daemon that nobody will ask any more. */
  readonly end: Effect.Effect<void>;
}

export const POSTED = { "content-type": "application/json", accept: "application/json, text/event-stream" };

interface State {
  readonly initialize: Frame.Message;
  readonly capabilities: unknown;
  readonly id: string | undefined;
  readonly revision: string;
}

/** No client has such an id. */
const PRIVATE = "cadastre-mcp-bridge";

export const make = (wire: Wire.Wire, deliver: (message: Frame.Message) => Effect.Effect<void>): Session => {
  const turn = Effect.unsafeMakeSemaphore(1);
  let state: State | undefined;
  /** What the agent has set in the session, to be set again in the next. */
  const settings = new Map<string, Frame.Message>();

  const headers = () => ({
    ...(state === undefined ? {} : { "mcp-protocol-version": state.revision }),
    ...(state?.id === undefined ? {} : { "mcp-session-id": state.id }),
  });

  const opened = (initialize: Frame.Message, answer: Frame.Message, id: string | undefined) => {
    state = {
      initialize,
      capabilities: Frame.at(answer.body, "result", "capabilities"),
      id,
      revision: Frame.textAt(answer.body, "result", "protocolVersion") ?? "",
    };
  };

  const post = (message: Frame.Message, own: { readonly [name: string]: string }) =>
    Effect.gen(function* () {
      const reply = yield* wire.send({ method: "POST", body: message.text }, { ...POSTED, ...own });
      if (reply.status >= 300) return yield* Effect.flatMap(Refusal.read(reply), ({ trouble }) => trouble);
      return reply;
    });

  const ask = (message: Frame.Message, own: { readonly [name: string]: string }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const reply = yield* post(Frame.withId(message, PRIVATE), own);
        const answer = yield* Relay.answer(wire.frames(reply), PRIVATE, deliver);
        return { answer, id: idOf(reply.headers["mcp-session-id"]) };
      }),
    );

  const changes = () => {
    const declares = (part: string) => Frame.at(state?.capabilities, part, "listChanged") === true;
    return [
      ...["tools", "prompts", "resources"]
        .filter(declares)
        .map((part) => Frame.notification(`notifications/${part}/list_changed`)),
      ...[...settings.values()]
        .filter(({ method }) => method === "resources/subscribe")
        .map(({ body }) =>
          Frame.notification("notifications/resources/updated", { uri: Frame.at(body, "params", "uri") }),
        ),
    ];
  };

  const reopen = ({ initialize }: State) =>
    Effect.gen(function* () {
      const { answer, id } = yield* ask(initialize, {});
      if (Option.isNone(answer) || Frame.at(answer.value.body, "result") === undefined) {
        return yield* Wire.lost("The daemon has forgotten the session and opens no other.");
      }
      opened(initialize, answer.value, id);
      yield* Effect.scoped(post(Frame.notification("notifications/initialized"), headers()));
      for (const setting of settings.values()) yield* Effect.ignoreLogged(ask(setting, headers()));
      yield* Effect.logInfo("the session was opened again");
      for (const change of changes()) yield* deliver(change);
    });

  return {
    id: () => state?.id,
    isOpen: () => state !== undefined,
    headers,
    changes,
    answered: (request, answer, id) => {
      const { method } = request;
      const uri = Frame.textAt(request.body, "params", "uri");
      if (method === "initialize") opened(request, answer, id);
      else if (method === "logging/setLevel") settings.set(method, request);
      else if (method === "resources/subscribe") settings.set(`subscribe ${uri}`, request);
      else if (method === "resources/unsubscribe") settings.delete(`subscribe ${uri}`);
    },
    renew: (stale) =>
      turn.withPermits(1)(
        Effect.suspend(() => {
          return state === undefined || state.id !== stale ? Effect.void : reopen(state);
        }),
      ),
    end: Effect.suspend(() =>
      state?.id === undefined ? Effect.void : Effect.ignore(Effect.scoped(wire.send({ method: "DELETE" }, headers()))),
    ),
  };
};

export const idOf = (header: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof header === "string" && header !== "" ? header : undefined;
