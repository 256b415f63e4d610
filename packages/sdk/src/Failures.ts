/**
 * What a call can end with beside the domain's errors, which come back as their own classes (`@cadastre/domain/Errors`).
 */
import type { DomainError, Problem } from "@cadastre/api/Problem";
import * as Data from "effect/Data";

/** No whole answer came: nothing listens there, the exchange was broken off, or it took too long. */
export class Unreachable extends Data.TaggedError("Unreachable")<{
  readonly message: string;
  readonly reason: "transport" | "timeout";
  /** What the HTTP client says of it, if anything. */
  readonly cause?: unknown;
}> {}

/** An answer that the declaration does not have: a fault of the server, of a proxy before it, or of another version. */
export class UnexpectedAnswer extends Data.TaggedError("UnexpectedAnswer")<{
  readonly message: string;
  /** The HTTP status. */
  readonly status: number;
  /** If it was a problem document: its `code` and `requestId` are what to ask the operator with. */
  readonly problem?: Problem;
}> {}

/** A call, in general. */
export type Failure = DomainError | Unreachable | UnexpectedAnswer;
