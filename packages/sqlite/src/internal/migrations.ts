import type { Migration } from "@cadastre/sql/Migrations";
import catalog from "../migrations/0001_catalog.ts";
import questions from "../migrations/0002_questions.ts";

/** In order; never edited after a release. A migration's number is its place, from 1. */
export const MIGRATIONS: ReadonlyArray<Migration> = [catalog, questions];
