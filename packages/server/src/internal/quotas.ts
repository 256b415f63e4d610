/**
 * Whose quota a request is counted against.
 */

import type { RateLimit } from "../RateLimit.ts";
import type { Route } from "../Routes.ts";
import type { TrustedProxies } from "../TrustedProxies.ts";
import type { Failure, Refusal } from "./answer.ts";
import * as ClientAddress from "./clientAddress.ts";
import type { Exchange } from "./exchange.ts";
import * as Rates from "./rates.ts";

export interface Quota {
  readonly principal?: RateLimit | undefined;
  /** Of each address, for requests of which it is not known who made them. */
  readonly address?: RateLimit | undefined;
}

/** Each gives a refusal where the request is one too many, and tells the exchange how things stand. */
export interface Quotas {
  readonly ofPrincipal: (exchange: Exchange, principal: string) => Refusal | undefined;
  /** Of a request that needs no token. */
  readonly ofAnyone: (exchange: Exchange, route: Route) => Refusal | undefined;
  /** Of a request that has failed: who has failed to say who they are counts by address. */
  readonly ofFailed: (exchange: Exchange, failure: Failure) => Failure;
}

export const make = (options: {
  readonly rates: Quota;
  readonly proxies: TrustedProxies | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}): Quotas => {
  const { rates, proxies, now } = options;
  const principals = rates.principal && Rates.make("principal", rates.principal);
  const addresses = rates.address && Rates.make("address", rates.address);
  const addressOf = ClientAddress.make(proxies);

  const take = (limiter: Rates.Limiter | undefined, exchange: Exchange, key: string, who: string) => {
    if (limiter === undefined) return undefined;
    const { headers, retryAfter } = limiter.take(key, now());
    exchange.rate = headers;
    return retryAfter === undefined ? undefined : Rates.refusal(who, retryAfter);
  };

  const ofAddress = (exchange: Exchange) =>
    addresses && take(addresses, exchange, Rates.keyOf(addressOf(exchange.request)), "This address");

  return {
    ofPrincipal: (exchange, principal) => take(principals, exchange, principal, principal),
    ofAnyone: (exchange, route) => (isProbe(route) ? undefined : ofAddress(exchange)),
    ofFailed: (exchange, failure) =>
      exchange.principal === undefined &&
      exchange.rate === undefined &&
      failure._tag !== "IdentityUnavailable" &&
      failure._tag !== "StoreUnavailable"
        ? (ofAddress(exchange) ?? failure)
        : failure,
  };
};

/** Probes share their address with everyone behind the same proxy, and a daemon that fails them is ended. */
const isProbe = ({ path }: Route): boolean => path.startsWith("/v1/health");
