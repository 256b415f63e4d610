import {
  AlreadyExists,
  HasDependencies,
  InvalidInput,
  ManagedElsewhere,
  NotFound,
  PayloadTooLarge,
  PermissionDenied,
  RevisionConflict,
  StoreUnavailable,
  Unauthenticated,
} from "@cadastre/domain/Errors";
import { describe, expect, it } from "@effect/vitest";
import * as Either from "effect/Either";
import * as Schema from "effect/Schema";
import { CODES, type DomainError, ofDomain, ofTransport, Problem, toDomain } from "../src/Problem.ts";

const message = "what is wrong";

/** One of each, and the status that the contract gives it. */
const table: ReadonlyArray<readonly [DomainError, number]> = [
  [new InvalidInput({ message, faults: [{ path: "/metadata/name", message: "is missing" }] }), 400],
  [new Unauthenticated({ message }), 401],
  [new PermissionDenied({ message, scope: "catalog:write" }), 403],
  [new NotFound({ message }), 404],
  [new AlreadyExists({ message, reference: "component:default/payments" }), 409],
  [new HasDependencies({ message, dependents: ["component:default/a"], total: 120 }), 409],
  [new ManagedElsewhere({ message, managedBy: "git" }), 409],
  [new RevisionConflict({ message, current: 7 }), 412],
  [new RevisionConflict({ message }), 412],
  [new PayloadTooLarge({ message, limit: 10 }), 413],
  [new StoreUnavailable({ message }), 503],
];

const overTheWire = (problem: Problem): Problem =>
  Schema.decodeUnknownSync(Problem, { onExcessProperty: "error" })(JSON.parse(JSON.stringify(problem)));

describe("problem documents", () => {
  it.each(table.map(([error, status]) => [error._tag, error, status] as const))(
    "%s has its status and comes back as the same error",
    (_, error, status) => {
      const problem = overTheWire(ofDomain(error, { requestId: "r-1", instance: "/v1/entities" }));
      expect(problem).toMatchObject({ status, detail: message, requestId: "r-1", instance: "/v1/entities" });
      expect(toDomain(problem)).toEqual(Either.right(error));
    },
  );

  it("never tell the cause of a store's failure", () => {
    const error = new StoreUnavailable({ message, cause: new Error("password=hunter2") });
    expect(JSON.stringify(ofDomain(error, { requestId: "r-1" }))).not.toContain("hunter2");
  });

  it("that are none of the domain's stay problems", () => {
    const problem = overTheWire(ofTransport("RouteUnknown", "nothing there", { requestId: "r-1" }));
    expect(toDomain(problem)).toEqual(Either.left(problem));
  });

  it("have codes that are different and written alike", () => {
    const codes = CODES.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});
