/**
 * The databases that the contract suites run on.
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import type { Stores } from "@cadastre/sql/Stores";
import * as Sqlite from "@cadastre/sqlite/Sqlite";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Memory from "./memory/Memory.ts";
import * as PostgresDatabase from "./PostgresDatabase.ts";

export type { Stores };

export interface Backend {
  readonly name: string;
  /** A new, empty database each time it is built, gone with the scope. */
  readonly layer: Layer.Layer<Stores, StoreUnavailable>;
  /** Examples of a property, each on a database of its own. */
  readonly examples: number;
}

/** A directory that is removed with the scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "cadastre-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true })),
);

const postgres = (version: string) =>
  Layer.scopedContext(Effect.map(PostgresDatabase.empty(version), ({ stores }) => stores));

const BACKENDS: { readonly [name: string]: Layer.Layer<Stores, StoreUnavailable> } = {
  memory: Memory.layer,
  sqlite: Layer.unwrapScoped(
    Effect.map(temporaryDirectory, (directory) => Sqlite.layer({ filename: path.join(directory, "catalog.db") })),
  ),
  "sqlite in memory": Sqlite.layer({ filename: ":memory:" }),
  "postgres 16": postgres("16"),
  "postgres 18": postgres("18"),
};

/** Throws on a name that is not registered, so that nothing is left out in silence. */
export const backend = (name: string): Backend => {
  const layer = BACKENDS[name];
  if (layer === undefined) throw new Error(`no backend "${name}": there are ${Object.keys(BACKENDS).join(", ")}`);
  return { name, layer: Layer.fresh(layer), examples: name.startsWith("postgres") ? 30 : 100 };
};
