import { levensteinDistance } from "@effect/cli/AutoCorrect";
import * as CliConfig from "@effect/cli/CliConfig";

/** `; did you mean "host"?` where one of the names is at most two letters away, and half of those given; otherwise nothing. */
export const closest = (given: string, names: ReadonlyArray<string>): string => {
  const near = names
    .map((name) => ({ name, distance: levensteinDistance(given, name, CliConfig.defaultConfig) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near !== undefined && near.distance <= Math.min(2, given.length / 2) ? `; did you mean "${near.name}"?` : "";
};
