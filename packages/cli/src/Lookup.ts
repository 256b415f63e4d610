/**
 * From what a person calls an entity to the entity: a uid, a reference, or a name alone.
 */
import { EntityState } from "@cadastre/domain/Entity";
import * as Reference from "@cadastre/domain/Reference";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { Client, type Entity, type Page } from "./Client.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Failure from "./Failure.ts";

/** The one entity that is meant. Fails if there is none or, with the candidates, if there are several. */
export const find = (text: string, revision?: string): Effect.Effect<Entity, Failure.Failure, Client> =>
  Effect.gen(function* () {
    const client = yield* Client;
    if (isUid(text)) return yield* Effect.mapError(client.getByUid(text, revision), Failure.from);

    const parsed = Reference.parse(text);
    if (Either.isRight(parsed)) return yield* Effect.mapError(client.get(parsed.right, revision), Failure.from);

    const found = yield* named(text);
    return revision === undefined
      ? found
      : yield* Effect.mapError(client.getByUid(found.metadata.uid, revision), Failure.from);
  });

/** The uid of what is meant. One that is given is taken as it is: the entity may have been deleted. */
export const uidOf = (text: string): Effect.Effect<string, Failure.Failure, Client> =>
  isUid(text) ? Effect.succeed(text) : Effect.map(find(text), ({ metadata }) => metadata.uid);

/** The reference that is meant, in full. One with a kind is taken as it is: it need not be registered. */
export const keyOf = (text: string): Effect.Effect<Reference.ReferenceKey, Failure.Failure, Client> =>
  Either.match(isUid(text) ? Either.left("") : Reference.parse(text), {
    onRight: (reference) => Effect.succeed(Reference.key(reference)),
    onLeft: () => Effect.map(find(text), (entity) => referenceOf(entity).toLowerCase()),
  });

const isUid = (text: string): boolean => text.startsWith("ent_");

/** Of a page; a name that fits more entities than this is no name to go by. */
const CANDIDATES = 20;

/**
 * A name without a kind, of any kind and state: in the namespace that is given, else in all. The words of the name lead
 * the store to the few entities on which the filter is then evaluated; only it tells the whole name from its words.
 */
const named = (text: string): Effect.Effect<Entity, Failure.Failure, Client> =>
  Effect.gen(function* () {
    const client = yield* Client;
    const parsed = Reference.parse(text, { kind: "any" });
    if (Either.isLeft(parsed)) {
      return yield* new Failure.Failure({ exit: ExitCode.usage, message: `${capital(parsed.left)}.` });
    }
    const { namespace, name } = parsed.right;
    const where = text.includes("/") ? ` in the namespace "${namespace}"` : "";
    const candidates: Array<Entity> = [];
    let cursor: string | undefined;
    do {
      const page: Page = yield* Effect.mapError(
        client.list({
          q: name,
          filter: `name.lowerAscii() == ${JSON.stringify(name.toLowerCase())}`,
          state: EntityState.literals,
          limit: String(CANDIDATES),
          ...(where === "" ? {} : { namespace }),
          ...(cursor === undefined ? {} : { cursor }),
        }),
        Failure.from,
      );
      candidates.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined && candidates.length < CANDIDATES);

    const [only] = candidates;
    if (only === undefined) {
      return yield* new Failure.Failure({
        exit: ExitCode.notFound,
        message: `Nothing is called "${name}"${where}.`,
        next: `Search for it: cadastre entity list -q ${name}`,
      });
    }
    if (candidates.length === 1) return only;
    return yield* new Failure.Failure({
      exit: ExitCode.conflict,
      message: [
        `"${text}" could be any of these:`,
        ...candidates.map((entity) => `  ${referenceOf(entity)}`),
        ...(cursor === undefined ? [] : ["  …"]),
      ].join("\n"),
      next: "Say which, with its kind.",
    });
  });

/** `kind:namespace/name`, the kind in lower case, as people write it. */
export const referenceOf = ({ kind, metadata: { namespace, name } }: Entity): string =>
  `${kind.toLowerCase()}:${namespace}/${name}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
