/**
 * The calls of the declaration as functions. What a call takes and gives, and what it can fail with, is the declaration's.
 */
import { Api } from "@cadastre/api/Api";
import { DOMAIN, type DomainError } from "@cadastre/api/Problem";
import type { InvalidInput } from "@cadastre/domain/Errors";
import * as HttpApi from "@effect/platform/HttpApi";
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import * as HttpApiSchema from "@effect/platform/HttpApiSchema";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import type * as Brand from "effect/Brand";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import * as AST from "effect/SchemaAST";
import type { Simplify } from "effect/Types";
import type { Exchange } from "../Exchange.ts";
import { type Failure, UnexpectedAnswer, type Unreachable } from "../Failures.ts";
import { decoder, encoder, writer } from "./parts.ts";

/** One member a group of the declaration, with one function a call. */
export type Calls = {
  readonly [Group in Groups as HttpApiGroup.HttpApiGroup.Name<Group>]: GroupCalls<Group>;
};

type Groups = Api extends HttpApi.HttpApi<string, infer Groups, infer _E, infer _R> ? Groups : never;

type GroupCalls<Group> =
  Group extends HttpApiGroup.HttpApiGroup<infer Name, infer Endpoints, infer GroupError, infer _R, infer _T>
    ? {
        readonly [Endpoint in Endpoints as Exclude<
          HttpApiEndpoint.HttpApiEndpoint.Name<Endpoint>,
          Name extends keyof Streamed ? Streamed[Name] : never
        >]: Call<Endpoint, GroupError>;
      }
    : never;

/** What does not end with one answer: `CadastreClient` has streams for it. */
interface Streamed {
  readonly batches: "apply";
  readonly events: "stream";
}

type Call<Endpoint, GroupError> =
  Endpoint extends HttpApiEndpoint.HttpApiEndpoint<
    infer _Name,
    infer _Method,
    infer Path,
    infer Query,
    infer Payload,
    infer Headers,
    infer Success,
    infer Error,
    infer _R,
    infer _RE
  >
    ? (
        ...given: Given<Simplify<Unbranded<Path> & Omitted<Query> & Members<Headers> & Body<Payload>>>
      ) => Effect.Effect<
        Success,
        Extract<Error | GroupError, DomainError> | InvalidInput | Unreachable | UnexpectedAnswer
      >
    : never;

/** The request, which may be left out where it has to hold nothing. */
export type Given<Request> =
  Partial<Request> extends Request ? readonly [request?: Request] : readonly [request: Request];

type Members<A> = [A] extends [never] ? unknown : A;

/** Ids are texts for whoever calls; the catalog says if one is none. */
type Unbranded<A> = [A] extends [never] ? unknown : { readonly [K in keyof A]: Brand.Brand.Unbranded<A[K]> };

/** Without `fields`: what came would be no whole entities. */
type Omitted<Query> = [Query] extends [never] ? unknown : Omit<Query, "fields">;

type Body<Payload> = [Payload] extends [never] ? unknown : { readonly payload: Payload };

type Write = ReturnType<typeof writer>;

type Request = { readonly [name: string]: unknown };

export const make = (exchange: Exchange): Calls => {
  const calls: Record<string, Record<string, (request?: Request) => Effect.Effect<unknown, Failure>>> = {};
  HttpApi.reflect(Api, {
    onGroup: ({ group }) => {
      calls[group.identifier] = {};
    },
    onEndpoint: ({ group, endpoint, payloads, successes, errors }) => {
      const [path, query, headers] = [endpoint.pathSchema, endpoint.urlParamsSchema, endpoint.headersSchema].map(
        Option.match({ onNone: () => () => Effect.succeed({}), onSome: writer }),
      ) as [Write, Write, Write];
      const [contentType = "", body] = [...payloads].find(([, { encoding }]) => encoding.kind === "Json") ?? [];
      const payload = body === undefined ? undefined : encoder(Schema.make(body.ast));
      const read = reader(asts(successes));
      const isDeclared = Schema.is(Schema.Union(...asts(errors).map((ast) => Schema.make(AST.typeAST(ast)))));
      const call = (given: Request = {}) =>
        Effect.gen(function* () {
          const places = yield* path(given);
          let request = HttpClientRequest.make(endpoint.method)(
            endpoint.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(places[name]))),
          ).pipe(
            HttpClientRequest.setUrlParams(yield* query(given)),
            HttpClientRequest.setHeaders(yield* headers(given)),
          );
          if (payload !== undefined) {
            const encoded = yield* payload(given["payload"]);
            request = HttpClientRequest.bodyText(request, JSON.stringify(encoded), contentType);
          }
          return yield* read(yield* exchange.text(request));
        }).pipe(Effect.mapError((error) => (isOwn(error) || isDeclared(error) ? error : undeclared(error))));
      Object.assign(calls[group.identifier] ?? {}, { [endpoint.name]: call });
    },
  });
  // Built from the same declaration as the type.
  return calls as unknown as Calls;
};

const asts = (answers: ReadonlyMap<number, { readonly ast: Option.Option<AST.AST> }>): ReadonlyArray<AST.AST> =>
  [...answers.values()].flatMap(({ ast }) => Option.toArray(ast));

/** What any call may end with. */
const isOwn = (error: Failure): error is InvalidInput | Unreachable | UnexpectedAnswer =>
  error._tag === "InvalidInput" || error._tag === "Unreachable" || error._tag === "UnexpectedAnswer";

/** Of several schemas the first is taken: they differ in status only. */
const reader = ([ast]: ReadonlyArray<AST.AST>): ((text: string) => Effect.Effect<unknown, UnexpectedAnswer>) => {
  if (ast === undefined) return () => Effect.void;
  return HttpApiSchema.getEncoding(ast).kind === "Text" ? Effect.succeed : decoder(Schema.make(ast));
};

const undeclared = (error: DomainError): UnexpectedAnswer =>
  new UnexpectedAnswer({ message: error.message, status: DOMAIN[error._tag].status });
