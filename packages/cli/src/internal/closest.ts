import { levensteinDistance } from "@effect/cli/AutoCorrect";
import * as CliConfig from "@effect/cli/CliConfig";

/** Letters that have to be changed, added or left out. */
export const distance = (given: string, name: string): number =>
  levensteinDistance(given, name, CliConfig.defaultConfig);

/** True where at most two letters are wrong, and not more than half of them. */
export const isNear = (given: string, distance: number): boolean => distance <= Math.min(2, given.length / 2);

/** `; did you mean "host"?` where one of the names is near, or is part of what was given, or the other way round; otherwise nothing. */
export const closest = (given: string, names: ReadonlyArray<string>): string => {
  const [near] = names
    .map((name) => ({ name, distance: distance(given, name) }))
    .filter(({ distance }) => isNear(given, distance))
    .sort((a, b) => a.distance - b.distance);
  const meant = near?.name ?? (given.length < SHORT ? undefined : names.find((name) => isAkin(given, name)));
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
};

/** What is shorter is part of too much. */
const SHORT = 4;

/** `updated` and `entity.updated`, `entities` and `entity`. */
const isAkin = (given: string, name: string): boolean =>
  name.includes(given) || (name.length > SHORT && given.startsWith(name.slice(0, -1)));
