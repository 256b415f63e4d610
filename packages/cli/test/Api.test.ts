import { Api } from "@cadastre/api/Api";
import * as HttpApi from "@effect/platform/HttpApi";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { daemon, program } from "./support.ts";

/** How the command line does what an endpoint does. `api`: by the command for all the rest. */
const COMMANDS: { readonly [endpoint: string]: string } = {
  "entities.list": "entity list",
  "entities.create": "entity apply",
  "entities.get": "entity get",
  "entities.replace": "entity apply",
  "entities.patch": "entity patch",
  "entities.remove": "entity delete",
  "entities.getByReference": "entity get",
  "entities.putByReference": "entity apply",
  "entities.removeByReference": "entity delete",
  "batches.apply": "entity apply",
  "facets.count": "facets",
  "graphs.walk": "entity graph",
  "graphs.path": "entity path",
  "histories.list": "entity history",
  "events.list": "event list",
  "events.stream": "entity watch",
  "subscriptions.list": "subscription list",
  "subscriptions.create": "subscription create",
  "subscriptions.get": "subscription get",
  "subscriptions.replace": "subscription update",
  "subscriptions.patch": "subscription update",
  "subscriptions.remove": "subscription delete",
  "subscriptions.enable": "subscription enable",
  "subscriptions.disable": "subscription disable",
  "subscriptions.rotateSecret": "subscription rotate-secret",
  "deliveries.list": "subscription deliveries",
  "deliveries.get": "subscription deliveries",
  "deliveries.redeliver": "subscription redeliver",
  "deliveries.redeliverAll": "subscription redeliver",
  "deliveries.test": "subscription test",
  "jobs.list": "job list",
  "jobs.get": "job get",
  "jobs.retry": "job retry",
  "jobs.discard": "job discard",
  "tokens.list": "token list",
  "tokens.create": "token create",
  "tokens.revoke": "token revoke",
  "tokens.whoami": "whoami",
  "health.health": "api",
  "health.live": "api",
  "health.ready": "api",
  "documentation.index": "api",
  "documentation.openApi": "api",
  "documentation.docs": "api",
};

describe("the command line", () => {
  it.scopedLive("reaches every endpoint of the declaration, by commands that there are", () =>
    Effect.gen(function* () {
      const endpoints: Array<string> = [];
      HttpApi.reflect(Api, {
        onGroup: () => {},
        onEndpoint: ({ group, endpoint }) => void endpoints.push(`${group.identifier}.${endpoint.name}`),
      });
      expect(Object.keys(COMMANDS).sort()).toEqual(endpoints.sort());
      const { run } = yield* program();
      for (const command of new Set(Object.values(COMMANDS))) {
        const { exit, out } = yield* run([...command.split(" "), "--help"]);
        expect([exit, out.includes(`cadastre ${command}`)], command).toEqual([0, true]);
      }
    }),
  );

  it.scopedLive("makes any other call, and ends with the codes of the other commands", () =>
    Effect.gen(function* () {
      const { run, home } = yield* program(
        { "token.json": JSON.stringify({ name: "ci", scopes: ["catalog:read"] }) },
        yield* daemon,
      );
      expect(JSON.parse((yield* run(["api", "/v1/whoami"])).out)).toMatchObject({ scopes: ["admin"] });
      const issued = JSON.parse((yield* run(["api", "/v1/tokens", "--data", `${home}/token.json`])).out);
      expect(issued.token).toMatchObject({ name: "ci", scopes: ["catalog:read"] });
      expect(yield* run(["api", "-X", "DELETE", `/v1/tokens/${issued.token.id}`])).toMatchObject({ exit: 0, out: "" });
      const missing = yield* run(["api", "/v1/entities/by-ref/component/default/x"]);
      expect([missing.exit, missing.out]).toEqual([3, ""]);
      expect(yield* run(["api", "v1/whoami"])).toMatchObject({ exit: 2, out: "" });
      expect((yield* run(["api", "/v1/tokens", "--data", `${home}/none.json`])).err).toContain("cannot be read");
    }),
  );
});
