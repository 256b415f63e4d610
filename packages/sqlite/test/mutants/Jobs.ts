import * as Migrations from "@cadastre/sql/Migrations";
import { MUTANTS } from "@cadastre/testing/Mutants";
import { mutants } from "@cadastre/testing/suites/Mutants";
import * as Effect from "effect/Effect";
import * as engines from "../../src/internal/engine.ts";
import { SCHEMA } from "../../src/internal/schema.ts";

const open = Effect.orDie(
  Effect.tap(engines.make({ filename: ":memory:" }), (engine) => Migrations.migrate(engine, SCHEMA)),
);

mutants(
  MUTANTS.filter(({ only }) => only !== "postgres"),
  open,
);
