import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import * as Requests from "@cadastre/e2e/fuzz/Requests";
import * as Socket from "@cadastre/e2e/fuzz/Socket";
import * as Http from "@cadastre/e2e/Http";
import * as Program from "@cadastre/e2e/Program";
import * as Random from "@cadastre/e2e/Random";
import * as Receiver from "@cadastre/e2e/Receiver";
import { expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

/** `.ci/run` asks for 10,000 on each database, `scripts/soak.mjs fuzz --requests 100000` for as many as it says. */
const count = Number(process.env["SOAK_ROUNDS"] ?? process.env["FUZZ_REQUESTS"] ?? 2000);
const seed = Number(process.env["SOAK_SEED"] ?? 20_261_126);

/** Megabytes of JavaScript's own memory: with what would grow with the requests the daemon does not live to the end. */
const HEAP = 192;

/** Failures of the server's that are said to come: it is asked for more than it has. */
const EXPECTED = /"code":"(too-many-streams|overloaded)"/;

/** Names of what was learned, with what leads to it. */
const LEARNED: ReadonlyArray<readonly [string, RegExp]> = [
  ...["ent", "sub", "msg"].map((prefix) => [prefix, new RegExp(`${prefix}_[\\da-f-]{36}`, "g")] as const),
  ["cur", /(?<="nextCursor":")[^"]+/g],
  ["job", /(?<="id":)\d+/g],
];

const learn = (known: Map<string, Array<string>>, answer: string): void => {
  for (const [name, pattern] of LEARNED) {
    for (const [id] of answer.slice(0, 20_000).matchAll(pattern)) {
      const ids = known.get(name) ?? [];
      known.set(name, [...ids.filter((other) => other !== id), id].slice(-30));
    }
  }
};

/** Resident memory in megabytes; undefined where the system does not tell. */
const memoryOf = (pid: number): number | undefined => {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return undefined;
  }
};

it.scopedLive(
  `whatever ${count} requests say, the daemon answers, gives no secret away, and is well afterwards (seed ${seed})`,
  () =>
    Effect.gen(function* () {
      const home = yield* Program.home;
      const receiver = yield* Receiver.make();
      const vaultKey = randomBytes(32).toString("base64");
      const daemon = yield* Program.daemon(home, [], {
        env: {
          CADASTRE_VAULT_KEY: vaultKey,
          CADASTRE_CALLBACK_TARGETS: "127.0.0.1:*",
          CADASTRE_RATE_LIMIT: "off",
          CADASTRE_RATE_LIMIT_ANONYMOUS: "off",
          NODE_OPTIONS: `--max-old-space-size=${HEAP}`,
        },
      });
      const issued = yield* Http.json(daemon, "POST", "/v1/tokens", { name: "reader", scopes: ["catalog:read"] });
      const channel = { type: "webhook", url: receiver.url };
      const subscribed = yield* Http.json(daemon, "POST", "/v1/subscriptions", { name: "planted", channel });
      const [reader, signing] = [JSON.parse(issued.text).secret, JSON.parse(subscribed.text).secret];
      expect(signing).toMatch(/^whsec_/);
      const secrets: ReadonlyArray<string> = [
        ...[daemon.token, reader, signing, signing.slice("whsec_".length), vaultKey],
        Buffer.from(vaultKey, "base64").toString("hex"),
      ];
      const expectNoSecret = (text: string, where: string) => {
        for (const secret of secrets) if (text.includes(secret)) expect.fail(`a secret in ${where}`);
      };

      const random = Random.make(seed);
      const context: Requests.Context = {
        random,
        known: new Map(),
        receiver: receiver.url,
        tokens: [daemon.token, reader, "cad_none"],
      };
      const port = Number(new URL(daemon.url).port);
      const statuses = new Map<string, number>();
      let warm: number | undefined;
      const one = (n: number) =>
        Effect.gen(function* () {
          const made = Requests.make(context);
          const answer = yield* Socket.exchange(port, made);
          const said = () =>
            `request ${n}:\n${made.bytes.toString("latin1").slice(0, 3_000)}\n\nanswer:\n${answer.slice(0, 2_000)}`;
          expectNoSecret(answer, `the answer to ${said()}`);
          const first = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? "none";
          statuses.set(first, (statuses.get(first) ?? 0) + 1);
          for (const [, status] of answer.matchAll(/^HTTP\/1\.1 (5\d\d) /gm)) {
            if (status !== "503" || !EXPECTED.test(answer)) expect.fail(`${status} to ${said()}`);
          }
          if (made.isWhole && first === "none") expect.fail(`no answer to ${said()}`);
          if (made.isWhole && /^[45]/.test(first) && !/^content-type: application\/(problem\+)?json/im.test(answer)) {
            expect.fail(`a refusal without a document to ${said()}`);
          }
          learn(context.known, answer);
          if (n === Math.floor(count / 2)) warm = memoryOf(daemon.pid);
        });
      yield* Effect.forEach(
        Array.from({ length: count }, (_, n) => n),
        one,
        { concurrency: 12, discard: true },
      );

      const memory = memoryOf(daemon.pid);
      console.log(`fuzz: ${count} requests, by status ${JSON.stringify(Object.fromEntries([...statuses].sort()))}`);
      console.log(`fuzz: ${warm?.toFixed(0)} MB resident at half, ${memory?.toFixed(0)} MB at the end`);
      expect((yield* Http.get(daemon, "/v1/health")).status).toBe(200);
      expect((yield* Http.get(daemon, "/v1/whoami")).status).toBe(200);
      expect(yield* Program.stop(daemon)).toMatchObject({ code: 0 });
      expectNoSecret(daemon.stderr() + daemon.stdout(), "the log");
      const errors = daemon
        .stderr()
        .split("\n")
        .filter((line) => line.includes('"level":"error"'));
      expect(errors.filter((line) => !/"status":503/.test(line))).toEqual([]);
      const doctor = yield* Program.run(home, ["admin", "doctor"], { env: { CADASTRE_VAULT_KEY: vaultKey } });
      // But for the servers of the tests, which write nothing through to the disk.
      const bad = [...doctor.stdout.matchAll(/^BAD +([\w-]+)/gm)].map(([, check]) => check);
      expect(doctor.stdout).toMatch(/^ok +integrity|^ok +history/m);
      expect(bad.filter((check) => check !== "fsync")).toEqual([]);
    }),
  120_000 + count * 20,
);
