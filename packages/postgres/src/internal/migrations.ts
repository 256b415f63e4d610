import type { Migration } from "@cadastre/sql/Migrations";
import catalog from "../migrations/0001_catalog.ts";
import jobs from "../migrations/0002_jobs.ts";
import subscriptions from "../migrations/0003_subscriptions.ts";
import groups from "../migrations/0004_groups.ts";

/** In order; never edited after a release. A migration's number is its place, from 1. */
export const MIGRATIONS: ReadonlyArray<Migration> = [catalog, jobs, subscriptions, groups];
