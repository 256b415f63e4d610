/**
 * The one rule of writing: what becomes of an entity when a valid document is put to it. Create, put, patch and batch all
 * decide here.
 */
import { type EntityRecord, isManaged, referenceOf, type Source } from "@cadastre/domain/Entity";
import { ManagedElsewhere } from "@cadastre/domain/Errors";
import * as Json from "@cadastre/domain/Json";
import type { Via } from "@cadastre/domain/Principal";
import * as Reference from "@cadastre/domain/Reference";
import type { Validated } from "@cadastre/domain/Validation";
import * as Either from "effect/Either";

export interface Command {
  readonly validated: Pick<Validated, "document" | "state">;
  readonly source: Source;
  readonly force?: boolean | undefined;
}

export type Decision =
  | { readonly action: "unchanged"; readonly record: EntityRecord }
  | { readonly action: "created"; readonly record: Omit<EntityRecord, "uid"> }
  | { readonly action: "updated"; readonly before: EntityRecord; readonly record: EntityRecord };

/** The same document is no write, whoever sends it; a source that is managed takes over what it changes. */
export const decide = (
  current: EntityRecord | undefined,
  command: Command,
  now: number,
): Either.Either<Decision, ManagedElsewhere> => {
  const { document, state } = command.validated;
  if (current === undefined) {
    const times = { since: now, createdAt: now, updatedAt: now };
    const record = { document, state: state ?? "active", revision: 1, source: command.source, ...times } as const;
    return Either.right({ action: "created", record });
  }

  const next = state ?? current.state;
  // The casts are what an interface without an index signature takes: a document is JSON.
  if (
    next === current.state &&
    Json.equals(document as unknown as Json.Json, current.document as unknown as Json.Json)
  ) {
    return Either.right({ action: "unchanged", record: current });
  }
  return Either.map(custody(current, command), () => ({
    action: "updated",
    before: current,
    record: {
      ...current,
      document,
      state: next,
      since: next === current.state ? current.since : now,
      revision: current.revision + 1,
      updatedAt: now,
      source: isManaged(command.source) ? command.source : current.source,
    },
  }));
};

/** Where a write comes from: as the caller inside the program says, else by the door. */
export const sourceOf = (source: Source | undefined, via: Via): Source =>
  source ?? { type: via === "seed" || via === "import" ? via : "api" };

/** Whether the write may change the record: a managed source keeps its entities, unless it writes itself or is overridden. */
export const custody = (
  { document, source }: EntityRecord,
  command: Pick<Command, "source" | "force">,
): Either.Either<void, ManagedElsewhere> => {
  const isSame = source.type === command.source.type && source.location === command.source.location;
  if (!isManaged(source) || isSame || command.force === true) return Either.void;
  const managedBy = source.location === undefined ? source.type : `${source.type} ${source.location}`;
  return Either.left(
    new ManagedElsewhere({
      message: `${Reference.format(referenceOf(document))} is managed by ${managedBy}: change it there, or force the change`,
      managedBy,
    }),
  );
};
