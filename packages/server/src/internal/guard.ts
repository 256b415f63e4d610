/**
 * Who may address this server at all.
 *
 * A page in a browser on this machine can send requests to a port of the machine, by a name that it makes resolve to
 * 127.0.0.1 (DNS rebinding). So a server bound to loopback takes only requests that are addressed to loopback; one bound elsewhere
 * that was told its names, only those and addresses, which nobody can rebind. And from a browser either takes only requests of its
 * own pages.
 */
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { Refusal } from "./answer.ts";

export type Guard = (headers: IncomingHttpHeaders) => Refusal | undefined;

/** `hostnames`: names by which the server may be addressed, as behind a proxy; on loopback, besides those of loopback. */
export const make = (host: string, hostnames: ReadonlyArray<string>): Guard => {
  const names = new Set(hostnames.map((name) => name.toLowerCase()));
  const isLocal = isLoopback(host.toLowerCase());
  const isMine = (name: string) =>
    isLoopback(name) || names.has(name) || (!isLocal && (names.size === 0 || isIP(name) !== 0));
  const why = isLocal
    ? "this server listens on loopback only: address it as localhost or 127.0.0.1"
    : "this server goes by other names";
  return (headers) => {
    const authority = headers.host?.toLowerCase();
    if (authority === undefined) {
      return new Refusal({ failure: "BadRequest", detail: "The request has no Host header." });
    }
    if (!isMine(nameOf(authority))) return refused("Host", why);
    if (headers.origin === undefined) return undefined;
    const origin = headers.origin.slice(headers.origin.indexOf("://") + 3).toLowerCase();
    return origin === authority || names.has(nameOf(origin))
      ? undefined
      : refused("Origin", "pages of other origins may not call this server");
  };
};

const refused = (header: string, why: string) =>
  new Refusal({ failure: "HostRefused", detail: `The ${header} header is refused: ${why}.` });

const nameOf = (authority: string): string =>
  authority.startsWith("[") ? authority.slice(1, authority.indexOf("]")) : authority.replace(/:\d*$/, "");

const isLoopback = (name: string): boolean =>
  name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
