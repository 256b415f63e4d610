/**
 * Which entities are meant, as tools take it.
 */
import { type Conditions, expression, toQuery } from "@cadastre/api/Conditions";
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import * as Either from "effect/Either";

/** As for the interface, with a hint that a model can follow. */
export const filter = expression(
  "A CEL expression that has to be true of the entity; describe_model has examples.",
  'kind == "Component" && "java" in tags',
);

/** The query that the conditions ask, for the tool to complete. */
export const query = (given: Conditions): Either.Either<EntityQuery, InvalidInput> => {
  const faults: Array<Fault> = [];
  const asked = toQuery(given, faults);
  return faults.length === 0
    ? Either.right(asked)
    : Either.left(new InvalidInput({ message: "The arguments cannot be used", faults }));
};
