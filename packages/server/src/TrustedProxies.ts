/**
 * Whose word is taken for where a request came from.
 */
import { BlockList, isIP } from "node:net";

/** What proxies write: `forwarded` is RFC 7239. Only one is read: a proxy that knows one passes the other on as a client wrote it. */
export const HEADERS = ["x-forwarded-for", "forwarded"] as const;

export interface TrustedProxies {
  /** Addresses and ranges, `10.0.0.0/8`. */
  readonly addresses: ReadonlyArray<string>;
  readonly header: (typeof HEADERS)[number];
}

/** Whether it is an address or a range. */
export const isProxy = (text: string): boolean => {
  const [address = "", prefix, ...rest] = text.split("/");
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
  return (
    bits !== -1 && rest.length === 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
  );
};

export const listOf = (addresses: ReadonlyArray<string>): BlockList => {
  const list = new BlockList();
  for (const text of addresses) {
    const [address = "", prefix] = text.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
};
