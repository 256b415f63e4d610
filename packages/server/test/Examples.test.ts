/**
 * The documented example of every query parameter, put to a catalog that has something to find.
 */
import { document } from "@cadastre/api/OpenApi";
import { describe, expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import { type CallInit, component, type Reply, type Running, start } from "./harness.ts";

/** As a client gets it: looked into as JSON. */
const { paths } = JSON.parse(JSON.stringify(document()));

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly example: string | number | boolean | ReadonlyArray<string>;
}

const queryOf = ({ name, example }: Parameter) => `${name}=${[example].flat().map(encodeURIComponent).join(",")}`;

const payments = component("payments", {
  metadata: { name: "payments", tags: ["java"], labels: { tier: "1" } },
  spec: { type: "service", lifecycle: "production", owner: "checkout", dependsOn: ["resource:orders-db"] },
});

/** Gives the path of `payments`, which has two revisions. */
const seed = async ({ call }: Running): Promise<string> => {
  const send = async (method: string, path: string, init: CallInit) => {
    const reply = await call(method, path, init);
    expect(reply.status, reply.text).toBeLessThan(300);
    return reply;
  };
  const create = async (json: object) =>
    `/v1/entities/${(await send("POST", "/v1/entities", { json })).body.metadata.uid}`;
  const changed = await create(payments);
  const spec = { type: "service", lifecycle: "production", owner: "other" };
  await create(component("ledger", { spec }));
  await send("PATCH", await create(component("search", { spec })), { json: { status: { state: "inactive" } } });
  const zebra = { kind: "Resource", metadata: { name: "zebra", namespace: "other" }, spec };
  await create(component("zebra", zebra));
  await send("PATCH", changed, { json: { spec: { owner: "group:default/checkout" } } });
  await create(component("orders-db", { kind: "Resource" }));
  return changed;
};

/** Names of a page of entities. */
const namesOf = ({ body }: Reply): ReadonlyArray<string> =>
  body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);

/** What the examples of the list find. */
const LIST: { readonly [parameter: string]: ReadonlyArray<string> } = {
  kind: ["ledger", "payments"],
  namespace: ["ledger", "orders-db", "payments"],
  owner: ["orders-db", "payments"],
  tag: ["payments"],
  label: ["payments"],
  state: ["search"],
  q: ["payments"],
  filter: ["payments"],
  orderBy: ["ledger", "orders-db", "payments", "zebra"],
  limit: ["ledger", "orders-db", "payments", "zebra"],
  cursor: ["payments", "zebra"], // its uid is of an older payments
  fields: ["ledger", "orders-db", "payments", "zebra"],
  explain: ["ledger", "orders-db", "payments", "zebra"],
};

describe("the documented example", () => {
  it.scopedLive("of each parameter of the list finds what it says", () =>
    Effect.gen(function* () {
      const running = yield* start();
      yield* Effect.promise(() => seed(running));
      const parameters: ReadonlyArray<Parameter> = paths["/v1/entities"].get.parameters;
      const found: Record<string, ReadonlyArray<string>> = {};
      for (const parameter of parameters) {
        const reply = yield* Effect.promise(() => running.call("GET", `/v1/entities?${queryOf(parameter)}`));
        expect(reply.status, parameter.name).toBe(200);
        found[parameter.name] = namesOf(reply);
      }
      // The example is an order by time, and all may have been made in one millisecond.
      expect({ ...found, orderBy: [...(found["orderBy"] ?? [])].sort() }).toEqual(LIST);
    }),
  );

  const others = Object.entries<{ readonly get?: { readonly parameters: ReadonlyArray<Parameter> } }>(paths).flatMap(
    ([path, { get }]) =>
      path === "/v1/entities" || get === undefined
        ? []
        : get.parameters
            .filter((parameter) => parameter.in === "query")
            .map((parameter) => ({
              path,
              parameter,
              name: `${path}?${parameter.name}`,
              required: get.parameters.filter((other) => other.in === "query" && other.required && other !== parameter),
            })),
  );

  it.scopedLive("of each parameter of the other calls is answered with 200", () =>
    Effect.gen(function* () {
      const running = yield* start({ limits: { stream: Duration.seconds(1) } });
      const entity = yield* Effect.promise(() => seed(running));
      const channel = { type: "webhook", url: "https://receiver.example/hook" };
      const json = { name: "deploys", channel };
      const subscribed = yield* Effect.promise(() => running.call("POST", "/v1/subscriptions", { json }));
      const subscription = `/v1/subscriptions/${subscribed.body.subscription.id}`;
      yield* Effect.promise(() => running.call("POST", `${subscription}/test`));
      expect(others.length).toBeGreaterThan(20);
      for (const { path, parameter, required, name } of others) {
        const filled = path
          .replace("/v1/entities/{uid}", entity)
          .replace("/v1/subscriptions/{id}", subscription)
          .replace("{kind}", "component")
          .replace("{namespace}", "default")
          .replace("{name}", "payments");
        const start = path.endsWith("/stream") && parameter.name !== "after" ? ["after=0"] : [];
        const query = [...[parameter, ...required].map(queryOf), ...start].join("&");
        const reply = yield* Effect.promise(() => running.call("GET", `${filled}?${query}`));
        expect(reply.status, `${name}: ${reply.text}`).toBe(200);
        // There are few callbacks and no jobs to find.
        const isAboutCallbacks = /^\/v1\/(subscriptions|jobs)/.test(path);
        if (!isAboutCallbacks) expect(reply.text.length, name).toBeGreaterThan(40);
      }
    }),
  );
});
