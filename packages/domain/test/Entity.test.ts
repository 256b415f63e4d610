import { describe, expect, it } from "@effect/vitest";
import * as Arbitrary from "effect/Arbitrary";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import {
  type EntityRecord,
  EntityState,
  EntityUid,
  type Envelope,
  Source,
  toEnvelope,
  toRecord,
} from "../src/Entity.ts";
import type { JsonObject } from "../src/Json.ts";
import * as Validation from "../src/Validation.ts";

const name = FastCheck.stringMatching(/^[a-z][a-z0-9]{0,9}$/);
const time = FastCheck.integer({ min: 0, max: 4e12 });
// JSON by another name; of all keys, a document may not have this one.
const free = FastCheck.dictionary(name, FastCheck.jsonValue({ maxDepth: 2 }))
  .filter((value) => !JSON.stringify(value).includes("__proto__"))
  .map((value) => value as JsonObject);

const record: FastCheck.Arbitrary<EntityRecord> = FastCheck.record({
  uid: Arbitrary.make(EntityUid),
  document: FastCheck.record(
    {
      apiVersion: FastCheck.constant("example.com/v1"),
      kind: FastCheck.constant("Bucket"),
      metadata: FastCheck.record(
        { name, namespace: name, title: name, extra: free },
        { requiredKeys: ["name", "namespace"] },
      ),
      spec: free,
    },
    { requiredKeys: ["apiVersion", "kind", "metadata"] },
  ),
  state: Arbitrary.make(EntityState),
  since: time,
  revision: FastCheck.nat(),
  createdAt: time,
  updatedAt: time,
  source: Arbitrary.make(Source),
});

const throughJson = (envelope: JsonObject): JsonObject => JSON.parse(JSON.stringify(envelope));

describe("an envelope", () => {
  it("gives back the record it was made of, through JSON too", () => {
    FastCheck.assert(
      FastCheck.property(record, (original) => {
        const envelope = throughJson(toEnvelope(original)) as unknown as Envelope; // made by toEnvelope
        expect(toRecord(envelope)).toEqual(JSON.parse(JSON.stringify(original)));
      }),
    );
  });

  it("validates to its own document and state, so that what was read can be written back", () => {
    FastCheck.assert(
      FastCheck.property(record, (original) => {
        const envelope = {
          ...throughJson(toEnvelope(original)),
          relations: [{ type: "ownedBy", targetRef: "group:a/b" }],
        };
        const valid = Either.getOrThrow(Validation.validate(envelope));
        expect(valid.document).toEqual(JSON.parse(JSON.stringify(original.document)));
        expect(valid.state).toBe(original.state);
      }),
    );
  });
});
