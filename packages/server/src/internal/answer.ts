/**
 * What is sent back: plain data, so that handlers need not know of sockets.
 */
import {
  DOMAIN,
  type DomainError,
  type Occurrence,
  ofDomain,
  ofTransport,
  PROBLEM_TYPE,
  TRANSPORT,
  type TransportFailure,
} from "@cadastre/api/Problem";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Data from "effect/Data";
import type * as Stream from "effect/Stream";

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> };
  /** Text, or lines that are sent as they come; undefined: no body. */
  readonly body: string | Stream.Stream<string, StoreUnavailable> | undefined;
}

/** A failure of the exchange itself, with the headers that its answer needs. */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly failure: TransportFailure;
  readonly detail: string;
  readonly headers?: { readonly [name: string]: string };
}> {}

export type Failure = DomainError | Refusal;

export const text = (contentType: string, body: string, status = 200, headers: Answer["headers"] = {}): Answer => ({
  status,
  headers: { "content-type": contentType, ...headers },
  body,
});

/** JSON that is text already. */
export const json = (body: string, status = 200, headers: Answer["headers"] = {}): Answer =>
  text("application/json", body, status, headers);

export const noContent: Answer = { status: 204, headers: {}, body: undefined };

export const problem = (failure: Failure, occurrence: Occurrence): Answer =>
  failure._tag === "Refusal"
    ? document(ofTransport(failure.failure, failure.detail, occurrence), {
        ...RETRY[TRANSPORT[failure.failure].status],
        ...failure.headers,
      })
    : document(
        ofDomain(failure, occurrence),
        failure._tag === "Unauthenticated"
          ? { "www-authenticate": 'Bearer realm="cadastre"' }
          : RETRY[DOMAIN[failure._tag].status],
      );

/** Seconds; short, because what makes the store or the server busy passes quickly. */
const RETRY: { readonly [status: number]: { readonly [name: string]: string } } = { 503: { "retry-after": "1" } };

const document = (body: ReturnType<typeof ofDomain>, headers: Answer["headers"] = {}): Answer =>
  text(PROBLEM_TYPE, JSON.stringify(body), body.status, headers);
