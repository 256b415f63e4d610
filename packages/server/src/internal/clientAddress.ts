/**
 * Where a request came from: the nearest address that no trusted proxy has.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { listOf, type TrustedProxies } from "../TrustedProxies.ts";

export type ClientAddress = (request: IncomingMessage) => string;

export const make = (proxies: TrustedProxies | undefined): ClientAddress => {
  if (proxies === undefined || proxies.addresses.length === 0) return peerOf;
  const list = listOf(proxies.addresses);
  const isTrusted = (address: string) => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  const { header } = proxies;
  const read = header === "forwarded" ? ofForwarded : ofXForwardedFor;
  return (request) => {
    let address = peerOf(request);
    const line = request.headers[header];
    if (line === undefined) return address;
    // From the right: what stands left of the first address that is not a trusted proxy's was written by whoever has that.
    for (const hop of String(line).split(",").reverse()) {
      if (!isTrusted(address)) return address;
      const before = read(hop);
      if (before === undefined) return address;
      address = before;
    }
    return address;
  };
};

/** Undefined where the connection is gone already. */
const peerOf = ({ socket }: IncomingMessage): string => plain(socket.remoteAddress ?? "") ?? "unknown";

const ofXForwardedFor = (hop: string): string | undefined => plain(hop.trim());

/** `for=192.0.2.43`, `for="[2001:db8::17]:4711"`; names that are made up (`_hidden`, `unknown`) are no addresses. */
const ofForwarded = (hop: string): string | undefined => {
  const value = /(?:^|;)\s*for\s*=\s*("?)([^";]*)\1\s*(?:;|$)/i.exec(hop)?.[2];
  return value === undefined ? undefined : plain(value);
};

/** An address without port, brackets and zone, IPv4 in its own form; undefined if it is none. */
const plain = (text: string): string | undefined => {
  const bare = text.startsWith("[")
    ? text.slice(1).replace(/\](:\d{1,5})?$/, "")
    : text.replace(/^([\d.]+):\d{1,5}$/, "$1");
  const address = bare.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  return isIP(address) === 0 ? undefined : address;
};
