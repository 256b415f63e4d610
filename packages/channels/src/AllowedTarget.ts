/**
 * Entries of the allow-list: which targets that the guard would refuse callbacks may be sent to nevertheless.
 */
import * as Either from "effect/Either";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import ipaddr from "ipaddr.js";

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** A host and the ports of it. No `range` and no `name`: any public host. */
export interface AllowedTarget {
  readonly text: string;
  readonly range?: Range;
  /** Lower case, without a trailing dot. With `subdomains`, the names below it, itself excepted. */
  readonly name?: string;
  readonly subdomains: boolean;
  /** `usual`: the ports that need no entry. */
  readonly port: number | "usual" | "any";
}

/**
 * An address, a range (`10.0.0.0/8`), a name (`chat.example.internal`) or the names below one (`*.example.internal`), each with the
 * usual ports, or with `:port` or `:*` for any; IPv6 in brackets then (`[fd00::/8]:8443`). `:9000` alone is that port of any
 * public host.
 */
export const AllowedTarget: Schema.Schema<AllowedTarget, string> = Schema.transformOrFail(
  Schema.String,
  Schema.declare((value: unknown): value is AllowedTarget => typeof value === "object" && value !== null),
  {
    strict: true,
    decode: (text, _, ast) => Either.mapLeft(parse(text.trim()), (message) => new ParseResult.Type(ast, text, message)),
    encode: (target) => ParseResult.succeed(target.text),
  },
);

const SHAPE = /^(?:\[([^\]]*)\]|([^[\]:]*)|([^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}|\*))?$/;

export const parse = (text: string): Either.Either<AllowedTarget, string> => {
  const wrong = Either.left(
    `"${text}" is none of: an address, a range such as 10.0.0.0/8, a name, *.name; each with :port or :* if not the usual ports; or :port alone`,
  );
  // An IPv6 address without brackets has colons of its own, and no port.
  const plain = /:.*:/.test(text) && !text.startsWith("[");
  const [, bracketed, unbracketed, , digits] = plain ? [text, text] : (SHAPE.exec(text) ?? [text]);
  const port = digits === undefined ? "usual" : digits === "*" ? "any" : Number(digits);
  if (typeof port === "number" && (port === 0 || port > 65535)) return wrong;
  const common = { text, port, subdomains: false } as const;

  if (bracketed !== undefined) {
    const range = rangeOf(bracketed);
    return range?.[0].kind() === "ipv6" ? Either.right({ ...common, range }) : wrong;
  }
  if (unbracketed === undefined) return wrong;
  if (unbracketed === "") return digits === undefined ? wrong : Either.right(common);
  const range = rangeOf(unbracketed);
  if (range !== undefined) return Either.right({ ...common, range });
  const subdomains = unbracketed.startsWith("*.");
  const name = nameOf(subdomains ? unbracketed.slice(2) : unbracketed);
  return name === undefined ? wrong : Either.right({ ...common, name, subdomains });
};

const rangeOf = (text: string): Range | undefined => {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return [ipaddr.IPv4.parse(text), 32];
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) return ipaddr.IPv4.parseCIDR(text);
  if (ipaddr.IPv6.isValid(text)) return [ipaddr.IPv6.parse(text), 128];
  if (ipaddr.IPv6.isValidCIDR(text)) return ipaddr.IPv6.parseCIDR(text);
  return undefined;
};

/** The name as URLs have it: lower case, international ones in ASCII. None for what a URL would take as an address. */
const nameOf = (text: string): string | undefined => {
  if (!/^[\p{L}\p{M}\p{N}_.-]+$/u.test(text) || !URL.canParse(`http://${text}`)) return undefined;
  const name = new URL(`http://${text}`).hostname.replace(/\.$/, "");
  return name === "" || ipaddr.IPv4.isValid(name) ? undefined : name;
};
