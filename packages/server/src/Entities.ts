/**
 * The endpoints of single entities and their list.
 */
import { type Explanation, toQuery as toConditions } from "@cadastre/api/Conditions";
import { toOrder } from "@cadastre/api/Entities";
import { Entities, type EntityList, type WriteOptions, type Written } from "@cadastre/core/Entities";
import { Histories } from "@cadastre/core/Histories";
import type { EntityText } from "@cadastre/domain/Entity";
import {
  DEFAULT_LIMIT,
  decodeCursor,
  type EntityQuery,
  encodeCursor,
  type SortOrder,
} from "@cadastre/domain/EntityQuery";
import { byKey, byUid, type EntitySelector } from "@cadastre/domain/EntityStore";
import type { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import { project } from "@cadastre/domain/Projection";
import * as Reference from "@cadastre/domain/Reference";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { type Answer, json, noContent } from "./internal/answer.ts";
import { invalidParameters } from "./internal/parameters.ts";
import type { Call, Endpoint, GroupHandlers } from "./Routes.ts";

export const handlers: Effect.Effect<GroupHandlers<"entities">, never, Entities | Histories> = Effect.gen(function* () {
  const entities = yield* Entities;
  const histories = yield* Histories;

  const get = (selector: EntitySelector, revision: number | undefined) =>
    Effect.map(revision === undefined ? entities.get(selector) : histories.revision(selector, revision), shown);

  const remove = (selector: EntitySelector, call: Call<Endpoint<"entities", "remove" | "removeByReference">>) =>
    Effect.as(entities.remove(selector, writeOptions(call)), noContent);

  return {
    list: ({ query }) =>
      Effect.flatMap(toQuery(query), (wanted) =>
        Effect.map(entities.list(wanted, query), (page) => json(pageText(page, query, wanted.order))),
      ),

    create: ({ body }) => Effect.map(Effect.flatMap(body.json, entities.create), written),

    get: ({ path, query }) => get(byUid(path.uid), query.revision),

    replace: (call) =>
      Effect.flatMap(call.body.json, (input) =>
        Effect.map(entities.put({ _tag: "Uid", uid: call.path.uid }, input, writeOptions(call)), written),
      ),

    patch: (call) =>
      Effect.flatMap(call.body.json, (patch) =>
        Effect.map(entities.patch(byUid(call.path.uid), patch, writeOptions(call)), written),
      ),

    remove: (call) => remove(byUid(call.path.uid), call),

    getByReference: ({ path, query }) => get(byKey(Reference.key(path)), query.revision),

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

type ListQuery = Call<Endpoint<"entities", "list">>["query"];

const pageText = (
  { items, next, unevaluated, plan }: EntityList,
  { fields, explain }: ListQuery,
  order: SortOrder,
): string => {
  const texts = items.map(fields === undefined ? ({ json }) => json : ({ json }) => project(json, fields));
  const more = {
    ...(next === undefined ? {} : { nextCursor: encodeCursor(order, next) }),
    ...(unevaluated === undefined ? {} : { unevaluated }),
    ...(explain === true && plan !== undefined ? { explain: explanationOf(plan) } : {}),
  };
  const rest = JSON.stringify(more).slice(1);
  return `{"items":[${texts.join(",")}]${rest === "}" ? rest : `,${rest}`}`;
};

const explanationOf = ({ text, parts, ...plan }: NonNullable<EntityList["plan"]>): typeof Explanation.Type => ({
  filter: text,
  ...plan,
  parts: parts.map(({ reason, ...part }) => ({ ...part, ...(reason === undefined ? {} : { reason }) })),
});

const toQuery = (query: ListQuery): Effect.Effect<EntityQuery, InvalidInput> => {
  const faults: Array<Fault> = [];
  const wanted = toConditions(query, faults);
  const order = query.orderBy === undefined ? wanted.order : toOrder(query.orderBy);
  const after = query.cursor === undefined ? Either.right(undefined) : decodeCursor(order, query.cursor);
  if (Either.isLeft(after)) faults.push({ path: "cursor", message: after.left });
  return faults.length > 0
    ? Effect.fail(invalidParameters(faults))
    : Effect.succeed({
        ...wanted,
        order,
        limit: query.limit ?? DEFAULT_LIMIT,
        after: Either.getOrUndefined(after),
      });
};
