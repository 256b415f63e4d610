import { type Channel, ServiceNowChannel } from "@cadastre/domain/Channel";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as TestClock from "effect/TestClock";
import { CLIENT, CLIENT_SECRET, instance, instanceOn, PASSWORD, USER } from "./instance.ts";
import { allowing, changed, channels, deliver, faults, json, ping, secrets, trusting } from "./support.ts";

const basic = secrets({ password: PASSWORD });
const oauth = secrets({ clientSecret: CLIENT_SECRET });

const channel = (url: string, options: Partial<typeof ServiceNowChannel.Encoded> = {}): Channel =>
  Schema.decodeSync(ServiceNowChannel)({
    type: "servicenow",
    instance: url,
    target: { interface: "table", table: "cmdb_ci_service" },
    fields: { name: "{/entity/metadata/name}", short_description: "Revision {/event/revision} of {/event/reference}" },
    auth: { type: "basic", username: USER },
    ...options,
  });

const withToken = { auth: { type: "oauth2", clientId: CLIENT } } as const;
const entity = (uid: string, more = {}) => ({ metadata: { name: "payments", uid, ...more } });

describe("ServiceNow by the Table API", () => {
  it.scopedLive("creates a record for an entity, and updates it from then on", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const first = yield* deliver(channel(sn.url), basic, changed({ entity: entity("ent_1") }));
      expect(first).toMatchObject({ outcome: "delivered", status: 201 });
      expect(first.message).toMatch(/^Created cmdb_ci_service [0-9a-f]{32}\.$/);
      const second = yield* deliver(
        channel(sn.url),
        basic,
        changed({ entity: entity("ent_1"), event: { revision: 7 } }),
      );
      expect(second).toMatchObject({ outcome: "delivered", status: 200 });
      yield* deliver(channel(sn.url), basic, changed({ entity: entity("ent_2") }));
      expect(sn.rowsOf("cmdb_ci_service")).toMatchObject([
        {
          name: "payments",
          short_description: "Revision 7 of component:default/payments",
          correlation_id: "ent_1",
        },
        { correlation_id: "ent_2" },
      ]);
      expect(sn.sent()).toEqual([
        "GET /api/now/table/cmdb_ci_service",
        "POST /api/now/table/cmdb_ci_service",
        "GET /api/now/table/cmdb_ci_service",
        "PATCH /api/now/table/cmdb_ci_service/ID",
        "GET /api/now/table/cmdb_ci_service",
        "POST /api/now/table/cmdb_ci_service",
      ]);
      expect(new URL(sn.requests[0]?.url ?? "", sn.url).searchParams.get("sysparm_query")).toBe(
        "correlation_id=ent_1^ORDERBYsys_created_on",
      );
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("makes one record of a callback whose answer was lost", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      let losses = 1;
      sn.written = (response) => {
        losses -= 1;
        if (losses < 0) return false;
        response.destroy();
        return true;
      };
      const callback = changed({ entity: entity("ent_1") });
      expect(yield* deliver(channel(sn.url), basic, callback)).toMatchObject({ outcome: "failed", failure: "connect" });
      expect(yield* deliver(channel(sn.url), basic, callback)).toMatchObject({ outcome: "delivered", status: 200 });
      expect(sn.rowsOf("cmdb_ci_service")).toHaveLength(1);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("leaves a record that may have been created to the next attempt, on a kept connection too", () =>
    Effect.gen(function* () {
      yield* trusting;
      const sn = yield* instanceOn(true);
      expect(yield* deliver(channel(sn.url), basic, changed({ entity: entity("ent_1") }))).toMatchObject({
        outcome: "delivered",
      });
      sn.written = (response) => {
        response.socket?.destroy();
        return true;
      };
      const callback = changed({ entity: entity("ent_2") });
      expect(yield* deliver(channel(sn.url), basic, callback)).toMatchObject({ outcome: "failed", failure: "connect" });
      expect(yield* deliver(channel(sn.url), basic, callback)).toMatchObject({ outcome: "delivered", status: 200 });
      expect(sn.rowsOf("cmdb_ci_service")).toHaveLength(2);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("makes one record of callbacks that are delivered at once", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      sn.delay = () => new Promise(setImmediate);
      const attempts = yield* Effect.all(
        Array.from({ length: 20 }, (_, i) =>
          deliver(channel(sn.url), basic, changed({ id: `msg_${i}`, entity: entity(`ent_${i % 2}`) })),
        ),
        { concurrency: "unbounded" },
      );
      expect(new Set(attempts.map(({ outcome }) => outcome))).toEqual(new Set(["delivered"]));
      expect(
        sn
          .rowsOf("cmdb_ci_service")
          .map((row) => row["correlation_id"])
          .sort(),
      ).toEqual(["ent_0", "ent_1"]);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("writes to no other record where the table does not have the correlation field", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const others = sn.tables.get("u_short")?.rows ?? [];
      const target = { interface: "table", table: "u_short" } as const;
      others.push({ sys_id: "f".repeat(32), name: "somebody else's" });
      const attempt = yield* deliver(channel(sn.url, { target }), basic);
      expect(attempt).toMatchObject({ outcome: "failed", failure: "answer" });
      expect(attempt.message).toContain("Nothing was written");
      expect(others).toEqual([{ sys_id: "f".repeat(32), name: "somebody else's" }]);
      others.length = 0;
      const created = yield* deliver(channel(sn.url, { target }), basic);
      expect(created.message).toContain("cannot be found again: u_short has no field correlation_id");
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("lets no entity write its own query", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const correlationId = "{/entity/metadata/title}";
      for (const title of [
        "x^ORsys_idISNOTEMPTY",
        "javascript:gs.getUserID()",
        "JavaScript:x",
        "",
        " x",
        "x\ny",
        "y".repeat(101),
      ]) {
        const attempt = yield* deliver(
          channel(sn.url, { correlationId }),
          basic,
          changed({ entity: entity("e", { title }) }),
        );
        expect([title, attempt.outcome, attempt.failure]).toEqual([title, "failed", "settings"]);
      }
      expect(sn.requests).toEqual([]);
      yield* deliver(
        channel(sn.url, { correlationId }),
        basic,
        changed({ entity: entity("e", { title: "a&b=c%5E" }) }),
      );
      expect(sn.rowsOf("cmdb_ci_service")).toMatchObject([{ correlation_id: "a&b=c%5E" }]);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("answers a ping by reading, and writes nothing", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      expect(yield* deliver(channel(sn.url), basic, ping)).toMatchObject({ outcome: "delivered" });
      const target = { interface: "table", table: "no_such_table" } as const;
      expect(yield* deliver(channel(sn.url, { target }), basic, ping)).toMatchObject({
        outcome: "failed",
        status: 400,
      });
      expect(sn.sent()).toEqual(["GET /api/now/table/cmdb_ci_service", "GET /api/now/table/no_such_table"]);
    }).pipe(Effect.provide(channels())),
  );
});

describe("ServiceNow by import sets", () => {
  const target = { interface: "import", table: "u_catalog_import", correlationField: "u_id" } as const;

  it.scopedLive("posts a row with its correlation id", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const attempt = yield* deliver(channel(sn.url, { target }), basic, changed({ entity: entity("ent_1") }));
      expect(attempt).toMatchObject({ outcome: "delivered", status: 201, message: "Imported: inserted." });
      expect(sn.sent()).toEqual(["POST /api/now/import/u_catalog_import"]);
      expect(JSON.parse(sn.requests[0]?.body ?? "")).toMatchObject({ name: "payments", u_id: "ent_1" });
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("sees that a row was not transformed, though the status is 201", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      sn.imported = { status: "error", error_message: "No coalesce field" };
      const attempt = yield* deliver(channel(sn.url, { target }), basic);
      expect(attempt).toMatchObject({ outcome: "failed", failure: "answer", status: 201 });
      expect(attempt.message).toContain("No coalesce field");
      sn.next = (_, response) => json(response, { import_set: "x", staging_table: "y", result: [] }, 201);
      expect(yield* deliver(channel(sn.url, { target }), basic)).toMatchObject({
        outcome: "failed",
        failure: "answer",
      });
    }).pipe(Effect.provide(channels())),
  );
});

describe("ServiceNow by identification and reconciliation", () => {
  const target = { interface: "ire", table: "cmdb_ci_service", dataSource: "Cadastre & Co" } as const;

  it.scopedLive("sends one item, with its source and its key there", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const attempt = yield* deliver(channel(sn.url, { target }), basic, changed({ entity: entity("ent_1") }));
      expect(attempt).toMatchObject({ outcome: "delivered", message: "Reconciled: INSERT." });
      expect(sn.requests[0]?.url).toBe("/api/now/identifyreconcile?sysparm_data_source=Cadastre+%26+Co");
      expect(JSON.parse(sn.requests[0]?.body ?? "")).toMatchObject({
        items: [
          {
            className: "cmdb_ci_service",
            values: { name: "payments" },
            sys_object_source_info: { source_name: "Cadastre & Co", source_native_key: "ent_1" },
          },
        ],
      });
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("sees that an item was put aside or refused, though the status is 200", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      for (const [reconciled, why] of [
        [
          {
            hasError: true,
            items: [
              {
                operation: "INSERT_AS_INCOMPLETE",
                errors: [{ error: "INVALID_INPUT_DATA", message: "no such discovery source" }],
              },
            ],
          },
          "INVALID_INPUT_DATA: no such discovery source",
        ],
        [{ items: [{ operation: "INSERT_AS_INCOMPLETE", errors: [] }] }, "INSERT_AS_INCOMPLETE"],
        [{ items: [] }, "no item came back"],
        [{ items: [{ operation: "NO_CHANGE", errors: [{ error: "ABANDONED", message: "x" }] }] }, "ABANDONED: x"],
      ] as const) {
        sn.reconciled = reconciled;
        const attempt = yield* deliver(channel(sn.url, { target }), basic);
        expect(attempt).toMatchObject({ outcome: "failed", failure: "answer", status: 200 });
        expect(attempt.message).toContain(why);
      }
      sn.reconciled = { items: [{ operation: "NO_CHANGE" }] };
      expect(yield* deliver(channel(sn.url, { target }), basic)).toMatchObject({ outcome: "delivered" });
    }).pipe(Effect.provide(channels())),
  );
});

describe("ServiceNow's doors", () => {
  it.scopedLive("demand JSON: a page of HTML is a failure that says so", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      sn.next = (_, response) =>
        response
          .writeHead(200, { "content-type": "text/html;charset=UTF-8" })
          .end("<html>Your instance is hibernating</html>");
      const attempt = yield* deliver(channel(sn.url), basic);
      expect(attempt).toMatchObject({ outcome: "failed", failure: "answer", status: 200 });
      expect(attempt.message).toContain("is text/html;charset=UTF-8, not JSON");
      expect(attempt.answer).toContain("hibernating");
      for (const body of ["{", '{"result":{}}', "[]", "null", `{"result":[${"1,".repeat(40_000)}1]}`]) {
        sn.next = (_, response) => response.writeHead(200, { "content-type": "application/json" }).end(body);
        expect(yield* deliver(channel(sn.url), basic)).toMatchObject({ outcome: "failed", failure: "answer" });
      }
      sn.next = (_, response) => response.writeHead(302, { location: "/login.do" }).end();
      expect(yield* deliver(channel(sn.url), basic)).toMatchObject({ outcome: "failed", failure: "redirect" });
      expect(sn.rowsOf("cmdb_ci_service")).toEqual([]);
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("pass on how long to wait when there were too many requests", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      sn.next = (_, response) => response.writeHead(429, { "retry-after": "60" }).end();
      expect(yield* deliver(channel(sn.url), basic)).toMatchObject({
        outcome: "failed",
        status: 429,
        retryAfter: 60_000,
      });
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("are told a password that is not shown, whatever comes back", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const wrong = secrets({ password: "hunter2-hunter2" });
      const attempt = yield* deliver(channel(sn.url), wrong);
      expect(attempt).toMatchObject({ outcome: "failed", failure: "status", status: 401 });
      expect(attempt.answer).toContain("User Not Authenticated: [secret]");
      expect(yield* deliver(channel(sn.url), {})).toMatchObject({ outcome: "failed", failure: "settings" });
    }).pipe(Effect.provide(channels())),
  );

  it.scoped("give a token, which is used until it expires", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const send = (n: number) => deliver(channel(sn.url, withToken), oauth, changed({ entity: entity(`ent_${n}`) }));
      expect(yield* send(1)).toMatchObject({ outcome: "delivered" });
      expect(yield* send(2)).toMatchObject({ outcome: "delivered" });
      expect(sn.granted).toBe(1);
      yield* TestClock.adjust("31 minutes");
      expect(yield* send(3)).toMatchObject({ outcome: "delivered" });
      expect(sn.granted).toBe(2);
      expect(sn.rowsOf("cmdb_ci_service")).toHaveLength(3);
      const other = deliver(channel(sn.url, withToken), secrets({ clientSecret: "another" }));
      expect(yield* other).toMatchObject({ outcome: "failed", status: 401 }); // another secret, not the token of this one
    }).pipe(Effect.provide(channels())),
  );

  it.scoped("give a new token when the old one is refused, once", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const send = deliver(channel(sn.url, withToken), oauth, changed({ entity: entity("ent_1") }));
      yield* send;
      sn.tokens.clear();
      expect(yield* send).toMatchObject({ outcome: "delivered" });
      expect(sn.granted).toBe(2);
      const clear = sn.tokens.add;
      sn.tokens.add = () => sn.tokens; // no token is ever good
      sn.tokens.clear();
      const attempt = yield* send;
      expect(attempt).toMatchObject({ outcome: "failed", failure: "status", status: 401 });
      expect(attempt.answer).toContain("[secret]");
      expect(sn.granted).toBe(3);
      sn.tokens.add = clear;
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("say why they give no token, without the client's secret", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const attempt = yield* deliver(channel(sn.url, withToken), secrets({ clientSecret: "not it & more" }));
      expect(attempt).toMatchObject({ outcome: "failed", failure: "status", status: 401 });
      expect(attempt.message).toContain("gave no token");
      expect(attempt.answer).toBe('{"error":"access_denied","error_description":"[secret]"}');
      for (const body of [{}, { access_token: "a\r\nb: c" }, { access_token: 1 }, { access_token: "" }]) {
        sn.next = (_, response) => json(response, body);
        expect(yield* deliver(channel(sn.url, withToken), oauth)).toMatchObject({
          outcome: "failed",
          failure: "answer",
        });
      }
      expect(sn.sent()).toEqual(Array(5).fill("POST /oauth_token.do"));
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("show no token, in whatever answer it comes", () =>
    Effect.gen(function* () {
      const sn = yield* instance;
      const token = "eyJhbGciOi-the-token";
      const whole = JSON.stringify({ access_token: token, expires_in: 1800 });
      for (const [status, type, body, why] of [
        [200, "application/json", JSON.stringify({ access_token: token, expires_in: null }), "not a token"],
        [200, "application/json", JSON.stringify({ result: { access_token: token } }), "not a token"],
        [200, "application/json", `${whole.slice(0, -1)},`, "not a token"],
        [200, "application/json", whole + " ".repeat(70_000), "did not come whole"],
        [200, "text/plain", whole, "is text/plain, not JSON"],
        [201, "application/json", whole, "gave no token (201)"],
        [302, "application/json", whole, "gave no token (302)"],
      ] as const) {
        sn.next = (_, response) => response.writeHead(status, { "content-type": type }).end(body);
        const attempt = yield* deliver(channel(sn.url, withToken), oauth);
        expect(attempt).toMatchObject({ outcome: "failed", status, answer: "" });
        expect(attempt.message).toContain(why);
        expect(JSON.stringify(attempt)).not.toContain(token);
      }
    }).pipe(Effect.provide(channels())),
  );

  it.scopedLive("are told a secret over plain http only where the allow-list says so", () =>
    Effect.gen(function* () {
      const found = (allowed: ReadonlyArray<string>) =>
        faults(channel("http://93.184.215.14"), basic).pipe(
          Effect.provide(channels({ allowed: allowing(...allowed) })),
        );
      expect(yield* found([])).toEqual([
        "/channel/instance is refused: a secret would travel unencrypted over http; give https. The operator of the catalog can allow it by configuration",
      ]);
      expect(yield* found(["93.184.215.14"])).toEqual([]);
    }),
  );
});

describe("the check of a ServiceNow channel", () => {
  it.scopedLive("names every fault at its place", () =>
    Effect.gen(function* () {
      const fields = { name: "{entity.name}", "u_x.y": "{", u_z: "{{x}} {/entity/spec/a~1b}" };
      expect(
        yield* faults(channel("https://10.0.0.1/nav_to.do?x", { fields, correlationId: "{/nowhere}" }), oauth),
      ).toEqual([
        "/channel/instance is refused: 10.0.0.1 is a private address. The operator of the catalog can allow it by configuration",
        "/channel/instance must be the instance alone: https://10.0.0.1",
        "/channel/correlationId {/nowhere} must point into /event or /entity, such as {/entity/metadata/name}",
        "/channel/fields/name {entity.name} must point into /event or /entity, such as {/entity/metadata/name}",
        "/channel/fields/u_x.y a single { stands alone; write {{ or }} for a brace",
        "/secrets/password is missing: the password of the user",
        "/secrets/clientSecret is not used: this channel takes password alone",
      ]);
      const auth = { type: "oauth2", clientId: CLIENT, tokenUrl: "https://10.0.0.1/token" } as const;
      expect(yield* faults(channel("https://93.184.215.14", { auth, fields: {} }), {})).toEqual([
        "/channel/auth/tokenUrl is refused: 10.0.0.1 is a private address. The operator of the catalog can allow it by configuration",
        '/channel/fields is empty: say what to write, such as {"name": "{/entity/metadata/name}"}',
        "/secrets/clientSecret is missing: the secret of the client",
      ]);
    }).pipe(Effect.provide(channels())),
  );
});
