import { describe, expect, it } from "@effect/vitest";
import * as Arbitrary from "effect/Arbitrary";
import * as Either from "effect/Either";
import * as FastCheck from "effect/FastCheck";
import { EntityUid } from "../src/Entity.ts";
import * as EntityQuery from "../src/EntityQuery.ts";

describe("a cursor", () => {
  const order = FastCheck.record({ field: Arbitrary.make(EntityQuery.SortField), descending: FastCheck.boolean() });
  const cursor = FastCheck.record({
    value: FastCheck.oneof(FastCheck.fullUnicodeString(), FastCheck.integer(), FastCheck.constant(null)),
    uid: Arbitrary.make(EntityUid),
  });

  it("comes back from its token in its own order, and in no other", () => {
    FastCheck.assert(
      FastCheck.property(order, order, cursor, (one, other, value) => {
        const token = EntityQuery.encodeCursor(one, value);
        expect(EntityQuery.decodeCursor(one, token)).toEqual(Either.right(value));
        const same = one.field === other.field && one.descending === other.descending;
        expect(Either.isRight(EntityQuery.decodeCursor(other, token))).toBe(same);
      }),
    );
  });

  it("is refused in a sentence when it is anything else", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.oneof(
          FastCheck.string(),
          FastCheck.base64String(),
          FastCheck.json().map((text) => Buffer.from(text).toString("base64url")),
        ),
        (token) => {
          const decoded = EntityQuery.decodeCursor({ field: "name", descending: false }, token);
          expect(decoded).toEqual(
            Either.left("is not a cursor that this catalog gave out: use nextCursor of the page before, unchanged"),
          );
        },
      ),
    );
  });
});
