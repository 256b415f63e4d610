/**
 * The declared endpoints and their handlers, joined by name: the compiler refuses a declared endpoint without a handler
 * and a handler without a declaration.
 *
 * The declaration is interpreted here rather than by the platform's HttpApiBuilder: one fiber and one small context a
 * request, no second URL, no schema run over a stored document. That is worth a factor of two on the hot routes.
 */
import { Api } from "@cadastre/api/Api";
import { type Access, accessOf } from "@cadastre/api/Authorization";
import type { InvalidInput, PayloadTooLarge } from "@cadastre/domain/Errors";
import type { Caller, Via } from "@cadastre/domain/Principal";
import * as HttpApi from "@effect/platform/HttpApi";
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint";
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup";
import type * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type * as Stream from "effect/Stream";
import type { Answer, Failure, Refusal } from "./internal/answer.ts";
import * as Parameters from "./internal/parameters.ts";
import * as Router from "./internal/router.ts";

type Groups = Api["groups"][string];

type GroupName = HttpApiGroup.HttpApiGroup.Name<Groups>;

type Endpoints<Group extends GroupName> = HttpApiGroup.HttpApiGroup.EndpointsWithName<Groups, Group>;

type EndpointName<Group extends GroupName> = HttpApiEndpoint.HttpApiEndpoint.Name<Endpoints<Group>>;

/** One declared endpoint, by its name: `Endpoint<"entities", "get">`. */
export type Endpoint<
  Group extends GroupName,
  Name extends EndpointName<Group>,
> = HttpApiEndpoint.HttpApiEndpoint.WithName<Endpoints<Group>, Name>;

/** The body of a request; each is to be read once at the most. */
export interface Body {
  /** The content type without parameters, one of those that the endpoint declares. */
  readonly mediaType: string;
  /** As text of at most the server's limit. */
  readonly text: Effect.Effect<string, PayloadTooLarge | InvalidInput>;
  /** As JSON of at most the server's limit, duplicate keys refused. */
  readonly json: Effect.Effect<unknown, PayloadTooLarge | InvalidInput>;
  /** As it arrives, without a limit. */
  readonly bytes: Stream.Stream<Uint8Array, Refusal>;
}

/** What a handler gets: the parameters as the declaration types them. */
export interface Call<E extends HttpApiEndpoint.HttpApiEndpoint.Any> {
  readonly path: HttpApiEndpoint.HttpApiEndpoint.PathParsed<E>;
  readonly query: HttpApiEndpoint.HttpApiEndpoint.UrlParams<E>;
  readonly headers: HttpApiEndpoint.HttpApiEndpoint.Headers<E>;
  readonly body: Body;
}

/** Translates a call into a use case, and its result into an answer. */
type Handler<E extends HttpApiEndpoint.HttpApiEndpoint.Any, R = never> = (
  call: Call<E>,
) => Effect.Effect<Answer, Failure, Caller | R>;

/** The endpoints whose body or answer is a stream, however long it takes. */
const STREAMED = ["batches.apply", "events.stream"] as const;

/** Only a streamed request may hold on to something for as long as its answer is being sent. */
type Streamed<Name extends string> = Name extends (typeof STREAMED)[number] ? Scope.Scope : never;

export type GroupHandlers<Group extends GroupName> = {
  readonly [Name in EndpointName<Group>]: Handler<Endpoint<Group, Name>, Streamed<`${Group}.${Name}`>>;
};

export type Handlers = { readonly [Group in GroupName]: GroupHandlers<Group> };

/** An endpoint, ready to be called. */
export interface Route {
  /** The pattern, for the log: `/v1/entities/:uid`. */
  readonly path: string;
  /** The door that calls of it come in by. */
  readonly via: Via;
  /** What its declaration says that a caller needs. The use cases say it too: of the two the stricter holds. */
  readonly access: Access;
  /** Content types that the body may have; empty: there is none. */
  readonly mediaTypes: ReadonlyArray<string>;
  /** True for {@link STREAMED}: then the time for the whole request is not limited. */
  readonly streamed: boolean;
  readonly readPath: ReturnType<typeof Parameters.path>;
  readonly readQuery: ReturnType<typeof Parameters.query>;
  readonly readHeaders: ReturnType<typeof Parameters.headers>;
  readonly handler: Handler<HttpApiEndpoint.HttpApiEndpoint.AnyWithProps, Scope.Scope>;
}

/** A route and where it is found. */
export interface Placed {
  readonly method: string;
  readonly path: string;
  readonly value: Route;
}

/** `others` are those that the declaration does not speak of. */
export const router = (handlers: Handlers, others: ReadonlyArray<Placed>): Router.Router<Route> => {
  const routes: Array<Placed> = [...others];
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: (declared) => {
      const { group, endpoint, payloads } = declared;
      const mediaTypes = [...payloads.keys()];
      // `Handlers` has a handler for every name of the declaration that is walked here, typed for its own parameters.
      const ofGroup: object = handlers[group.identifier as GroupName];
      const handler = (ofGroup as { readonly [name: string]: Route["handler"] })[endpoint.name] as Route["handler"];
      routes.push({
        method: endpoint.method,
        path: endpoint.path,
        value: {
          path: endpoint.path,
          via: "rest",
          access: accessOf(declared),
          mediaTypes,
          streamed: STREAMED.some((name) => name === `${group.identifier}.${endpoint.name}`),
          readPath: atFirstUse(() => Parameters.path(endpoint.pathSchema)),
          readQuery: atFirstUse(() => Parameters.query(endpoint.urlParamsSchema)),
          readHeaders: atFirstUse(() => Parameters.headers(endpoint.headersSchema, endpoint.method)),
          handler,
        },
      });
    },
  });
  return Router.make(routes);
};

/** Compiling all schemas takes a twentieth of the start. */
const atFirstUse = <Input>(make: () => Parameters.Reader<Input>): Parameters.Reader<Input> => {
  let reader: Parameters.Reader<Input> | undefined;
  return (input) => {
    reader ??= make();
    return reader(input);
  };
};
