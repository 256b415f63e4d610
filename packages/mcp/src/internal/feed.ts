/**
 * The change feed as notifications. The feed is every replica's, so a change made at another is told here too.
 */
import { Events, type FeedPage } from "@cadastre/core/Events";
import type { InvalidInput, PermissionDenied, StoreUnavailable } from "@cadastre/domain/Errors";
import { Caller } from "@cadastre/domain/Principal";
import type { ServerEventBus } from "@modelcontextprotocol/server";
import * as Effect from "effect/Effect";
import * as RcRef from "effect/RcRef";
import * as Schedule from "effect/Schedule";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import { MODEL_URI } from "../Resources.ts";
import { uriOf } from "../Tool.ts";

/** Follows the feed for as long as the scope of at least one listener is open; from the moment that this returns on, nothing is missed. */
export type Listen = Effect.Effect<void, InvalidInput | PermissionDenied | StoreUnavailable, Scope.Scope>;

export const make = (bus: ServerEventBus): Effect.Effect<Listen, never, Events | Scope.Scope> =>
  Effect.gen(function* () {
    const events = yield* Events;
    const follow = (after: number | undefined) =>
      Effect.provideService(events.follow({ types: [], kinds: [] }, after), Caller, {
        principal: { id: "system", scopes: new Set(["catalog:read"] as const) },
        requestId: "mcp",
        via: "mcp",
      });
    const acquire = Effect.gen(function* () {
      const { after } = yield* follow(undefined);
      let at = after;
      const pages = Stream.unwrap(
        Effect.map(
          Effect.suspend(() => follow(at)),
          (following) => following.pages,
        ),
      );
      yield* Stream.runForEach(pages, (page) =>
        Effect.sync(() => {
          at = page.next;
          publish(bus, page);
        }),
      ).pipe(
        Effect.tapError((error) => Effect.logWarning("changes cannot be told at the moment", error)),
        Effect.retry(Schedule.spaced("1 second")),
        Effect.interruptible, // what acquires it is not
        Effect.forkScoped,
      );
    });
    const feed = yield* RcRef.make({ acquire });
    return RcRef.get(feed);
  });

/** Several changes of an entity in one page are one. */
const publish = (bus: ServerEventBus, { events }: FeedPage): void => {
  for (const reference of new Set(events.map((event) => event.reference))) {
    bus.publish({ kind: "resource_updated", uri: uriOf(reference) });
  }
  if (events.length > 0) bus.publish({ kind: "resource_updated", uri: MODEL_URI });
  if (events.some(({ type }) => type !== "entity.updated")) bus.publish({ kind: "resources_list_changed" });
};
