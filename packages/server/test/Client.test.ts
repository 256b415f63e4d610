import { Api } from "@cadastre/api/Api";
import { EntityUid } from "@cadastre/domain/Entity";
import { AlreadyExists, HasDependencies, InvalidInput, NotFound, RevisionConflict } from "@cadastre/domain/Errors";
import * as FetchHttpClient from "@effect/platform/FetchHttpClient";
import * as HttpApiClient from "@effect/platform/HttpApiClient";
import * as HttpClient from "@effect/platform/HttpClient";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { component, start } from "./harness.ts";

const connect = Effect.gen(function* () {
  const { url, token } = yield* start();
  return yield* HttpApiClient.make(Api, {
    baseUrl: url,
    transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(token)),
  });
}).pipe(Effect.provide(FetchHttpClient.layer));

describe("a client derived from the declaration", () => {
  it.scopedLive("reads and writes entities as values", () =>
    Effect.gen(function* () {
      const { entities } = yield* connect;
      const made = yield* entities.create({ payload: component("payments") });
      const { uid } = made.metadata;
      expect(yield* entities.get({ path: { uid }, urlParams: {} })).toEqual(made);
      const patched = yield* entities.patch({
        path: { uid },
        urlParams: { force: true },
        headers: { "if-match": 1 },
        payload: { metadata: { title: "Pay" } },
      });
      expect(patched.metadata).toMatchObject({ title: "Pay", revision: 2 });
      const page = yield* entities.list({ urlParams: { kind: ["Component", "API"], limit: 10, orderBy: "-name" } });
      expect(page.items).toEqual([patched]);
      yield* entities.remove({ path: { uid }, urlParams: {}, headers: {} });
    }),
  );

  it.scopedLive("gets failures back as the domain's errors", () =>
    Effect.gen(function* () {
      const { entities } = yield* connect;
      const uid = EntityUid.make("ent_00000000-0000-7000-8000-000000000000");
      expect(yield* Effect.flip(entities.get({ path: { uid }, urlParams: {} }))).toBeInstanceOf(NotFound);
      const db = yield* entities.create({ payload: component("db") });
      const spec = { ...component("x").spec, dependsOn: ["component:db"] };
      yield* entities.create({ payload: component("app", { spec }) });
      expect(yield* Effect.flip(entities.create({ payload: component("DB") }))).toBeInstanceOf(AlreadyExists);
      const path = { uid: db.metadata.uid };
      const stale = entities.remove({ path, urlParams: {}, headers: { "if-match": 9 } });
      expect(yield* Effect.flip(stale)).toMatchObject({ _tag: "RevisionConflict", current: 1 });
      expect(yield* Effect.flip(stale)).toBeInstanceOf(RevisionConflict);
      const depended = yield* Effect.flip(entities.remove({ path, urlParams: {}, headers: {} }));
      expect(depended).toBeInstanceOf(HasDependencies);
      expect(depended).toMatchObject({ dependents: ["component:default/app"], total: 1 });
      const invalid = yield* Effect.flip(entities.create({ payload: component("no name") }));
      expect(invalid).toBeInstanceOf(InvalidInput);
      expect(invalid).toMatchObject({ faults: [{ path: "/metadata/name" }] });
    }),
  );
});
