/**
 * Entities as the daemon's clients see them. They pass as JSON, undecoded: what the daemon says is what is printed.
 */
import type { Explanation, Unevaluated } from "@cadastre/api/Conditions";
import type { EntityListQuery } from "@cadastre/api/Entities";
import type { BatchOptions, BatchSummary, DocumentResult } from "@cadastre/domain/Batch";
import type { Envelope } from "@cadastre/domain/Entity";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Reference } from "@cadastre/domain/Reference";
import * as BatchLines from "@cadastre/sdk/BatchLines";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Stream from "effect/Stream";
import { Connection, type Query } from "./Connection.ts";
import type * as Failure from "./Failure.ts";

/** An entity as the daemon shows it. */
export interface Entity extends Envelope {
  /** Absent from older revisions. */
  readonly relations?: ReadonlyArray<{ readonly type: string; readonly targetRef: string; readonly dangling?: true }>;
}

export type ListQuery = Query<typeof EntityListQuery.Encoded>;

export interface Page {
  readonly items: ReadonlyArray<Entity>;
  readonly nextCursor?: string;
  readonly unevaluated?: typeof Unevaluated.Type;
  readonly explain?: typeof Explanation.Type;
}

export class Client extends Context.Tag("@cadastre/cli/Client")<
  Client,
  {
    /** The latest revision where none is given. */
    readonly get: (reference: Reference, revision?: string) => Effect.Effect<Entity, Failure.Any>;
    readonly getByUid: (uid: string, revision?: string) => Effect.Effect<Entity, Failure.Any>;
    readonly list: (query: ListQuery) => Effect.Effect<Page, Failure.Any>;
    /** Changes what the merge patch (RFC 7396), as JSON text, tells. */
    readonly patch: (uid: string, patch: string, force: boolean) => Effect.Effect<Entity, Failure.Any>;
    /** Puts a document, as JSON text, in the place of what this revision left. */
    readonly replace: (
      uid: string,
      revision: number,
      document: string,
      force: boolean,
    ) => Effect.Effect<Entity, Failure.Any>;
    readonly remove: (uid: string, force: boolean) => Effect.Effect<void, Failure.Any>;
    /** Sends documents, each as one line of JSON, and gives what became of each, in order, and the sums at the end. */
    readonly apply: (
      documents: Stream.Stream<string, StoreUnavailable>,
      options: BatchOptions,
    ) => Stream.Stream<DocumentResult | { readonly summary: BatchSummary }, Failure.Any>;
  }
>() {}

export const layer: Layer.Layer<Client, never, Connection> = Layer.effect(
  Client,
  Effect.map(Connection, ({ text, read }) => {
    const at = (uid: string) => `/v1/entities/${encodeURIComponent(uid)}`;
    const get = (path: string, revision: string | undefined) =>
      text(HttpClientRequest.get(path, { urlParams: revision === undefined ? {} : { revision } })).pipe(
        Effect.map(entity),
      );
    return Client.of({
      get: ({ kind, namespace, name }, revision) =>
        get(`/v1/entities/by-ref/${[kind, namespace, name].map(encodeURIComponent).join("/")}`, revision),
      getByUid: (uid, revision) => get(at(uid), revision),
      list: (query) =>
        Effect.map(text(HttpClientRequest.get("/v1/entities", { urlParams: query })), (it) => JSON.parse(it) as Page),
      patch: (uid, patch, force) =>
        text(
          HttpClientRequest.patch(at(uid), { urlParams: forced(force) }).pipe(
            HttpClientRequest.bodyText(patch, "application/merge-patch+json"),
          ),
        ).pipe(Effect.map(entity)),
      replace: (uid, revision, document, force) =>
        text(
          HttpClientRequest.put(at(uid), {
            urlParams: forced(force),
            headers: { "if-match": `"${revision}"` },
          }).pipe(HttpClientRequest.bodyText(document, "application/json")),
        ).pipe(Effect.map(entity)),
      remove: (uid, force) => Effect.asVoid(text(HttpClientRequest.del(at(uid), { urlParams: forced(force) }))),
      apply: (documents, options) =>
        Stream.map(
          read((exchange) => BatchLines.send(exchange, documents, options)),
          (line) => JSON.parse(line) as DocumentResult | { readonly summary: BatchSummary },
        ),
    });
  }),
);

/** Trusted, like all that is parsed here: it is the daemon's own document. */
const entity = (text: string) => JSON.parse(text) as Entity;

const forced = (force: boolean) => (force ? { force: "true" } : {});
