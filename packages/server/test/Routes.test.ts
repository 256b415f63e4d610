import { Api } from "@cadastre/api/Api";
import { document } from "@cadastre/api/OpenApi";
import * as HttpApi from "@effect/platform/HttpApi";
import { describe, expect, it } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import { component, type Reply, start } from "./harness.ts";

/** As a client gets it: looked into as JSON. */
const spec = JSON.parse(JSON.stringify(document()));

interface Declared {
  readonly method: string;
  readonly path: string;
  readonly operation: typeof spec;
}

const declared: ReadonlyArray<Declared> = Object.keys(spec.paths).flatMap((path) =>
  Object.keys(spec.paths[path]).map((method) => ({
    method: method.toUpperCase(),
    path,
    operation: spec.paths[path][method],
  })),
);

/** The path with the examples of its parameters. */
const filled = ({ path, operation }: Declared): string =>
  path.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(operation.parameters.find((parameter: { name: string }) => parameter.name === name).example),
  );

const mediaType = (reply: Reply) => reply.headers.get("content-type")?.split(";")[0];

describe("the declared interface", () => {
  it.scopedLive("is what the server serves: each declared call answers with a declared status and content type", () =>
    Effect.gen(function* () {
      const { call } = yield* start({ limits: { stream: Duration.millis(100) } });
      yield* Effect.promise(() => call("POST", "/v1/entities", { json: component("payments") }));
      for (const entry of declared) {
        const { method, operation } = entry;
        const types = Object.keys(operation.requestBody?.content ?? {});
        for (const type of types.length === 0 ? [undefined] : types) {
          const init = type === undefined ? {} : { body: "{}", headers: { "content-type": type } };
          const reply = yield* Effect.promise(() => call(method, filled(entry), init));
          const name = `${method} ${entry.path} ${type ?? ""}: ${reply.status}`;
          const response = operation.responses[reply.status];
          expect(response, name).toBeDefined();
          expect([405, 415, 500], name).not.toContain(reply.status);
          if (response.content === undefined) expect(reply.text, name).toBe("");
          else expect(Object.keys(response.content), name).toContain(mediaType(reply));
        }
      }
    }),
  );

  it.scopedLive("is closed to callers without a token wherever it says so, and open elsewhere", () =>
    Effect.gen(function* () {
      const { call } = yield* start();
      for (const entry of declared) {
        const reply = yield* Effect.promise(() =>
          call(entry.method, filled(entry), { headers: { authorization: "" } }),
        );
        const name = `${entry.method} ${entry.path}`;
        if (entry.operation.security.length > 0) expect(reply.status, name).toBe(401);
        else expect(reply.status, name).toBe(200);
      }
    }),
  );

  it.scopedLive(
    "is all there is: each path tells exactly its declared methods, and takes no undeclared parameter",
    () =>
      Effect.gen(function* () {
        const { call } = yield* start();
        for (const path of Object.keys(spec.paths)) {
          const entries = declared.filter((entry) => entry.path === path);
          const [first] = entries;
          if (first === undefined) continue;
          const methods = entries.map(({ method }) => method);
          const allowed = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].sort();
          const options = yield* Effect.promise(() => call("OPTIONS", filled(first)));
          expect(options.status, path).toBe(204);
          expect(options.headers.get("allow")?.split(", ").sort(), path).toEqual(allowed);
          for (const entry of entries) {
            const reply = yield* Effect.promise(() => call(entry.method, `${filled(entry)}?unheardOf=1`));
            expect(reply.body?.errors?.[0]?.path, `${entry.method} ${path}`).toBe("unheardOf");
          }
        }
      }),
  );

  it("names each endpoint once", () => {
    const names: Array<string> = [];
    HttpApi.reflect(Api, {
      onGroup: () => {},
      onEndpoint: ({ endpoint }) => {
        names.push(`${endpoint.method} ${endpoint.path}`);
      },
    });
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBe(declared.length);
  });
});
