/**
 * Every variable of the environment that the program reads, and the folders of the XDG base directory specification.
 */

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as HashSet from "effect/HashSet";
import * as Option from "effect/Option";

const PREFIX = "CADASTRE_";

/** Separates nothing: a provider made with it lists whole variable names. */
export const PATH_DELIMITER = "\u0000";

/** A bearer token itself; it is never an argument, because arguments can be seen by every user of the machine. */
export const TOKEN = "CADASTRE_TOKEN";

/** Keys themselves that seal secrets, the first before the others; as little an argument as the token, and in no file of settings. */
export const VAULT_KEY = "CADASTRE_VAULT_KEY";

/**
 * Begin with our prefix and yet are not ours: what Kubernetes and Docker set for a service called `cadastre`, and the
 * folder that the test suite reads.
 */
const FOREIGN = /^CADASTRE_(SERVICE_|PORT_\d|CORPUS$)/;

/** Kubernetes sets `CADASTRE_PORT=tcp://10.0.0.1:7717` for a service called `cadastre`: that is no setting of ours. */
const FOREIGN_VALUE = /^tcp:\/\//;

/** A variable's value; an empty one counts as absent. */
export const variable = (name: string): Effect.Effect<Option.Option<string>> =>
  Config.string(name).pipe(
    Effect.option,
    Effect.map(Option.filter((value) => value !== "" && !FOREIGN_VALUE.test(value))),
  );

/** The names of all variables that begin with our prefix, less those that others set. */
export const ours: Effect.Effect<ReadonlyArray<string>> = Effect.configProviderWith((provider) =>
  provider.flattened.enumerateChildren([]),
).pipe(
  Effect.map((names) => [...HashSet.filter(names, (name) => name.startsWith(PREFIX) && !FOREIGN.test(name))].sort()),
  Effect.orElseSucceed(() => []),
);

export interface Folders {
  readonly config: string;
  readonly state: string;
}

/** XDG: a relative path counts as absent. */
const folder = (name: string, fallback: string) =>
  Effect.map(variable(name), (value) =>
    join(
      Option.getOrElse(Option.filter(value, isAbsolute), () => join(homedir(), fallback)),
      "cadastre",
    ),
  );

export const folders: Effect.Effect<Folders> = Effect.all({
  config: folder("XDG_CONFIG_HOME", ".config"),
  state: folder("XDG_STATE_HOME", ".local/state"),
});

/** How a person who reads a hint would call the program: from a clone, npm runs it. */
export const programName: Effect.Effect<string> = Effect.map(variable("npm_command"), (command) =>
  Option.isSome(command) ? "npx cadastre" : "cadastre",
);
