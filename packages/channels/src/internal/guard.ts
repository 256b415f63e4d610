/**
 * The target guard: where callbacks may go. A URL is given by whoever may subscribe; the request is made from inside, where
 * much answers that is not for them.
 *
 * Refused is whatever is not surely public: the ranges of the IANA special-purpose address registries, which `ipaddr.js`
 * knows, and all of IPv6 outside 2000::/3, where addresses are given out from (RFC 4291 §2.4).
 */
import { isIP } from "node:net";
import * as Either from "effect/Either";
import ipaddr from "ipaddr.js";
import type { AllowedTarget } from "../AllowedTarget.ts";

/** A URL that may be asked, as far as it can be told before its name is resolved. */
export interface Target {
  readonly url: URL;
  /** The host without brackets, lower case, without a trailing dot. */
  readonly host: string;
  /** The addresses that the URL itself says: a literal, or `localhost`, which never is asked for (RFC 6761 §6.3). */
  readonly addresses: ReadonlyArray<string> | undefined;
  readonly port: number;
  /** Something secret travels that TLS alone would hide: then plain HTTP is for listed targets only. */
  readonly confidential: boolean;
}

export interface Guard {
  /** Left: why this is no URL to send to, for a person to read; never with the URL, which may be a secret. */
  readonly target: (text: string, confidential: boolean) => Either.Either<Target, string>;
  /** Why the target must not be connected to at this address; undefined if it may be. */
  readonly refusal: (target: Target, address: string) => string | undefined;
}

/** Ports that need no entry in the allow-list. */
const USUAL_PORTS: ReadonlyArray<number> = [80, 443, 8080, 8443];

/** The bytes of an address, as a key. */
const bytesOf = (address: Address): string => address.toByteArray().join(".");

/** Where clouds answer their machines, credentials included. Only an entry for the very address opens one. */
const METADATA: ReadonlySet<string> = new Set(
  [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
  ].map((address) => bytesOf(ipaddr.parse(address))),
);

const SIX_TO_FOUR = ipaddr.IPv6.parseCIDR("2002::/16");
const TEREDO = ipaddr.IPv6.parseCIDR("2001::/32");
const LOCAL_TRANSLATION = ipaddr.IPv6.parseCIDR("64:ff9b:1::/48");

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/** Nothing that a URL needs, and a way to make it look like another. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

type Address = ipaddr.IPv4 | ipaddr.IPv6;

export const make = (allowed: ReadonlyArray<AllowedTarget>): Guard => {
  const usual = new Set<number | "usual" | "any">([
    ...USUAL_PORTS,
    ...allowed.filter((entry) => entry.name === undefined && entry.range === undefined).map(({ port }) => port),
  ]);
  const isUsual = (port: number) => usual.has(port) || usual.has("any");
  const opens = (entry: AllowedTarget, port: number) =>
    entry.port === "any" || entry.port === port || (entry.port === "usual" && isUsual(port));

  return {
    target: (text, confidential) => {
      if (UNPRINTABLE.test(text) || !URL.canParse(text)) {
        return Either.left("is not a URL such as https://example.com/callbacks");
      }
      const url = new URL(text);
      if (url.protocol !== "http:" && url.protocol !== "https:") {
        return Either.left("must begin with https:// or http://");
      }
      if (url.username !== "" || url.password !== "") {
        return Either.left("must not hold a user name or a password: they would be shown with the settings");
      }
      url.hash = "";
      const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
      if (host === "") return Either.left("has no host");
      return Either.right({
        url,
        host,
        addresses: isIP(host) > 0 ? [host] : /(^|\.)localhost$/.test(host) ? ["127.0.0.1", "::1"] : undefined,
        port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
        confidential,
      });
    },

    refusal: ({ url, host, port, confidential }, text) => {
      if (!ipaddr.isValid(text)) return `${text} is no address`;
      const address = ipaddr.parse(text);
      const entries = allowed.filter((entry) => opens(entry, port));
      const within = ({ range }: AllowedTarget) =>
        range !== undefined && range[0].kind() === address.kind() && address.match(range[0], range[1]);
      if (isMetadata(address)) {
        return entries.some((entry) => within(entry) && entry.range?.[1] === (address.kind() === "ipv4" ? 32 : 128))
          ? undefined
          : `${text} is a cloud's metadata service`;
      }
      if (entries.some((entry) => within(entry) || isNamed(entry, host))) return undefined;
      const kind = kindOf(address);
      if (kind !== undefined) return `${text} is ${kind}`;
      if (!isUsual(port)) return `port ${port} is none of the usual ones (${USUAL_PORTS.join(", ")})`;
      return confidential && url.protocol === "http:"
        ? "a secret would travel unencrypted over http; give https"
        : undefined;
    },
  };
};

const isNamed = ({ name, subdomains }: AllowedTarget, host: string): boolean =>
  name !== undefined && (subdomains ? host.endsWith(`.${name}`) : host === name);

const isMetadata = (address: Address): boolean =>
  METADATA.has(bytesOf(address)) ||
  (address instanceof ipaddr.IPv6 && hiddenIn(address).some((it) => METADATA.has(it)));

/** The IPv4 addresses, as keys, that packets to an IPv6 address may end up at. */
const hiddenIn = (address: ipaddr.IPv6): ReadonlyArray<string> => {
  const bytes = address.toByteArray();
  const inverted = bytes.map((byte) => byte ^ 255);
  const at = (...places: ReadonlyArray<number>) => places.map((place) => bytes[place]).join(".");
  return [
    // Mapped, compatible (RFC 4291 §2.5.5), 64:ff9b::/96 (RFC 6052 §2.1), and a network's own /96, which none can know
    at(12, 13, 14, 15),
    ...(address.match(SIX_TO_FOUR) ? [at(2, 3, 4, 5)] : []), // RFC 3056 §2
    // The server, and the client, inverted (RFC 4380 §4)
    ...(address.match(TEREDO) ? [at(4, 5, 6, 7), inverted.slice(12).join(".")] : []),
    // Prefixes of 48, 56 and 64 bits; byte 8 is left out (RFC 8215, RFC 6052 §2.2)
    ...(address.match(LOCAL_TRANSLATION) ? [at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12)] : []),
  ];
};

/** What an address is if it is not a public one. */
const kindOf = (address: Address): string | undefined => {
  const range = address.range();
  if (range === "unicast") {
    return address instanceof ipaddr.IPv6 && !address.match(GLOBAL_UNICAST) ? "outside the public ranges" : undefined;
  }
  return KINDS[range] ?? "a reserved address";
};

const KINDS: { readonly [range: string]: string } = {
  unspecified: "no address of a host",
  broadcast: "a broadcast address",
  multicast: "a multicast address",
  linkLocal: "a link-local address",
  loopback: "a loopback address",
  carrierGradeNat: "an address of a carrier's network",
  private: "a private address",
  uniqueLocal: "a private address",
  deprecatedSiteLocal: "a private address",
  ipv4Mapped: "an IPv4 address in disguise",
  rfc6052: "an IPv4 address in disguise",
  rfc6145: "an IPv4 address in disguise",
  "6to4": "an IPv4 address in disguise",
  teredo: "an IPv4 address in disguise",
};
