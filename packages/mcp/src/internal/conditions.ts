import { type Conditions, conditions, toQuery } from "@cadastre/api/Conditions";
import type { EntityQuery } from "@cadastre/domain/EntityQuery";
import { InvalidInput } from "@cadastre/domain/Errors";
import type { Fault } from "@cadastre/domain/Fault";
import * as Either from "effect/Either";

export { conditions };

/** The query that the conditions ask, for the tool to complete. */
export const query = (given: Conditions): Either.Either<EntityQuery, InvalidInput> => {
  const faults: Array<Fault> = [];
  const asked = toQuery(given, faults);
  return faults.length === 0
    ? Either.right(asked)
    : Either.left(new InvalidInput({ message: "The arguments cannot be used", faults }));
};
