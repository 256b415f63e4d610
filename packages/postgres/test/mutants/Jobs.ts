import { MUTANTS } from "@cadastre/testing/Mutants";
import * as PostgresDatabase from "@cadastre/testing/PostgresDatabase";
import { mutants } from "@cadastre/testing/suites/Mutants";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as engines from "../../src/internal/engine.ts";
import { overlaps } from "../overlaps.ts";

const open = Effect.flatMap(PostgresDatabase.empty("18"), ({ url }) => engines.make({ url: Redacted.make(url) }));

mutants(
  MUTANTS.filter(({ only }) => only !== "sqlite"),
  open,
  [overlaps],
);
