/**
 * What the daemon's clients ask of the catalog as a whole, and of an entity's place and past. Answers pass as JSON, undecoded.
 */
import type { ChangeEvent, EventPage, EventQuery, EventStreamQuery } from "@cadastre/api/Events";
import type { FacetQuery, FacetReport } from "@cadastre/api/Facets";
import type { Graph, GraphPath, GraphPathQuery, GraphQuery } from "@cadastre/api/Graphs";
import type { HistoryPage, HistoryQuery } from "@cadastre/api/Histories";
import type { Job, JobListQuery, JobPage } from "@cadastre/api/Jobs";
import * as EventStream from "@cadastre/sdk/EventStream";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Stream from "effect/Stream";
import { Connection, type Query } from "./Connection.ts";
import type * as Failure from "./Failure.ts";

export type Change = (typeof HistoryPage.Type)["items"][number];

export class Questions extends Context.Tag("@cadastre/cli/Questions")<
  Questions,
  {
    readonly facets: (query: Query<typeof FacetQuery.Encoded>) => Effect.Effect<typeof FacetReport.Type, Failure.Any>;
    readonly graph: (
      uid: string,
      query: Query<typeof GraphQuery.Encoded>,
    ) => Effect.Effect<typeof Graph.Type, Failure.Any>;
    /** `NotFound`: there is no way. */
    readonly path: (
      uid: string,
      query: Query<typeof GraphPathQuery.Encoded>,
    ) => Effect.Effect<typeof GraphPath.Type, Failure.Any>;
    readonly history: (
      uid: string,
      query: Query<typeof HistoryQuery.Encoded>,
    ) => Effect.Effect<typeof HistoryPage.Type, Failure.Any>;
    readonly events: (query: Query<typeof EventQuery.Encoded>) => Effect.Effect<typeof EventPage.Type, Failure.Any>;
    readonly jobs: (query: Query<typeof JobListQuery.Encoded>) => Effect.Effect<typeof JobPage.Encoded, Failure.Any>;
    readonly job: (id: number) => Effect.Effect<typeof Job.Encoded, Failure.Any>;
    readonly moveJob: (id: number, how: "retry" | "discard") => Effect.Effect<typeof Job.Encoded, Failure.Any>;
    /**
     * Changes as they happen, and the places in the feed between them. Ends when the daemon ends it; fails if nothing,
     * not even a heartbeat, has come for a while.
     */
    readonly follow: (
      query: Query<typeof EventStreamQuery.Encoded>,
      lastEventId: string | undefined,
    ) => Stream.Stream<Following, Failure.Any>;
  }
>() {}

/** Each moves the cursor; most bring a change. */
export interface Following {
  readonly cursor: string | undefined;
  readonly event: typeof ChangeEvent.Type | undefined;
}

export const layer: Layer.Layer<Questions, never, Connection> = Layer.effect(
  Questions,
  Effect.map(Connection, ({ text, read }) => {
    /** The answer is the daemon's own, of the type that the declaration gives. */
    const ask =
      <A>() =>
      (path: string, query: { readonly [name: string]: string | ReadonlyArray<string> | undefined }) =>
        Effect.map(text(HttpClientRequest.get(path, { urlParams: query })), (it) => JSON.parse(it) as A);
    const about = (uid: string, what: string) => `/v1/entities/${encodeURIComponent(uid)}/${what}`;

    return Questions.of({
      facets: (query) => ask<typeof FacetReport.Type>()("/v1/facets", query),
      graph: (uid, query) => ask<typeof Graph.Type>()(about(uid, "graph"), query),
      path: (uid, query) => ask<typeof GraphPath.Type>()(about(uid, "path"), query),
      history: (uid, query) => ask<typeof HistoryPage.Type>()(about(uid, "history"), query),
      events: (query) => ask<typeof EventPage.Type>()("/v1/events", query),
      jobs: (query) => ask<typeof JobPage.Encoded>()("/v1/jobs", query),
      job: (id) => ask<typeof Job.Encoded>()(`/v1/jobs/${id}`, {}),
      moveJob: (id, how) =>
        Effect.map(text(HttpClientRequest.post(`/v1/jobs/${id}/${how}`)), (it): typeof Job.Encoded => JSON.parse(it)),
      follow: (query, lastEventId) =>
        read((exchange) => EventStream.connect(exchange, query, lastEventId)).pipe(
          Stream.map(
            ({ id, data }): Following => ({
              cursor: id,
              event: data === "" ? undefined : (JSON.parse(data) as typeof ChangeEvent.Type),
            }),
          ),
        ),
    });
  }),
);
