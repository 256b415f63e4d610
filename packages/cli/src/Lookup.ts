/**
 * From what a person calls an entity to the entity: a uid, a reference, or a name alone.
 */
import * as Reference from "@cadastre/domain/Reference";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Option from "effect/Option";
import { Client, type Entity } from "./Client.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Failure from "./Failure.ts";

/** Tried, in this order, where a reference names no kind. */
const KINDS = ["Component", "API", "Resource", "System", "Domain", "Group", "User", "Location", "Template"];

/** The one entity that is meant. Fails if there is none or, with the candidates, if there are several. */
export const find = (text: string): Effect.Effect<Entity, Failure.Failure, Client> =>
  Effect.gen(function* () {
    const client = yield* Client;
    if (text.startsWith("ent_")) return yield* Effect.mapError(client.getByUid(text), Failure.from);

    const parsed = Reference.parse(text);
    if (Either.isRight(parsed)) return yield* Effect.mapError(client.get(parsed.right), Failure.from);

    const anyKind = Reference.parse(text, { kind: "any" });
    if (Either.isLeft(anyKind)) {
      return yield* new Failure.Failure({ exit: ExitCode.usage, message: `${capital(anyKind.left)}.` });
    }
    const { namespace, name } = anyKind.right;
    const found = yield* Effect.forEach(
      KINDS,
      (kind) =>
        client.get({ kind, namespace, name }).pipe(
          Effect.asSome,
          Effect.catchTag("NotFound", () => Effect.succeedNone),
          Effect.mapError(Failure.from),
        ),
      { concurrency: KINDS.length },
    );
    const candidates = found.flatMap(Option.toArray);
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) return only;
    if (only === undefined) {
      return yield* new Failure.Failure({
        exit: ExitCode.notFound,
        message: `Nothing is called "${name}" in the namespace "${namespace}".`,
        next: "Give the whole reference, kind:namespace/name, if it is elsewhere or of a kind of your own.",
      });
    }
    return yield* new Failure.Failure({
      exit: ExitCode.conflict,
      message: [`"${text}" could be any of these:`, ...candidates.map((entity) => `  ${referenceOf(entity)}`)].join(
        "\n",
      ),
      next: "Say which, with its kind.",
    });
  });

/** `kind:namespace/name`, the kind in lower case, as people write it. */
export const referenceOf = ({ kind, metadata: { namespace, name } }: Entity): string =>
  `${kind.toLowerCase()}:${namespace}/${name}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
