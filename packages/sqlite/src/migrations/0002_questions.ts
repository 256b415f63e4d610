/**
 * What full-text search and facets are answered from.
 */
import * as SearchIndex from "@cadastre/sql/SearchIndex";
import type { Migration } from "../internal/migration.ts";

export default [
  // The rank sorts what a text finds equally: shorter names first, then older entities; `internal/search.ts` takes it apart.
  `ALTER TABLE entities ADD COLUMN rank INTEGER
    GENERATED ALWAYS AS (min(length(name), 255) << 40 | id) VIRTUAL`,

  // Contentless: the words are in the envelopes. Without positions, which only phrases need, it is a third of the size.
  `CREATE VIRTUAL TABLE entity_search USING fts5 (
    name, title, tags, owner, description,
    content = '', contentless_delete = 1, detail = column, tokenize = 'ascii'
  )`,
  SearchIndex.rebuild,

  // The kind as it was written; facets show the spelling that is in use.
  "ALTER TABLE entities ADD COLUMN spelling TEXT NOT NULL DEFAULT ''",
  "UPDATE entities SET spelling = envelope ->> '$.kind'",
  "CREATE INDEX entities_by_facets ON entities (kind, spelling, namespace, owner, state)",
] satisfies Migration;
