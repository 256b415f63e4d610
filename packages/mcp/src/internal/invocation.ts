/**
 * The request behind a call of the SDK: it hands requests on through classes of its own, and gives back what it was given
 * for authentication. That leads to who calls, to what is shown to them, and to the fiber's context.
 */
import type { Caller } from "@cadastre/domain/Principal";
import type { AuthInfo, ServerContext } from "@modelcontextprotocol/server";
import * as Effect from "effect/Effect";
import type * as Exit from "effect/Exit";
import * as FiberId from "effect/FiberId";
import * as FiberSet from "effect/FiberSet";
import * as Runtime from "effect/Runtime";
import type * as Scope from "effect/Scope";
import type { Surface } from "../Surface.ts";

export interface Invocation {
  readonly caller: Caller["Type"];
  readonly surface: Surface;
  readonly runtime: Runtime.Runtime<Caller>;
}

export interface Invocations {
  /** What the SDK is to be given for an invocation. */
  readonly register: (invocation: Invocation) => AuthInfo;
  /** Of what the SDK gives back. */
  readonly of: (authInfo: AuthInfo | undefined) => Invocation;
  /**
   * Runs an effect as part of the request: with its caller, in its span, interrupted when the call is cancelled and when the
   * endpoint closes.
   */
  readonly run: <A, E>(context: ServerContext, effect: Effect.Effect<A, E, Caller>) => Promise<Exit.Exit<A, E>>;
}

export const make: Effect.Effect<Invocations, never, Scope.Scope> = Effect.map(FiberSet.make(), (fibers) => {
  const invocations = new WeakMap<AuthInfo, Invocation>();
  const of = (authInfo: AuthInfo | undefined): Invocation => {
    const invocation = authInfo && invocations.get(authInfo);
    if (invocation === undefined) throw new Error("a request without its caller");
    return invocation;
  };
  return {
    register: (invocation) => {
      const { id, scopes } = invocation.caller.principal;
      const authInfo: AuthInfo = { token: "", clientId: id, scopes: [...scopes] };
      invocations.set(authInfo, invocation);
      return authInfo;
    },
    of,
    run: <A, E>(context: ServerContext, effect: Effect.Effect<A, E, Caller>) =>
      new Promise<Exit.Exit<A, E>>((resolve) => {
        const { runtime } = of(context.http?.authInfo);
        const fiber = Runtime.runFork(runtime)(effect);
        FiberSet.unsafeAdd(fibers, fiber);
        const { signal } = context.mcpReq;
        const onAbort = () => fiber.unsafeInterruptAsFork(FiberId.none);
        signal.addEventListener("abort", onAbort, { once: true });
        if (signal.aborted) onAbort();
        fiber.addObserver((exit) => {
          signal.removeEventListener("abort", onAbort);
          resolve(exit);
        });
      }),
  };
});
