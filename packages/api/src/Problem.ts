/**
 * Problem documents (RFC 9457): how every failure looks on the wire, and the one table from failure to status and code.
 */

import {
  AlreadyExists,
  HasDependencies,
  IdentityUnavailable,
  InvalidInput,
  ManagedElsewhere,
  NotFound,
  PayloadTooLarge,
  PermissionDenied,
  RevisionConflict,
  SecretsUnavailable,
  StoreUnavailable,
  Unauthenticated,
  WrongState,
} from "@cadastre/domain/Errors";
import { Fault } from "@cadastre/domain/Fault";
import { Scope } from "@cadastre/domain/Principal";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as Either from "effect/Either";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import { Integer, optional } from "./Parameters.ts";

export type DomainError =
  | NotFound
  | AlreadyExists
  | HasDependencies
  | RevisionConflict
  | ManagedElsewhere
  | WrongState
  | InvalidInput
  | Unauthenticated
  | PermissionDenied
  | PayloadTooLarge
  | StoreUnavailable
  | SecretsUnavailable
  | IdentityUnavailable;

interface Row {
  readonly status: number;
  readonly code: string;
  readonly title: string;
}

/** The one place that knows which domain error has which status. */
export const DOMAIN = {
  InvalidInput: { status: 400, code: "invalid-input", title: "The input cannot be used" },
  Unauthenticated: { status: 401, code: "unauthenticated", title: "Credentials are missing or not valid" },
  PermissionDenied: { status: 403, code: "permission-denied", title: "The token lacks a scope" },
  NotFound: { status: 404, code: "not-found", title: "Not registered" },
  AlreadyExists: { status: 409, code: "already-exists", title: "The reference is taken" },
  HasDependencies: { status: 409, code: "has-dependencies", title: "Other entities depend on it" },
  ManagedElsewhere: { status: 409, code: "managed-elsewhere", title: "Kept by a managed source" },
  WrongState: { status: 409, code: "wrong-state", title: "Not in a state that allows it" },
  RevisionConflict: { status: 412, code: "revision-conflict", title: "At another revision" },
  PayloadTooLarge: { status: 413, code: "payload-too-large", title: "The body is too large" },
  StoreUnavailable: { status: 503, code: "store-unavailable", title: "The store does not answer" },
  SecretsUnavailable: { status: 503, code: "secrets-unavailable", title: "Secrets cannot be sealed or opened" },
  IdentityUnavailable: { status: 503, code: "identity-unavailable", title: "The token cannot be checked" },
} as const satisfies { readonly [Tag in DomainError["_tag"]]: Row };

/** Failures of the exchange itself, before or beside any use case. */
export const TRANSPORT = {
  BadRequest: { status: 400, code: "bad-request", title: "Not a request that HTTP allows" },
  HostRefused: { status: 403, code: "host-refused", title: "Not addressed to this server" },
  RouteUnknown: { status: 404, code: "route-unknown", title: "There is nothing at this path" },
  MethodNotAllowed: { status: 405, code: "method-not-allowed", title: "The path does not take this method" },
  RequestTimeout: { status: 408, code: "request-timeout", title: "The request did not arrive in time" },
  UnsupportedMediaType: {
    status: 415,
    code: "unsupported-media-type",
    title: "The path does not take this content type",
  },
  ExpectationFailed: { status: 417, code: "expectation-failed", title: "The expectation cannot be met" },
  HeadersTooLarge: { status: 431, code: "headers-too-large", title: "The header is too large" },
  RateLimited: { status: 429, code: "rate-limited", title: "Too many requests" },
  Internal: { status: 500, code: "internal", title: "A fault of the server" },
  Timeout: { status: 503, code: "timeout", title: "The answer took too long" },
  TooManyStreams: { status: 503, code: "too-many-streams", title: "Too many clients follow the feed" },
  Overloaded: { status: 503, code: "overloaded", title: "More requests than can be served" },
} as const satisfies { readonly [Name in string]: Row };

export type TransportFailure = keyof typeof TRANSPORT;

/** Every stable code with its status and title, in the order of the statuses. */
export const CODES = [...Object.values(DOMAIN), ...Object.values(TRANSPORT)].sort((a, b) => a.status - b.status);

const maybe = <A, I>(schema: Schema.Schema<A, I>, description: string) => optional(schema.annotations({ description }));

export const Problem = Schema.Struct({
  type: Schema.String.annotations({
    description: "Where this kind of problem is described.",
    examples: ["/docs#not-found"],
  }),
  title: Schema.String.annotations({ description: "What kind of problem this is; the same for each of its code." }),
  status: Integer.annotations({ description: "The HTTP status." }),
  code: Schema.String.annotations({
    description: `Stable name of the kind, for programs: ${CODES.map((row) => `\`${row.code}\``).join(", ")}.`,
    examples: ["not-found"],
  }),
  detail: Schema.String.annotations({ description: "What is wrong this time, and how to mend it." }),
  instance: maybe(Schema.String, "The path that was asked for."),
  requestId: Schema.String.annotations({
    description: "The same as in the header `X-Request-Id` and in the server's log.",
  }),
  errors: maybe(Schema.Array(Fault), "`invalid-input`: every fault, not only the first."),
  reference: maybe(Schema.String, "`already-exists`: the reference that is taken."),
  dependents: maybe(Schema.Array(Schema.String), "`has-dependencies`: references of up to 100 dependents."),
  total: maybe(Integer, "`has-dependencies`: how many dependents there are."),
  current: maybe(Integer, "`revision-conflict`: the revision in force, where it is known."),
  managedBy: maybe(Schema.String, "`managed-elsewhere`: the source that keeps the entity."),
  state: maybe(Schema.String, "`wrong-state`: the state that it is in."),
  scope: maybe(Scope, "`permission-denied`: the scope that the call needs."),
  limit: maybe(Integer, "`payload-too-large`: the most that is taken, in bytes."),
}).annotations({
  identifier: "Problem",
  description: "A failure, as RFC 9457 (`application/problem+json`) describes it.",
});

export interface Problem extends Schema.Schema.Type<typeof Problem> {}

export const PROBLEM_TYPE = "application/problem+json";

/** What a problem document tells of the call it answers. */
export interface Occurrence {
  readonly requestId: string;
  readonly instance?: string;
}

export const ofDomain = (error: DomainError, occurrence: Occurrence): Problem => ({
  ...frame(DOMAIN[error._tag], error.message, occurrence),
  ...extras(error),
});

export const ofTransport = (failure: TransportFailure, detail: string, occurrence: Occurrence): Problem =>
  frame(TRANSPORT[failure], detail, occurrence);

/** The domain error that a problem document stands for. Left: the problem, if it is none of the domain's. */
export const toDomain = (problem: Problem): Either.Either<DomainError, Problem> => {
  const message = problem.detail;
  switch (problem.code) {
    case DOMAIN.InvalidInput.code:
      return Either.right(new InvalidInput({ message, faults: problem.errors ?? [] }));
    case DOMAIN.Unauthenticated.code:
      return Either.right(new Unauthenticated({ message }));
    case DOMAIN.PermissionDenied.code:
      return problem.scope === undefined
        ? Either.left(problem)
        : Either.right(new PermissionDenied({ message, scope: problem.scope }));
    case DOMAIN.NotFound.code:
      return Either.right(new NotFound({ message }));
    case DOMAIN.AlreadyExists.code:
      return Either.right(new AlreadyExists({ message, reference: problem.reference ?? "" }));
    case DOMAIN.HasDependencies.code: {
      const dependents = problem.dependents ?? [];
      return Either.right(new HasDependencies({ message, dependents, total: problem.total ?? dependents.length }));
    }
    case DOMAIN.ManagedElsewhere.code:
      return Either.right(new ManagedElsewhere({ message, managedBy: problem.managedBy ?? "" }));
    case DOMAIN.WrongState.code:
      return Either.right(new WrongState({ message, state: problem.state ?? "" }));
    case DOMAIN.RevisionConflict.code:
      return Either.right(
        new RevisionConflict(problem.current === undefined ? { message } : { message, current: problem.current }),
      );
    case DOMAIN.PayloadTooLarge.code:
      return Either.right(new PayloadTooLarge({ message, limit: problem.limit ?? 0 }));
    case DOMAIN.StoreUnavailable.code:
      return Either.right(new StoreUnavailable({ message }));
    case DOMAIN.SecretsUnavailable.code:
      return Either.right(new SecretsUnavailable({ message }));
    case DOMAIN.IdentityUnavailable.code:
      return Either.right(new IdentityUnavailable({ message }));
    default:
      return Either.left(problem);
  }
};

/** The schema by which an endpoint declares a domain error: a problem document on the wire, the error's class in clients. */
export const wire = <Tag extends DomainError["_tag"], E extends DomainError & { readonly _tag: Tag }, I>(
  error: Schema.Schema<E, I> & { readonly _tag: Tag },
): Schema.Schema<E, typeof Problem.Encoded> => {
  const { status, code } = DOMAIN[error._tag];
  const isError = Schema.is(error);
  return Schema.transformOrFail(Problem, Schema.typeSchema(error), {
    strict: true,
    decode: (problem, _, ast) => {
      const decoded = Either.getOrUndefined(toDomain(problem));
      return isError(decoded)
        ? ParseResult.succeed(decoded)
        : ParseResult.fail(new ParseResult.Type(ast, problem, `not a problem of code ${code}`));
    },
    encode: (value) => ParseResult.succeed(ofDomain(value, { requestId: "" })),
  }).pipe(
    HttpApiSchema.withEncoding({ kind: "Json", contentType: PROBLEM_TYPE }),
    Schema.annotations(HttpApiSchema.annotations({ status, description: `\`${code}\`` })),
  );
};

const frame = ({ status, code, title }: Row, detail: string, { requestId, instance }: Occurrence): Problem => ({
  type: `/docs#${code}`,
  title,
  status,
  code,
  detail,
  ...(instance === undefined ? {} : { instance }),
  requestId,
});

const extras = (error: DomainError): Partial<Problem> => {
  switch (error._tag) {
    case "InvalidInput":
      return { errors: error.faults };
    case "PermissionDenied":
      return { scope: error.scope };
    case "AlreadyExists":
      return { reference: error.reference };
    case "HasDependencies":
      return { dependents: error.dependents, total: error.total };
    case "ManagedElsewhere":
      return { managedBy: error.managedBy };
    case "WrongState":
      return { state: error.state };
    case "RevisionConflict":
      return error.current === undefined ? {} : { current: error.current };
    case "PayloadTooLarge":
      return { limit: error.limit };
    case "NotFound":
    case "Unauthenticated":
    case "StoreUnavailable":
    case "SecretsUnavailable":
    case "IdentityUnavailable":
      return {};
  }
};
