/**
 * Who may address this server at all.
 *
 * A page in a browser on this machine can send requests to a port of the machine, by a name that it makes resolve to
 * 127.0.0.1 (DNS rebinding). So a server bound to loopback takes only requests that are addressed to loopback, and from a
 * browser only those of its own pages.
 */
import type { IncomingHttpHeaders } from "node:http";
import { Refusal } from "./answer.ts";

export type Guard = (headers: IncomingHttpHeaders) => Refusal | undefined;

/** `hostnames`: names by which a server on loopback may be addressed besides, as behind a proxy. */
export const make = (host: string, hostnames: ReadonlyArray<string>): Guard => {
  const names = new Set(hostnames.map((name) => name.toLowerCase()));
  const mine = (name: string) => isLoopback(name) || names.has(name);
  const checked = isLoopback(host.toLowerCase());
  return (headers) => {
    const authority = headers.host;
    if (authority === undefined) {
      return new Refusal({ failure: "BadRequest", detail: "The request has no Host header." });
    }
    if (!checked) return undefined;
    if (!mine(nameOf(authority))) {
      return refused("Host", "this server listens on loopback only: address it as localhost or 127.0.0.1");
    }
    const { origin } = headers;
    return origin === undefined || origin.slice(origin.indexOf("://") + 3).toLowerCase() === authority.toLowerCase()
      ? undefined
      : refused("Origin", "pages of other origins may not call this server");
  };
};

const refused = (header: string, why: string) =>
  new Refusal({ failure: "HostRefused", detail: `The ${header} header is refused: ${why}.` });

const nameOf = (authority: string): string => {
  const name = authority.toLowerCase();
  return name.startsWith("[") ? name.slice(1, name.indexOf("]")) : name.replace(/:\d*$/, "");
};

const isLoopback = (name: string): boolean =>
  name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
