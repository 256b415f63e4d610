/**
 * From what a model calls an entity to the entity: a uid, a reference, or words that name it.
 */
import { Entities } from "@cadastre/core/Entities";
import { type EntityText, EntityUid, type Envelope } from "@cadastre/domain/Entity";
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import { byKey, byUid, type EntitySelector } from "@cadastre/domain/EntityStore";
import { InvalidInput, NotFound, type PermissionDenied, type StoreUnavailable } from "@cadastre/domain/Errors";
import type { Caller } from "@cadastre/domain/Principal";
import * as Reference from "@cadastre/domain/Reference";
import type { RelationType } from "@cadastre/domain/Relation";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Schema from "effect/Schema";

/** An entity as it is read. */
export interface Read extends Envelope {
  readonly relations?: ReadonlyArray<{
    readonly type: RelationType;
    readonly targetRef: Reference.ReferenceKey;
    readonly dangling?: true;
  }>;
}

export interface Found {
  readonly text: EntityText;
  readonly key: Reference.ReferenceKey;
  readonly entity: Read;
}

type Failure = PermissionDenied | StoreUnavailable | NotFound | InvalidInput;

export interface Lookup {
  /** The one entity that is meant. Fails with the candidates if there is none or several. */
  readonly find: (text: string) => Effect.Effect<Found, Failure, Caller>;
  /** As {@link find}, for a reference that need not be registered: with a kind it is taken as it is. */
  readonly keyOf: (text: string) => Effect.Effect<Reference.ReferenceKey, Failure, Caller>;
  /** For a write: only a uid or a reference with its kind will do. */
  readonly exact: (text: string) => Effect.Effect<EntitySelector, InvalidInput>;
}

/** Entities that are offered to choose from. */
const CANDIDATES = 8;

export const make: Effect.Effect<Lookup, never, Entities> = Effect.map(Entities, (entities) => {
  const search = (text: string, name?: { readonly name: string; readonly namespace: string | undefined }) =>
    Effect.map(
      entities.list(
        { ...ANY, text, namespaces: name?.namespace === undefined ? [] : [name.namespace] },
        { filter: name === undefined ? undefined : `name.lowerAscii() == ${JSON.stringify(name.name.toLowerCase())}` },
      ),
      ({ items }) => items.map(foundOf),
    );

  const named = Effect.fnUntraced(function* (text: string) {
    const parsed = Reference.parse(text, { kind: "any" });
    if (Either.isRight(parsed)) {
      const { name, namespace } = parsed.right;
      const called = yield* search(name, { name, namespace: text.includes("/") ? namespace : undefined });
      if (called.length > 0) return yield* only(text, called);
    }
    // Not called so; but there may be just one entity that the words fit.
    return yield* only(text, yield* search(text));
  });

  const find = (text: string): Effect.Effect<Found, Failure, Caller> => {
    const selector = selectorOf(text);
    if (Either.isLeft(selector)) return named(text.trim());
    return Effect.map(entities.get(selector.right), foundOf).pipe(
      Effect.catchTag("NotFound", (error) =>
        Effect.flatMap(search(nameIn(text)), (similar) =>
          similar.length === 0
            ? error
            : new NotFound({ message: `${error.message}. Did you mean ${similar.map(({ key }) => key).join(", ")}?` }),
        ),
      ),
    );
  };

  return {
    find,
    keyOf: (text) =>
      Either.match(Reference.parse(text), {
        onRight: (reference) => Effect.succeed(Reference.key(reference)),
        onLeft: () => Effect.map(find(text), ({ key }) => key),
      }),
    exact: (text) =>
      Either.mapLeft(
        selectorOf(text),
        (message) =>
          new InvalidInput({ message: "To write, name the entity exactly", faults: [{ path: "reference", message }] }),
      ),
  };
});

const ANY: EntityQuery = {
  kinds: [],
  namespaces: [],
  owners: [],
  tags: [],
  labels: [],
  states: ["active", "inactive"],
  order: { field: "relevance", descending: false },
  limit: CANDIDATES,
  after: undefined,
};

const isUid = Schema.is(EntityUid);

/** Left: why the text names no entity exactly. */
const selectorOf = (text: string): Either.Either<EntitySelector, string> =>
  isUid(text)
    ? Either.right(byUid(text))
    : Either.map(Reference.parse(text.trim()), (reference) => byKey(Reference.key(reference)));

const nameIn = (text: string): string =>
  Either.match(Reference.parse(text), { onLeft: () => text, onRight: ({ name }) => name });

const only = (text: string, found: ReadonlyArray<Found>): Effect.Effect<Found, NotFound | InvalidInput> => {
  const [first, ...others] = found;
  if (first === undefined)
    return Effect.fail(new NotFound({ message: `nothing is called "${text}", and no entity has these words` }));
  if (others.length === 0) return Effect.succeed(first);
  return Effect.fail(
    new InvalidInput({
      message: `"${text}" could be any of these: give one of the references`,
      faults: found.map(({ key, entity }) => ({ path: key, message: entity.metadata.title ?? entity.kind })),
    }),
  );
};

/** The store made the text of an envelope. */
export const foundOf = (text: EntityText): Found => {
  const entity: Read = JSON.parse(text.json);
  const { name, namespace } = entity.metadata;
  return { text, entity, key: Reference.key({ kind: entity.kind, namespace, name }) };
};
