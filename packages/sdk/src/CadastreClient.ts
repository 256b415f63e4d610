/**
 * The catalog as an Effect service: every call of the interface, lists as streams, the change feed, batches.
 *
 * The calls come from the declaration (`@cadastre/api/Api`): `client.entities.get({ uid })` takes the members of path, query
 * and headers in one object, the body as `payload`. What fails comes back as the domain's error classes, as `Unreachable` if
 * no answer came, or as `UnexpectedAnswer` if it is none that the declaration has.
 */
import type { BatchOptions } from "@cadastre/domain/Batch";
import type * as HttpClient from "@effect/platform/HttpClient";
import * as Chunk from "effect/Chunk";
import * as Config from "effect/Config";
import type * as ConfigError from "effect/ConfigError";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import * as Stream from "effect/Stream";
import * as Batch from "./Batch.ts";
import * as Exchange from "./Exchange.ts";
import type { Failure } from "./Failures.ts";
import * as Feed from "./Feed.ts";
import * as Calls from "./internal/calls.ts";

export type Options = Exchange.Options;

type Call = (...given: never) => Effect.Effect<unknown, unknown>;

type Failing<C extends Call> = Effect.Effect.Error<ReturnType<C>>;

type Asking<C extends Call, Cursor extends string> = Omit<NonNullable<Parameters<C>[0]>, Cursor>;

type Item<C extends Call> =
  Effect.Effect.Success<ReturnType<C>> extends { readonly items: ReadonlyArray<infer A> } ? A : never;

/** Every page of a list, each fetched when the one before has been taken; `limit` is the size of a page. */
type All<C extends Call, Cursor extends string> = (
  ...given: Calls.Given<Asking<C, Cursor>>
) => Stream.Stream<Item<C>, Failing<C>>;

export interface Client
  extends Omit<Calls.Calls, "entities" | "histories" | "deliveries" | "jobs" | "events" | "batches"> {
  readonly entities: Calls.Calls["entities"] & { readonly all: All<Calls.Calls["entities"]["list"], "cursor"> };
  readonly histories: Calls.Calls["histories"] & { readonly all: All<Calls.Calls["histories"]["list"], "before"> };
  readonly deliveries: Calls.Calls["deliveries"] & { readonly all: All<Calls.Calls["deliveries"]["list"], "cursor"> };
  readonly jobs: Calls.Calls["jobs"] & { readonly all: All<Calls.Calls["jobs"]["list"], "before"> };
  readonly events: Calls.Calls["events"] & {
    /** Changes as they happen, each once and in order, for ever: {@link Feed.follow}, less the steps that bring none. */
    readonly stream: (query?: Feed.Query) => Stream.Stream<Feed.ChangeEvent, Failure>;
    /** The same with the place in the feed after each step, also where nothing was to be shown: for who keeps it. */
    readonly follow: (query?: Feed.Query) => Stream.Stream<Feed.Following, Failure>;
  };
  readonly batches: {
    /** Applies many documents, and tells what became of each. An array is sent at once; a stream as it comes, which browsers do not do. */
    readonly apply: <E = never, R = never>(
      documents: ReadonlyArray<Batch.Document> | Stream.Stream<Batch.Document, E, R>,
      options?: Partial<BatchOptions>,
    ) => Stream.Stream<Batch.Result, E | Failure, R>;
  };
}

export class CadastreClient extends Context.Tag("@cadastre/sdk/CadastreClient")<CadastreClient, Client>() {}

export const make = (options: Options): Effect.Effect<Client, never, HttpClient.HttpClient> =>
  Effect.map(Exchange.make(options), (exchange) => {
    const calls = Calls.make(exchange);
    const { entities, histories, deliveries, jobs, events } = calls;
    return CadastreClient.of({
      ...calls,
      entities: { ...entities, all: (query) => paged((more) => entities.list({ ...query, ...more }), byCursor) },
      histories: { ...histories, all: (query) => paged((more) => histories.list({ ...query, ...more }), byPlace) },
      deliveries: { ...deliveries, all: (query) => paged((more) => deliveries.list({ ...query, ...more }), byCursor) },
      jobs: { ...jobs, all: (query) => paged((more) => jobs.list({ ...query, ...more }), byPlace) },
      events: {
        ...events,
        stream: (query) => Stream.filterMap(Feed.follow(exchange, query), ({ event }) => Option.fromNullable(event)),
        follow: (query) => Feed.follow(exchange, query),
      },
      batches: { apply: (documents, options) => Batch.apply(exchange, documents, options) },
    });
  });

/** Over any HTTP client: `FetchHttpClient.layer` of `@effect/platform` runs anywhere. */
export const layer = (options: Options): Layer.Layer<CadastreClient, never, HttpClient.HttpClient> =>
  Layer.effect(CadastreClient, make(options));

/** {@link layer} with its options from the configuration; where none are given, from `CADASTRE_URL` and `CADASTRE_TOKEN`. */
export const layerConfig = (
  config: Config.Config.Wrap<{ readonly url: string; readonly token?: Redacted.Redacted }> = {
    url: Config.string("CADASTRE_URL"),
    token: Config.redacted("CADASTRE_TOKEN"),
  },
): Layer.Layer<CadastreClient, ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(CadastreClient, Effect.flatMap(Config.unwrap(config), make));

/** What asks for the page after this one; undefined: it is the last. */
const byCursor = <C>({ nextCursor }: { readonly nextCursor?: C | undefined }) =>
  nextCursor === undefined ? undefined : { cursor: nextCursor };

const byPlace = <P>({ next }: { readonly next?: P | undefined }) => (next === undefined ? undefined : { before: next });

const paged = <A, P extends { readonly items: ReadonlyArray<A> }, More extends object, E>(
  ask: (more: More | undefined) => Effect.Effect<P, E>,
  next: (page: P) => More | undefined,
): Stream.Stream<P["items"][number], E> =>
  Stream.paginateChunkEffect(undefined as More | undefined, (more) =>
    Effect.map(ask(more), (page) => [Chunk.unsafeFromArray(page.items), Option.fromNullable(next(page))]),
  );
