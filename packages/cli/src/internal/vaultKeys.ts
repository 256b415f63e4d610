/**
 * The keys that seal secrets, where the environment holds them.
 */
import * as Arr from "effect/Array";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Redacted from "effect/Redacted";
import * as Environment from "../Environment.ts";

export type Keys = ReadonlyArray<Redacted.Redacted<Buffer>>;

/** What is wrong is told without the value. */
export const read = Effect.gen(function* () {
  const text = Option.getOrElse(yield* Environment.variable(Environment.VAULT_KEY), () => "").trim();
  if (text === "") return { keys: [], problems: [] };
  const { parseKey } = yield* Effect.promise(() => import("@cadastre/channels/Vault"));
  const [faults, keys] = Arr.separate(text.split(/\s+/).map(parseKey));
  return { keys, problems: faults.map((fault) => `${Environment.VAULT_KEY}: ${fault}`) };
});
