import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "@effect/vitest";
import * as fc from "fast-check";
import * as ClientAddress from "../src/internal/clientAddress.ts";
import * as Guard from "../src/internal/guard.ts";
import * as Rates from "../src/internal/rates.ts";
import * as RateLimit from "../src/RateLimit.ts";
import { isProxy } from "../src/TrustedProxies.ts";

describe("a rate limit", () => {
  it("gives the quota at once, and then bit by bit", () => {
    const { take } = Rates.make("x", { quota: 4, period: 2000 });
    const at = (now: number) => take("a", now);
    const left = [0, 0, 0, 0].map((now) => at(now).headers["ratelimit"]);
    expect(left).toEqual(['"x";r=3;t=1', '"x";r=2;t=1', '"x";r=1;t=2', '"x";r=0;t=2']);
    expect(at(0)).toEqual({
      retryAfter: 1,
      headers: { "ratelimit-policy": '"x";q=4;w=2', ratelimit: '"x";r=0;t=2' },
    });
    expect(at(499).retryAfter).toBe(1);
    expect(at(500).retryAfter).toBe(undefined);
    expect(at(501).retryAfter).toBe(1);
    expect(at(100_000).headers["ratelimit"]).toBe('"x";r=3;t=1');
    expect(take("b", 501).retryAfter).toBe(undefined);
  });

  it("never gives more than the quota and what has come back, whenever one asks", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 200 }),
        (quota, period, gaps) => {
          const { take } = Rates.make("x", { quota, period });
          const served: Array<number> = [];
          let now = 0;
          for (const gap of gaps) {
            now += gap;
            if (take("a", now).retryAfter === undefined) served.push(now);
          }
          for (const [i, start] of served.entries()) {
            for (const [j, end] of served.entries()) {
              if (j < i) continue;
              expect(j - i + 1).toBeLessThanOrEqual(quota + Math.ceil(((end - start) * quota) / period) + 1e-6);
            }
          }
        },
      ),
    );
  });

  it("is not for ever when the clock is set back", () => {
    const { take } = Rates.make("x", { quota: 1, period: 1000 });
    take("a", 3_600_000);
    expect(take("a", 0).retryAfter).toBe(1);
    expect(take("a", 1001).retryAfter).toBe(undefined);
  });

  it("forgets who was not seen for longest, and not who asks all the time", () => {
    const { take } = Rates.make("x", { quota: 1, period: 1000 }, 10);
    take("a", 0);
    for (let n = 0; n < 50; n++) {
      take(`other-${n}`, 0);
      expect(take("a", 0).retryAfter).toBe(1);
    }
    expect(take("other-0", 0).retryAfter).toBe(undefined);
  });

  it("is written as a number of requests in a time, or off", () => {
    expect(RateLimit.parse("500/10s")).toEqual({ quota: 500, period: 10_000 });
    expect(RateLimit.parse("1/1h")).toEqual({ quota: 1, period: 3_600_000 });
    expect(RateLimit.parse("off")).toBe(undefined);
    for (const text of ["", "0/1s", "5", "5/s", "-1/1s", "1/0s", "1.5/1s", "5/1d"])
      expect(RateLimit.parse(text)).toBe(null);
  });

  it("is one for all addresses of an IPv6 network", () => {
    expect(Rates.keyOf("192.0.2.1")).toBe("192.0.2.1");
    expect(Rates.keyOf("2001:DB8:0:1::5")).toBe("2001:db8:0:1");
    expect(Rates.keyOf("2001:db8:0:1:ffff:1:2:3")).toBe("2001:db8:0:1");
    expect(Rates.keyOf("2001:db8::1:0:0:5")).toBe("2001:db8:0:0");
    expect(Rates.keyOf("::1")).toBe("0:0:0:0");
  });
});

describe("the address of a client", () => {
  const of =
    (addresses: ReadonlyArray<string>, header: "x-forwarded-for" | "forwarded" = "x-forwarded-for") =>
    (peer: string, line?: string) =>
      ClientAddress.make({ addresses, header })({
        socket: { remoteAddress: peer },
        headers: line === undefined ? {} : { [header]: line },
      } as unknown as IncomingMessage);

  it("is the peer's, whatever it says, unless that is a trusted proxy", () => {
    expect(of([])("203.0.113.9", "192.0.2.1")).toBe("203.0.113.9");
    expect(of(["10.0.0.0/8"])("203.0.113.9", "192.0.2.1")).toBe("203.0.113.9");
    expect(of(["10.0.0.0/8"])("10.1.2.3")).toBe("10.1.2.3");
    expect(of(["10.0.0.0/8"])("10.1.2.3", "192.0.2.1")).toBe("192.0.2.1");
    expect(of(["10.0.0.0/8"])("::ffff:10.1.2.3", "::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(of(["fd00::/8"])("fd00::1", "2001:db8::7")).toBe("2001:db8::7");
  });

  it("is the right-most that is no trusted proxy's: what stands left of it anyone can write", () => {
    const address = of(["10.0.0.0/8", "127.0.0.1"]);
    expect(address("127.0.0.1", "1.1.1.1, 192.0.2.1, 10.0.0.7")).toBe("192.0.2.1");
    expect(address("127.0.0.1", "10.0.0.8, 10.0.0.7")).toBe("10.0.0.8");
    expect(address("127.0.0.1", "1.1.1.1, garbage, 10.0.0.7")).toBe("10.0.0.7");
    expect(address("127.0.0.1", "")).toBe("127.0.0.1");
    expect(address("127.0.0.1", "192.0.2.1:4711")).toBe("192.0.2.1");
    expect(address("127.0.0.1", "[2001:db8::7]:4711")).toBe("2001:db8::7");
    expect(address("127.0.0.1", "192.0.2.1'; DROP TABLE entities; --")).toBe("127.0.0.1");
  });

  it("is read from Forwarded where that is what the proxy writes, and only there", () => {
    const address = of(["127.0.0.1"], "forwarded");
    expect(address("127.0.0.1", "for=192.0.2.43;proto=https;by=203.0.113.43")).toBe("192.0.2.43");
    expect(address("127.0.0.1", 'for=1.1.1.1, By=x;For="[2001:db8:cafe::17]:4711"')).toBe("2001:db8:cafe::17");
    expect(address("127.0.0.1", "for=_hidden")).toBe("127.0.0.1");
    expect(address("127.0.0.1", "for=unknown, for=1.1.1.1")).toBe("1.1.1.1");
    const message = { socket: { remoteAddress: "127.0.0.1" }, headers: { "x-forwarded-for": "1.1.1.1" } };
    const only = ClientAddress.make({ addresses: ["127.0.0.1"], header: "forwarded" });
    expect(only(message as unknown as IncomingMessage)).toBe("127.0.0.1");
  });

  it("knows what a proxy's address may be", () => {
    for (const text of ["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "0.0.0.0/0"])
      expect(isProxy(text), text).toBe(true);
    for (const text of ["", "proxy", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::1/129", "1.2.3.4/8/8"]) {
      expect(isProxy(text), text).toBe(false);
    }
  });
});

describe("a server that is bound to all addresses", () => {
  const status = (hostnames: ReadonlyArray<string>, host: string, origin?: string) =>
    Guard.make("0.0.0.0", hostnames)({ host, ...(origin === undefined ? {} : { origin }) })?.failure ?? "served";

  it("takes any name unless it was told its own; addresses always", () => {
    for (const host of ["catalog.example", "10.0.0.5:7717", "[fd00::1]:7717", "localhost"]) {
      expect(status([], host), host).toBe("served");
    }
    for (const host of ["catalog.example", "CATALOG.example:443", "10.0.0.5:7717", "[fd00::1]", "localhost:7717"]) {
      expect(status(["catalog.example"], host), host).toBe("served");
    }
    for (const host of ["evil.example", "catalog.example.evil", "", "x.catalog.example", "[evil"]) {
      expect(status(["catalog.example"], host), host).toBe("HostRefused");
    }
  });

  it("is not to be called from pages of others", () => {
    expect(status([], "10.0.0.5:7717", "http://10.0.0.5:7717")).toBe("served");
    expect(status([], "10.0.0.5:7717", "http://evil.example")).toBe("HostRefused");
    expect(status([], "10.0.0.5:7717", "null")).toBe("HostRefused");
    // Behind a proxy that puts its own name for the one it was asked by.
    expect(status(["catalog.example"], "10.0.0.5:7717", "https://catalog.example")).toBe("served");
    expect(status(["catalog.example"], "10.0.0.5:7717", "https://catalog.example.evil")).toBe("HostRefused");
  });
});
