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
import { distance, isNear } from "./internal/closest.ts";

/** The one entity that is meant. Fails if there is none or, with the candidates, if there are several. */
export const find = (text: string, revision?: string): Effect.Effect<Entity, Failure.Failure, Client> =>
  Effect.gen(function* () {
    const client = yield* Client;
    if (isUid(text)) return yield* Effect.mapError(client.getByUid(text, revision), Failure.from);

    const parsed = Reference.parse(text);
    if (Either.isRight(parsed)) {
      return yield* Effect.catchAll(client.get(parsed.right, revision), (error) =>
        error._tag === "NotFound" && revision === undefined
          ? suggesting(parsed.right.name, Failure.ofDomain(error))
          : Failure.from(error),
      );
    }

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
const CANDIDATES = 50;

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
      return yield* suggesting(
        name,
        new Failure.Failure({
          exit: ExitCode.notFound,
          message: `Nothing is called "${name}"${where}.`,
          next: `Search for it: cadastre entity list -q ${name}`,
        }),
      );
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

/** The failure, with what has almost that name, or the same one in another place, instead of its advice. */
const suggesting = (given: string, failure: Failure.Failure): Effect.Effect<never, Failure.Failure, Client> =>
  Effect.gen(function* () {
    const { list } = yield* Client;
    // Some write more colons and slashes than there are.
    const name = (given.split(/[:/]/).at(-1) ?? "").toLowerCase();
    const asked = new Set([name, name.slice(0, PREFIX)]);
    asked.delete("");
    for (const q of asked) {
      const { items } = yield* Effect.orElseSucceed(
        list({ q, state: EntityState.literals, limit: String(CANDIDATES), fields: FIELDS }),
        (): Page => ({ items: [] }),
      );
      const near = items
        .map((entity) => ({ entity, distance: distance(name, entity.metadata.name.toLowerCase()) }))
        .filter(({ distance }) => isNear(name, distance))
        .sort((a, b) => a.distance - b.distance)
        .slice(0, SUGGESTIONS)
        .map(({ entity }) => referenceOf(entity));
      if (near.length > 0) {
        return yield* new Failure.Failure({
          exit: failure.exit,
          message: `${failure.message.replace(/\.$/, "")}; did you mean ${near.join(", or ")}?`,
        });
      }
    }
    return yield* failure;
  });

/** Letters at the beginning in which few are wrong. */
const PREFIX = 3;

const SUGGESTIONS = 3;

/** Of a reference. */
const FIELDS = ["kind", "metadata.name", "metadata.namespace"];

/** `kind:namespace/name`, the kind in lower case, as people write it. */
export const referenceOf = ({ kind, metadata: { namespace, name } }: Entity): string =>
  `${kind.toLowerCase()}:${namespace}/${name}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
