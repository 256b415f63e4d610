/**
 * The endpoints of single entities and their list.
 */
import { Entities, type WriteOptions, type Written } from "@cadastre/core/Entities";
import type { EntityText } from "@cadastre/domain/Entity";
import {
  type Cursor,
  DEFAULT_LIMIT,
  decodeCursor,
  type EntityQuery,
  encodeCursor,
  type SortField,
  type SortOrder,
} from "@cadastre/domain/EntityQuery";
import { byKey, byUid, type EntitySelector } from "@cadastre/domain/EntityStore";
import type { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import * as Reference from "@cadastre/domain/Reference";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { type Answer, json, noContent } from "./internal/answer.ts";
import { invalidParameters } from "./internal/parameters.ts";
import { project } from "./internal/projection.ts";
import type { Call, Endpoint, GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"entities">, never, Entities> = Effect.map(Entities, (entities) => {
  const get = (selector: EntitySelector) => Effect.map(entities.get(selector), (entity) => shown(entity));

  const remove = (selector: EntitySelector, call: Call<Endpoint<"entities", "remove" | "removeByReference">>) =>
    Effect.as(entities.remove(selector, writeOptions(call)), noContent);

  return {
    list: ({ query }) =>
      Effect.flatMap(toQuery(query), (wanted) =>
        Effect.map(entities.list(wanted), ({ items, next }) =>
          json(pageText(items, query.fields, next && encodeCursor(wanted.order, next))),
        ),
      ),

    create: ({ body }) => Effect.map(Effect.flatMap(body.json, entities.create), written),

    get: ({ path }) => get(byUid(path.uid)),

    replace: (call) =>
      Effect.flatMap(call.body.json, (input) =>
        Effect.map(entities.put({ _tag: "Uid", uid: call.path.uid }, input, writeOptions(call)), written),
      ),

    patch: (call) =>
      Effect.flatMap(call.body.json, (patch) =>
        Effect.map(entities.patch(byUid(call.path.uid), patch, writeOptions(call)), written),
      ),

    remove: (call) => remove(byUid(call.path.uid), call),

    getByReference: ({ path }) => get(byKey(Reference.key(path))),

    putByReference: (call) =>
      Effect.flatMap(call.body.json, (input) =>
        Effect.map(entities.put({ _tag: "Reference", reference: call.path }, input, writeOptions(call)), written),
      ),

    removeByReference: (call) => remove(byKey(Reference.key(call.path)), call),
  };
});

const writeOptions = ({
  query,
  headers,
}: {
  readonly query: { readonly force?: boolean };
  readonly headers: { readonly "if-match"?: number };
}): WriteOptions => ({ force: query.force, ifMatch: headers["if-match"] });

const etag = ({ revision }: EntityText) => `"${revision}"`;

const shown = (entity: EntityText): Answer => json(entity.json, 200, { etag: etag(entity) });

const written = ({ entity, action, warnings }: Written): Answer =>
  json(entity.json, action === "created" ? 201 : 200, {
    etag: etag(entity),
    ...(action === "created" ? { location: `/v1/entities/${entity.uid}` } : {}),
    ...(warnings.length === 0 ? {} : { warning: warnings.slice(0, MAX_WARNINGS).map(warningText) }),
  });

/** Header fields of one answer: clients bound the size of a header. */
const MAX_WARNINGS = 20;

/** RFC 7234 §5.5: code 299 and quoted text, in ASCII. */
const warningText = ({ path, message }: Fault): string => {
  const text = JSON.stringify(`${path}: ${message}`.slice(0, 300));
  return `299 - ${text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)}`;
};

const pageText = (
  items: ReadonlyArray<EntityText>,
  fields: ReadonlyArray<string> | undefined,
  nextCursor: string | undefined,
): string => {
  const texts = items.map(fields === undefined ? ({ json }) => json : ({ json }) => project(json, fields));
  return `{"items":[${texts.join(",")}]${nextCursor === undefined ? "" : `,"nextCursor":"${nextCursor}"`}}`;
};

const toQuery = (query: Call<Endpoint<"entities", "list">>["query"]): Effect.Effect<EntityQuery, InvalidInput> => {
  const faults: Array<Fault> = [];
  const read = <A>(path: string, result: Either.Either<A, string>): ReadonlyArray<A> => {
    if (Either.isRight(result)) return [result.right];
    faults.push({ path, message: result.left });
    return [];
  };
  const order = toOrder(query.orderBy ?? "name");
  const owners = (query.owner ?? []).flatMap((text) => read("owner", Reference.parse(text, { kind: "group" })));
  const after: ReadonlyArray<Cursor> =
    query.cursor === undefined ? [] : read("cursor", decodeCursor(order, query.cursor));
  if (faults.length > 0) return Effect.fail(invalidParameters(faults));
  return Effect.succeed({
    kinds: query.kind ?? [],
    namespaces: query.namespace ?? [],
    owners: owners.map(Reference.key),
    tags: query.tag ?? [],
    labels: (query.label ?? []).map(toLabel),
    states: query.state ?? [],
    order,
    limit: query.limit ?? DEFAULT_LIMIT,
    after: after[0],
  });
};

const toOrder = (orderBy: SortField | `-${SortField}`): SortOrder =>
  orderBy.startsWith("-")
    ? { field: orderBy.slice(1) as SortField, descending: true } // what follows the sign, by the type
    : { field: orderBy as SortField, descending: false };

const toLabel = (text: string) => {
  const equals = text.indexOf("=");
  return equals === -1
    ? { key: text, value: undefined }
    : { key: text.slice(0, equals), value: text.slice(equals + 1) };
};
