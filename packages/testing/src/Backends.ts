/**
 * The databases that the contract suites run on.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Sqlite from "@cadastre/sqlite/Sqlite";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Memory from "./memory/Memory.ts";

export type Stores = Sqlite.Stores;

export interface Backend {
  readonly name: string;
  /** A new, empty database each time it is built, gone with the scope. */
  readonly layer: Layer.Layer<Stores, StoreUnavailable>;
}

/** A directory that is removed with the scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "cadastre-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true })),
);

const BACKENDS: { readonly [name: string]: Layer.Layer<Stores, StoreUnavailable> } = {
  memory: Memory.layer,
  sqlite: Layer.unwrapScoped(
    Effect.map(temporaryDirectory, (directory) => Sqlite.layer({ filename: path.join(directory, "catalog.db") })),
  ),
  "sqlite in memory": Sqlite.layer({ filename: ":memory:" }),
};

/** Throws on a name that is not registered, so that nothing is left out in silence. */
export const backend = (name: string): Backend => {
  const layer = BACKENDS[name];
  if (layer === undefined) throw new Error(`no backend "${name}": there are ${Object.keys(BACKENDS).join(", ")}`);
  return { name, layer: Layer.fresh(layer) };
};
