/**
 * What each kind of channel is made of.
 */

import type { Callback } from "@cadastre/domain/CallbackChannel";
import type { Channel, Secrets } from "@cadastre/domain/Channel";
import type { Fault } from "@cadastre/domain/Fault";
import type { JsonObject } from "@cadastre/domain/Json";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { type Delivered, Failed, type Trace } from "./attempts.ts";
import type { Client } from "./client.ts";
import type { Guard, Target } from "./guard.ts";

export interface Adapter<C extends Channel> {
  readonly check: (channel: C, secrets: Secrets) => Effect.Effect<ReadonlyArray<Fault>>;
  readonly deliver: (
    channel: C,
    secrets: Secrets,
    callback: Callback,
    trace: Trace,
  ) => Effect.Effect<Delivered, Failed>;
}

export interface Tools {
  readonly client: Client;
  readonly guard: Guard;
}

/** The members of a callback's `data`, as receivers get them and as templates point into them. */
export const dataOf = ({ event, entity }: Callback): JsonObject =>
  entity === undefined ? { event } : { event, entity };

/** A ping has no entity and belongs to no change. */
export const isPing = ({ event }: Callback): boolean => event.type === "ping";

export const targetFaults = (
  { client, guard }: Tools,
  path: string,
  url: string,
  confidential: boolean,
): Effect.Effect<ReadonlyArray<Fault>> =>
  Either.match(guard.target(url, confidential), {
    onLeft: (message) => Effect.succeed([{ path, message }]),
    onRight: (target) =>
      Effect.map(client.refusal(target), (why) =>
        why === undefined
          ? []
          : [{ path, message: `is refused: ${why}. The operator of the catalog can allow it by configuration` }],
      ),
  });

/** The target of a URL that was checked when it was given. */
export const targetOf = (guard: Guard, url: string, confidential: boolean): Effect.Effect<Target, Failed> =>
  Either.mapLeft(guard.target(url, confidential), (message) => wrong(`The URL ${message}.`));

export const wrong = (message: string): Failed => new Failed({ failure: "settings", message });
