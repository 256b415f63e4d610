/**
 * The kinds of channels behind the one port.
 */
import { lookup } from "node:dns/promises";
import type { CallbackChannel } from "@cadastre/domain/CallbackChannel";
import type { Channel, Secrets } from "@cadastre/domain/Channel";
import { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { AllowedTarget } from "../AllowedTarget.ts";
import { attempt } from "./attempts.ts";
import * as Chat from "./chat.ts";
import * as Client from "./client.ts";
import * as Guard from "./guard.ts";
import * as ServiceNow from "./serviceNow.ts";
import * as Webhook from "./webhook.ts";

export interface Options {
  /** Targets that the guard lets pass although it would not. */
  readonly allowed: ReadonlyArray<AllowedTarget>;
  /** The `source` of CloudEvents, a URI reference: the catalog's address as its users know it, say. */
  readonly source: string;
  /** `User-Agent` of every request. */
  readonly userAgent: string;
  /** All the addresses of a name; the system's resolver unless given. */
  readonly resolve?: (name: string) => Promise<ReadonlyArray<string>>;
}

export const make = (options: Options): Effect.Effect<Context.Tag.Service<CallbackChannel>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const guard = Guard.make(options.allowed);
    const client = yield* Effect.acquireRelease(
      Effect.sync(() =>
        Client.make({ guard, resolve: options.resolve ?? systemResolve, userAgent: options.userAgent }),
      ),
      ({ close }) => Effect.sync(close),
    );
    const tools = { guard, client };
    const webhook = Webhook.make(tools, options);
    const chat = Chat.make(tools);
    const serviceNow = yield* ServiceNow.make(tools);

    return {
      check: (channel, secrets) =>
        Effect.gen(function* () {
          const faults = yield* channel.type === "webhook"
            ? webhook.check(channel, secrets)
            : channel.type === "chat"
              ? chat.check(channel, secrets)
              : serviceNow.check(channel, secrets);
          const all = [...faults, ...needless(channel, secrets)];
          if (all.length > 0) yield* new InvalidInput({ message: "The channel cannot be used", faults: all });
        }),

      deliver: (channel, secrets, callback) =>
        attempt((trace) =>
          channel.type === "webhook"
            ? webhook.deliver(channel, secrets, callback, trace)
            : channel.type === "chat"
              ? chat.deliver(channel, secrets, callback, trace)
              : serviceNow.deliver(channel, secrets, callback, trace),
        ),
    };
  });

/** The names that the system knows, `/etc/hosts` and search domains included, in the order it gives them. */
const systemResolve: Client.Resolve = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

/** Secrets that the channel does not take: most likely meant for another, or misspelt. */
const needless = (channel: Channel, secrets: Secrets): ReadonlyArray<Fault> => {
  const taken: keyof Secrets =
    channel.type === "webhook"
      ? "signing"
      : channel.type === "chat"
        ? "url"
        : channel.auth.type === "basic"
          ? "password"
          : "clientSecret";
  return Object.entries(secrets)
    .filter(([name, value]) => name !== taken && value !== undefined)
    .map(([name]) => ({ path: `/secrets/${name}`, message: `is not used: this channel takes ${taken} alone` }));
};
