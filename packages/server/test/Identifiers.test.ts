import { Identifiers } from "@cadastre/domain/Identifiers";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as NodeIdentifiers from "../src/Identifiers.ts";

describe("identifiers", () => {
  it.effect("sort as they were made, are never the same, and have their prefixes", () =>
    Effect.gen(function* () {
      const { entityUid, eventId, tokenId, secret, hash } = yield* Identifiers;
      const uids = yield* Effect.replicateEffect(entityUid, 5000);
      expect([...uids].sort()).toEqual(uids);
      expect(new Set(uids).size).toBe(5000);
      expect(yield* eventId).toMatch(/^evt_[\da-f-]{36}$/);
      expect(yield* tokenId).toMatch(/^tok_[\da-f-]{36}$/);
      expect(yield* secret).toMatch(/^[\w-]{43}$/);
      expect(hash("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }).pipe(Effect.provide(NodeIdentifiers.layer)),
  );
});
