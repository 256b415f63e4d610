/**
 * What full-text search and facets are answered from.
 */

import type { Migration } from "@cadastre/sql/Migrations";
import * as SearchIndex from "@cadastre/sql/SearchIndex";

export default [
  // The rank sorts what a text finds equally: shorter names first, then older entities; `internal/search.ts` takes it apart.
  `ALTER TABLE entities ADD COLUMN rank INTEGER
    GENERATED ALWAYS AS (min(length(name), 255) << 40 | id) VIRTUAL`,

  // Words and nothing else: the texts are in the envelopes, and a word's field is part of it.
  `CREATE VIRTUAL TABLE entity_search USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
  )`,
  SearchIndex.rebuild,

  // The kind as it was written; facets show the spelling that is in use.
  "ALTER TABLE entities ADD COLUMN spelling TEXT NOT NULL DEFAULT ''",
  "UPDATE entities SET spelling = envelope ->> '$.kind'",
  "CREATE INDEX entities_by_facets ON entities (kind, spelling, namespace, owner, state)",
  "CREATE INDEX entities_inactive ON entities (state) WHERE state = 'inactive'",

  // A graph is walked in the indexes alone.
  "DROP INDEX edges_by_from",
  "DROP INDEX edges_by_to",
  "CREATE INDEX edges_by_from ON edges (from_key, to_key, type)",
  "CREATE INDEX edges_by_to ON edges (to_key, from_key, type)",
] satisfies Migration;
