import { createServer, type Server } from "node:http";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { allowing, channels, deliver, faults, nameServer, receiver, signed, webhook } from "./support.ts";

/** What names that an attacker holds may answer with. */
const ZONE: { readonly [name: string]: ReadonlyArray<string> } = {
  "loopback.attacker.example": ["127.0.0.1"],
  "loopback-far.attacker.example": ["127.83.4.2"],
  "zero.attacker.example": ["0.0.0.0"],
  "ten.attacker.example": ["10.1.2.3"],
  "twelve.attacker.example": ["172.31.255.254"],
  "sixteen.attacker.example": ["192.168.0.1"],
  "cgnat.attacker.example": ["100.64.0.1"],
  "linklocal.attacker.example": ["169.254.1.1"],
  "metadata.attacker.example": ["169.254.169.254"],
  "metadata.google.internal": ["169.254.169.254"],
  "multicast.attacker.example": ["239.1.2.3"],
  "broadcast.attacker.example": ["255.255.255.255"],
  "six-loopback.attacker.example": ["::1"],
  "six-any.attacker.example": ["::"],
  "mapped.attacker.example": ["::ffff:127.0.0.1"],
  "mapped-public.attacker.example": ["::ffff:8.8.8.8"],
  "compatible.attacker.example": ["::127.0.0.1"],
  "translated.attacker.example": ["64:ff9b::7f00:1"],
  "local-translated.attacker.example": ["64:ff9b:1::a00:1"],
  "sixtofour.attacker.example": ["2002:7f00:1::1"],
  "teredo.attacker.example": ["2001:0:7f00:1::1"],
  "ula.attacker.example": ["fd12:3456::1"],
  "six-metadata.attacker.example": ["fd00:ec2::254"],
  "six-linklocal.attacker.example": ["fe80::1"],
  "six-multicast.attacker.example": ["ff02::1"],
  "several.attacker.example": ["10.0.0.1", "127.0.0.1", "fe80::1"],
  "xn--bcher-kva.attacker.example": ["127.0.0.1"],
  "trailing.attacker.example": ["192.168.7.7"],
  localhost: ["8.8.8.8"],
  "public.example": ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
};

/** URL, and the words that say why not. */
const HOSTILE: ReadonlyArray<readonly [string, string]> = [
  // Not for HTTP, or not what they seem
  ["file:///etc/passwd", "must begin with"],
  ["ftp://93.184.215.14/", "must begin with"],
  ["gopher://93.184.215.14:70/_x", "must begin with"],
  ["javascript:alert(1)", "must begin with"],
  ["ws://93.184.215.14/", "must begin with"],
  ["unix:/var/run/docker.sock", "must begin with"],
  ["//93.184.215.14/", "is not a URL"],
  ["93.184.215.14", "is not a URL"],
  ["http://", "is not a URL"],
  ["http://[::1", "is not a URL"],
  ["http://256.1.1.1/", "is not a URL"],
  ["http://1.2.3.4.5/", "is not a URL"],
  ["http://exa mple.com/", "is not a URL"],
  ["http://public.example/\r\nx-injected: 1", "is not a URL"],
  ["htt\tp://public.example/", "is not a URL"],
  ["http://public.example\u0000.attacker.example/", "is not a URL"],
  ["http://127.0.0.1\u200b/", "is not a URL"],
  ["https://user:pass@public.example/", "user name or a password"],
  ["https://public.example@127.0.0.1/", "user name or a password"],
  ["https://public.example:443@10.0.0.1/", "user name or a password"],
  // Loopback in every notation
  ["http://127.0.0.1/", "loopback"],
  ["http://127.0.0.1:80/", "loopback"],
  ["https://127.255.255.254/", "loopback"],
  ["http://127.1/", "loopback"],
  ["http://127.0.1/", "loopback"],
  ["http://2130706433/", "loopback"],
  ["http://0x7f000001/", "loopback"],
  ["http://0x7f.0.0.1/", "loopback"],
  ["http://0x7f.1/", "loopback"],
  ["http://017700000001/", "loopback"],
  ["http://0177.0.0.01/", "loopback"],
  ["http://0177.0x0.1/", "loopback"],
  ["http://127.0.0.1./", "loopback"],
  ["http://%31%32%37.0.0.1/", "loopback"],
  ["http://127%2e0%2e0%2e1/", "loopback"],
  ["http://①②⑦.⓪.⓪.①/", "loopback"],
  ["http://127。0。0。1/", "loopback"],
  ["http://１２７．０．０．１/", "loopback"],
  ["http:\\\\127.0.0.1\\", "loopback"],
  ["http:127.0.0.1", "loopback"],
  ["http://localhost/", "loopback"],
  ["http://LOCALHOST/", "loopback"],
  ["http://localhost./", "loopback"],
  ["http://ｌｏｃａｌｈｏｓｔ/", "loopback"],
  ["http://ⓛocalhost/", "loopback"],
  ["http://api.localhost/", "loopback"],
  ["http://[::1]/", "loopback"],
  ["http://[0:0:0:0:0:0:0:1]/", "loopback"],
  ["http://[0000::0001]:8080/", "loopback"],
  ["http://0/", "no address of a host"],
  ["http://0.0.0.0/", "no address of a host"],
  ["http://0.1.2.3/", "no address of a host"],
  ["http://[::]/", "no address of a host"],
  // IPv4 in IPv6
  ["http://[::ffff:127.0.0.1]/", "disguise"],
  ["http://[::ffff:7f00:1]/", "disguise"],
  ["http://[0:0:0:0:0:ffff:10.0.0.1]/", "disguise"],
  ["http://[::ffff:0:127.0.0.1]/", "disguise"],
  ["http://[::127.0.0.1]/", "outside the public"],
  ["http://[::a00:1]/", "outside the public"],
  ["http://[64:ff9b::127.0.0.1]/", "disguise"],
  ["http://[64:ff9b:1::10.0.0.1]/", "disguise"],
  ["http://[2002:7f00:1::]/", "disguise"],
  ["http://[2001:0:7f00:1::]/", "disguise"],
  // Private, shared, link-local
  ["http://10.0.0.1/", "private"],
  ["http://10.255.255.255/", "private"],
  ["http://167772161/", "private"],
  ["http://012.0.0.1/", "private"],
  ["http://172.16.0.1/", "private"],
  ["http://172.31.255.255/", "private"],
  ["http://192.168.1.1/", "private"],
  ["http://3232235777/", "private"],
  ["http://100.64.0.1/", "carrier"],
  ["http://100.127.255.255/", "carrier"],
  ["http://169.254.0.1/", "link-local"],
  ["http://[fe80::1]/", "link-local"],
  ["http://[febf::1]/", "link-local"],
  ["http://[fc00::1]/", "private"],
  ["http://[fdff::1]/", "private"],
  ["http://[fec0::1]/", "private"],
  // Metadata
  ["http://169.254.169.254/latest/meta-data/", "metadata"],
  ["http://2852039166/", "metadata"],
  ["http://0xa9fea9fe/", "metadata"],
  ["http://0251.0376.0251.0376/", "metadata"],
  ["http://169.254.43518/", "metadata"],
  ["http://169.254.170.2/v2/credentials", "metadata"],
  ["http://100.100.100.200/", "metadata"],
  ["http://168.63.129.16/", "metadata"],
  ["http://192.0.0.192/", "metadata"],
  ["http://[fd00:ec2::254]/", "metadata"],
  ["http://[fd20:ce::254]/", "metadata"],
  ["http://[::ffff:169.254.169.254]/", "metadata"],
  ["http://[2002:a9fe:a9fe::]/", "metadata"],
  // Neither hosts nor public
  ["http://224.0.0.1/", "multicast"],
  ["http://239.255.255.250:8080/", "multicast"],
  ["http://255.255.255.255/", "broadcast"],
  ["http://240.0.0.1/", "reserved"],
  ["http://192.0.2.1/", "reserved"],
  ["http://198.18.0.1/", "reserved"],
  ["http://198.51.100.1/", "reserved"],
  ["http://203.0.113.1/", "reserved"],
  ["http://192.88.99.1/", "reserved"],
  ["http://[ff02::1]/", "multicast"],
  ["http://[2001:db8::1]/", "reserved"],
  ["http://[3fff::1]/", "reserved"],
  ["http://[100::1]/", "reserved"],
  ["http://[5f00::1]/", "reserved"],
  ["http://[4000::1]/", "outside the public"],
  // Ports of other services
  ["http://93.184.215.14:22/", "port 22"],
  ["http://93.184.215.14:25/", "port 25"],
  ["https://93.184.215.14:6379/", "port 6379"],
  ["http://public.example:9200/", "port 9200"],
  ["http://93.184.215.14:0/", "port 0"],
  // Names that lead there
  ...Object.keys(ZONE)
    .filter((name) => name !== "public.example")
    .map((name) => [`https://${name}/`, ""] as const),
  ["https://trailing.attacker.example./", "private"],
  ["https://bücher.attacker.example/", "loopback"],
  ["https://BÜCHER.attacker.example/", "loopback"],
];

const zone = (name: string, type: "A" | "AAAA") =>
  (ZONE[name] ?? []).filter((address) => address.includes(":") === (type === "AAAA"));

/** A receiver on 127.0.0.1, and what must not be reached on the same port of 127.0.0.2. */
const neighbours = Effect.gen(function* () {
  const good = yield* receiver();
  let hits = 0;
  yield* Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<Server>((done) => {
          const server = createServer((_, response) => response.end("internal"));
          server.on("connection", () => {
            hits += 1;
          });
          server.listen(good.port, "127.0.0.2", () => done(server));
        }),
    ),
    (server) => Effect.sync(() => server.close()),
  );
  return { good, hits: () => hits };
});

describe("the target guard", () => {
  it.scopedLive(
    "refuses hostile targets when they are given, and again when they are called",
    () =>
      Effect.gen(function* () {
        const { resolve } = yield* nameServer(zone);
        yield* Effect.gen(function* () {
          for (const [url, why] of HOSTILE) {
            const found = yield* faults(webhook(url), signed);
            expect([url, found.length], url).toEqual([url, 1]);
            expect(found[0], url).toContain(why);
            const attempt = yield* deliver(webhook(url), signed);
            expect([url, attempt.outcome, attempt.address]).toEqual([url, "failed", undefined]);
            expect(["refused", "settings"], url).toContain(attempt.failure);
          }
        }).pipe(Effect.provide(channels({ allowed: [], resolve })));
        expect(HOSTILE.length).toBeGreaterThan(120);
      }),
    60_000,
  );

  it.scopedLive("lets public targets pass, and names that cannot be resolved at the moment", () =>
    Effect.gen(function* () {
      const { resolve } = yield* nameServer(zone);
      const targets = [
        "http://93.184.215.14/",
        "https://[2606:2800:21f::1]:8443/x?y#z",
        "https://public.example/",
        "https://unknown.example/",
      ];
      for (const url of targets) {
        expect([
          url,
          yield* faults(webhook(url), signed).pipe(Effect.provide(channels({ allowed: [], resolve }))),
        ]).toEqual([url, []]);
      }
    }),
  );

  it.scopedLive("connects to the address it checked, though the name answers differently the next time", () =>
    Effect.gen(function* () {
      const { good, hits } = yield* neighbours;
      let answers = 0;
      const { resolve, questions } = yield* nameServer((_, type) => {
        if (type === "AAAA") return [];
        answers += 1;
        return [answers % 2 === 1 ? "127.0.0.1" : "127.0.0.2"];
      });
      const layer = channels({ resolve });
      const url = `http://rebinding.attacker.example:${good.port}/`;
      const attempt = yield* deliver(webhook(url), signed).pipe(Effect.provide(layer));
      expect(attempt).toMatchObject({ outcome: "delivered", address: "127.0.0.1" });
      // One question in all: a second would have had the other answer.
      expect(questions).toEqual(["rebinding.attacker.example A", "rebinding.attacker.example AAAA"]);
      const next = yield* deliver(webhook(url), signed).pipe(Effect.provide(layer));
      expect(next).toMatchObject({ outcome: "failed", failure: "refused", address: undefined });
      expect(next.message).toContain("127.0.0.2 is a loopback address");
      expect([good.requests.length, hits()]).toEqual([1, 0]);
    }),
  );

  it.scopedLive("uses of several addresses those that pass", () =>
    Effect.gen(function* () {
      const { good, hits } = yield* neighbours;
      const { resolve } = yield* nameServer((_, type) =>
        type === "A" ? ["127.0.0.2", "10.0.0.1", "127.0.0.1"] : ["fe80::1"],
      );
      const attempt = yield* deliver(webhook(`http://several.example:${good.port}/`), signed).pipe(
        Effect.provide(channels({ resolve })),
      );
      expect(attempt).toMatchObject({ outcome: "delivered", address: "127.0.0.1" });
      expect([good.requests.length, hits()]).toEqual([1, 0]);
    }),
  );

  it.scopedLive("follows no redirect, to wherever it leads", () =>
    Effect.gen(function* () {
      for (const status of [301, 302, 303, 307, 308]) {
        const elsewhere = yield* receiver();
        const { url } = yield* receiver((_, response) => {
          response.writeHead(status, { location: status === 302 ? "http://169.254.169.254/" : elsewhere.url }).end();
        });
        const attempt = yield* deliver(webhook(url), signed).pipe(Effect.provide(channels()));
        expect(attempt).toMatchObject({ outcome: "failed", failure: "redirect", status });
        expect(attempt.message).toContain("Redirects are not followed");
        expect(elsewhere.requests).toEqual([]);
      }
    }),
  );
});

describe("the allow-list", () => {
  const named = (address: string) => `${address.replaceAll(":", "-")}.corp.example`;

  const reaches = (allowed: ReadonlyArray<string>, url: string) =>
    Effect.gen(function* () {
      const { resolve } = yield* nameServer((name, type) =>
        DISGUISES.some((address) => name === named(address))
          ? DISGUISES.filter((address) => type === "AAAA" && name === named(address))
          : name.endsWith("corp.example") && type === "A"
            ? ["10.1.2.3"]
            : zone(name, type),
      );
      return (
        (yield* faults(webhook(url), signed).pipe(Effect.provide(channels({ allowed: allowing(...allowed), resolve }))))
          .length === 0
      );
    });

  /** 169.254.169.254 within IPv6. */
  const DISGUISES = [
    "::ffff:169.254.169.254",
    "::ffff:0:a9fe:a9fe",
    "::a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::",
    "64:ff9b:1:0:a9:fea9:fe00:0",
    "2606:2800:21f::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1",
    "2001::5601:5601",
  ];

  const CASES: ReadonlyArray<readonly [entries: ReadonlyArray<string>, url: string, passes: boolean]> = [
    [["10.0.0.0/8"], "http://10.1.2.3/", true],
    [["10.0.0.0/8"], "http://10.1.2.3:8443/", true],
    [["10.0.0.0/8"], "http://10.1.2.3:9000/", false],
    [["10.0.0.0/8:9000"], "http://10.1.2.3:9000/", true],
    [["10.0.0.0/8:9000"], "http://10.1.2.3/", false],
    [["10.0.0.0/8:*"], "http://10.1.2.3:1/", true],
    [["10.0.0.0/8", ":9000"], "http://10.1.2.3:9000/", true],
    [["10.0.0.0/8"], "http://11.0.0.1:9000/", false],
    [[":9000"], "http://10.1.2.3:9000/", false],
    [[":9000"], "http://93.184.215.14:9000/", true],
    [[":*"], "http://93.184.215.14:1/", true],
    [[":*"], "http://127.0.0.1/", false],
    [["10.1.2.3"], "http://10.1.2.3/", true],
    [["10.1.2.3"], "http://10.1.2.4/", false],
    [["fd00::/8"], "http://[fd12::1]/", true],
    [["[fd00::/8]:9000"], "http://[fd12::1]:9000/", true],
    [["[::1]:3000"], "http://[::1]:3000/", true],
    [["::1"], "http://localhost/", true],
    [["localhost:3000"], "http://localhost:3000/", true],
    [["localhost"], "http://127.0.0.1/", false],
    [["chat.corp.example"], "http://chat.corp.example/", true],
    [["CHAT.corp.example."], "http://chat.corp.example./", true],
    [["chat.corp.example"], "http://evilchat.corp.example/", false],
    [["chat.corp.example:8065"], "http://chat.corp.example:8065/", true],
    [["*.corp.example"], "http://a.b.corp.example/", true],
    [["*.corp.example"], "http://corp.example/", false],
    [["*.corp.example"], "http://notcorp.example/", false],
    [["10.0.0.0/8"], "http://chat.corp.example/", true],
    [["10.0.0.0/8"], "http://[::ffff:10.1.2.3]/", false],
    // A cloud's metadata: by its own address alone
    [["169.254.0.0/16"], "http://169.254.169.254/", false],
    [["0.0.0.0/0:*"], "http://169.254.169.254/", false],
    [["metadata.google.internal"], "http://metadata.google.internal/", false],
    [["169.254.169.254"], "http://169.254.169.254/", true],
    ...DISGUISES.flatMap((address): typeof CASES => [
      [["*.corp.example", ":*"], `http://${named(address)}/`, false],
      [["[::/0]:*", "0.0.0.0/0:*"], `http://[${address}]/`, false],
      [["169.254.169.254"], `http://[${address}]/`, false],
      [[address], `http://[${address}]/`, true],
    ]),
    [["*.corp.example", "::/0"], "http://[::ffff:10.1.2.3]/", true],
  ];

  for (const [entries, url, passes] of CASES) {
    it.scopedLive(`${entries.join(", ")} ${passes ? "lets pass" : "does not let pass"} ${url}`, () =>
      Effect.gen(function* () {
        expect(yield* reaches(entries, url)).toBe(passes);
      }),
    );
  }

  it.scopedLive("lets a private target be called", () =>
    Effect.gen(function* () {
      const { port, requests } = yield* receiver();
      const layer = channels({ allowed: allowing(`127.0.0.0/8:${port}`) });
      expect(
        yield* deliver(webhook(`http://127.0.0.1:${port}/in?x=1`), signed).pipe(Effect.provide(layer)),
      ).toMatchObject({
        outcome: "delivered",
        status: 200,
        address: "127.0.0.1",
      });
      expect(requests[0]?.url).toBe("/in?x=1");
    }),
  );

  for (const entry of [
    "",
    "*",
    "10.0.0.0/33",
    "10.0.0/8",
    "1.2.3",
    "http://x",
    "a b",
    "x:0",
    "x:65536",
    "x:y",
    "[::1",
    "[10.0.0.1]:80",
    "fd00::/8:9000",
    "*.*.x",
    ":",
    "user@host",
  ]) {
    it(`refuses the entry ${JSON.stringify(entry)}`, () => {
      expect(() => allowing(entry)).toThrow();
    });
  }
});
