/**
 * What happens to every request: who may address the server, route, caller, parameters, handler, answer, log. Whatever
 * fails on the way ends as a problem document.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { denial } from "@cadastre/core/Authorization";
import { Unauthenticated } from "@cadastre/domain/Errors";
import { IdentityProvider } from "@cadastre/domain/IdentityProvider";
import { Caller, holds, type Principal } from "@cadastre/domain/Principal";
import * as Cause from "effect/Cause";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Exit from "effect/Exit";
import type * as Fiber from "effect/Fiber";
import * as FiberId from "effect/FiberId";
import * as Redacted from "effect/Redacted";
import * as Runtime from "effect/Runtime";
import type * as Scope from "effect/Scope";
import type { Route } from "../Routes.ts";
import * as Admission from "./admission.ts";
import { type Answer, type Failure, noContent, problem, Refusal } from "./answer.ts";
import { bodyOf, mediaTypeOf } from "./body.ts";
import * as Exchange from "./exchange.ts";
import type { Guard } from "./guard.ts";
import { inFlight } from "./httpMetrics.ts";
import type { Limits } from "./limits.ts";
import { invalidParameters } from "./parameters.ts";
import type { Quotas } from "./quotas.ts";
import * as RequestLog from "./requestLog.ts";
import type { Router } from "./router.ts";
import * as ServerSpan from "./serverSpan.ts";

export interface Listener {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  /** The fibers that serve requests. */
  readonly fibers: ReadonlySet<Fiber.RuntimeFiber<void>>;
  /** Waits until every request is answered in full. */
  readonly idle: Effect.Effect<void>;
}

export const make = (options: {
  readonly router: Router<Route>;
  readonly guard: Guard;
  readonly quotas: Quotas;
  readonly limits: Limits;
  readonly isDraining: () => boolean;
}): Effect.Effect<Listener, never, IdentityProvider> =>
  Effect.gen(function* () {
    const { router, guard, quotas, limits, isDraining } = options;
    const { identify } = yield* IdentityProvider;
    const spanned = yield* ServerSpan.make(router);
    const runFork = Runtime.runFork(yield* Effect.runtime());
    const open = new Set<ServerResponse>();
    const fibers = new Set<Fiber.RuntimeFiber<void>>();
    const idlers = new Set<() => void>();
    const settle = () => {
      if (open.size > 0 || fibers.size > 0 || !isIdle()) return;
      for (const resume of idlers) resume();
    };
    const { enter, isIdle } = Admission.make({
      requests: limits.requests,
      open: () => open.size,
      onIdle: settle,
      onTurnedAway: (count) => runFork(Effect.logWarning("requests were turned away", { count })),
    });
    const timeout = Duration.toMillis(limits.request);

    const serve = (exchange: Exchange.Exchange): Effect.Effect<void> =>
      answer(exchange).pipe(
        Effect.catchAllCause((cause) =>
          recover(
            exchange,
            Cause.map(cause, (failure) => quotas.ofFailed(exchange, failure)),
          ),
        ),
        Effect.flatMap((answer) =>
          Effect.flatMap(Exchange.send(exchange, answer, limits.idle), (bytes) =>
            RequestLog.served(exchange, answer.status, bytes),
          ),
        ),
        Effect.catchAllCause((cause) => abandon(exchange, cause)),
        Effect.scoped,
      );

    const answer = (exchange: Exchange.Exchange): Effect.Effect<Answer, Failure, Scope.Scope> => {
      const { request, path } = exchange;
      const refused = guard(request.headers);
      if (refused !== undefined) return Effect.fail(refused);
      const found = router.find(exchange.method, path);
      switch (found._tag) {
        case "Malformed":
          return Effect.fail(invalidParameters([{ path: "path", message: "is not percent-encoded UTF-8" }]));
        case "NoPath":
          return exchange.method === "OPTIONS" && path === "*"
            ? Effect.succeed(noContent)
            : Effect.fail(routeUnknown(path));
        case "NoMethod":
          return exchange.method === "OPTIONS"
            ? Effect.succeed({ ...noContent, headers: { allow: found.allowed.join(", ") } })
            : Effect.fail(methodNotAllowed(exchange.method, found.allowed));
        case "Found": {
          const route = found.value;
          exchange.route = route;
          const { access } = route;
          if (access === "open") {
            const limited = quotas.ofAnyone(exchange, route);
            return limited === undefined ? call(exchange, route, found.parameters, ANYONE) : Effect.fail(limited);
          }
          return Effect.flatMap(bearerOf(request), (bearer) =>
            Effect.flatMap(identify(bearer), (principal) => {
              exchange.principal = principal.id;
              const limited = quotas.ofPrincipal(exchange, principal.id);
              if (limited !== undefined) return Effect.fail(limited);
              // Before anything of the request is read.
              return access === "token" || holds(principal, access)
                ? call(exchange, route, found.parameters, principal)
                : Effect.fail(denial(principal, access));
            }),
          );
        }
      }
    };

    const call = (
      exchange: Exchange.Exchange,
      route: Route,
      parameters: { readonly [name: string]: string },
      principal: Principal,
    ): Effect.Effect<Answer, Failure, Scope.Scope> => {
      const { request } = exchange;
      const path = route.readPath(parameters);
      const query = route.readQuery(exchange.search);
      const headers = route.readHeaders(request.headers);
      if (Either.isLeft(path) || Either.isLeft(query) || Either.isLeft(headers)) {
        return Effect.fail(
          invalidParameters([path, query, headers].flatMap((read) => (Either.isLeft(read) ? read.left : []))),
        );
      }
      const mediaType = mediaTypeOf(request, route.mediaTypes);
      if (Either.isLeft(mediaType)) return Effect.fail(mediaType.left);
      return Effect.provideService(
        route.handler({
          path: path.right,
          query: query.right,
          headers: headers.right,
          body: bodyOf(request, mediaType.right, limits),
        }),
        Caller,
        { principal, requestId: exchange.requestId, via: route.via, traceparent: exchange.traceparent },
      );
    };

    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      const exchange = Exchange.make(request, response, isDraining);
      enter(exchange, () => begin(exchange));
    };

    const begin = (exchange: Exchange.Exchange): void => {
      const { request, response } = exchange;
      // Gone while it waited.
      if (request.socket.destroyed) return void runFork(RequestLog.served(exchange, Exchange.cutOff(exchange), 0));
      let timedOut = false;
      open.add(response);
      inFlight.add(1);
      const fiber = runFork(spanned(exchange, serve(exchange)));
      fibers.add(fiber);
      const timer =
        exchange.route?.streamed === true
          ? undefined
          : setTimeout(() => {
              timedOut = true;
              if (response.writableEnded) response.destroy();
              else fiber.unsafeInterruptAsFork(FiberId.none);
            }, timeout);
      const close = () => {
        clearTimeout(timer);
        if (open.delete(response)) inFlight.add(-1);
        settle();
        if (!response.writableEnded) fiber.unsafeInterruptAsFork(FiberId.none);
        Exchange.endUpload(request);
      };
      response.once("close", close);
      // The response to a pipelined request has no socket yet whose end it could notice.
      request.once("close", () => {
        if (request.socket.destroyed) close();
      });
      fiber.addObserver((exit) => {
        fibers.delete(fiber);
        settle();
        if (Exit.isSuccess(exit)) return;
        const status = timedOut ? Exchange.sendTimeout(exchange) : Exchange.cutOff(exchange);
        runFork(RequestLog.served(exchange, status, 0));
      });
    };

    const idle = Effect.async<void>((resume) => {
      const done = () => resume(Effect.void);
      idlers.add(done);
      settle();
      return Effect.sync(() => idlers.delete(done));
    });

    return { onRequest, fibers, idle };
  });

/** Who calls an open endpoint: somebody without any right. */
const ANYONE: Principal = { id: "anyone", scopes: new Set() };

/** A failure as its answer. What is not in the error channel is a bug: it is logged whole, and the caller learns the id. */
const recover = (exchange: Exchange.Exchange, cause: Cause.Cause<Failure>): Effect.Effect<Answer> => {
  const occurrence = { requestId: exchange.requestId, instance: exchange.path };
  const failure = Cause.failureOption(cause);
  if (failure._tag === "None") {
    const internal = new Refusal({ failure: "Internal", detail: "The server's log tells more under this request id." });
    return Effect.as(logged(exchange, "a request ended in a defect", cause), problem(internal, occurrence));
  }
  const sent = Effect.succeed(problem(failure.value, occurrence));
  const unavailable = UNAVAILABLE[failure.value._tag];
  return unavailable === undefined ? sent : Effect.zipRight(logged(exchange, unavailable, cause), sent);
};

/** What an operator has to know of. */
const UNAVAILABLE: { readonly [tag: string]: string } = {
  StoreUnavailable: "the store does not answer",
  IdentityUnavailable: "the issuer of tokens does not answer",
};

/** The answer could not be sent, or not to its end. */
const abandon = (exchange: Exchange.Exchange, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.zipRight(
    logged(exchange, "an answer broke off", cause),
    Effect.suspend(() => RequestLog.served(exchange, Exchange.cutOff(exchange), 0)),
  );

const logged = ({ requestId }: Exchange.Exchange, message: string, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logError(message, cause), "requestId", requestId);

const BEARER = /^Bearer +([\w.~+/=-]+) *$/i;

const bearerOf = ({ headers }: IncomingMessage): Effect.Effect<Redacted.Redacted, Unauthenticated> => {
  const token = BEARER.exec(headers.authorization ?? "")?.[1];
  return token === undefined
    ? Effect.fail(new Unauthenticated({ message: 'This call needs a token: send "Authorization: Bearer cad_…".' }))
    : Effect.succeed(Redacted.make(token));
};

const routeUnknown = (path: string) =>
  new Refusal({ failure: "RouteUnknown", detail: `There is nothing at ${path.slice(0, 200)}; see /docs.` });

const methodNotAllowed = (method: string, allowed: ReadonlyArray<string>) =>
  new Refusal({
    failure: "MethodNotAllowed",
    detail: `This path does not take ${method}, only ${allowed.join(", ")}.`,
    headers: { allow: allowed.join(", ") },
  });
