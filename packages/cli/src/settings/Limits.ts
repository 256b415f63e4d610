/**
 * How much callers may ask, and where they come from.
 */
import { HEADERS } from "@cadastre/server/TrustedProxies";
import { Many, Proxies, Rate, word } from "../internal/values.ts";

export const SETTINGS = {
  rateLimit: {
    schema: Rate,
    variable: "CADASTRE_RATE_LIMIT",
    about: "Requests that one token or user may make, such as 5000/10s; off: as many as they like",
  },
  rateLimitAnonymous: {
    schema: Rate,
    variable: "CADASTRE_RATE_LIMIT_ANONYMOUS",
    about: "The same for one address, of requests without a good token",
  },
  maxRequests: {
    schema: Many,
    variable: "CADASTRE_MAX_REQUESTS",
    about: "Requests that are under way at a time; one more is answered 503 at once",
  },
  maxStreams: {
    schema: Many,
    variable: "CADASTRE_MAX_STREAMS",
    about: "Clients that follow the feed at a time, and as many agents that listen",
  },
  trustedProxies: {
    schema: Proxies,
    variable: "CADASTRE_TRUSTED_PROXIES",
    about: "Addresses and ranges of proxies that say truly for whom they ask",
  },
  proxyHeader: {
    schema: word(...HEADERS),
    variable: "CADASTRE_PROXY_HEADER",
    about: "Where they say it: x-forwarded-for or forwarded; the other is not read",
  },
} as const;

export const DEFAULTS = {
  rateLimit: "5000/10s",
  rateLimitAnonymous: "200/10s",
  maxRequests: 500,
  maxStreams: 100,
  trustedProxies: [],
  proxyHeader: "x-forwarded-for",
} as const;
