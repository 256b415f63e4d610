/**
 * Entities, what hangs on them, their history, and tokens.
 *
 * Columns that are sorted or compared hold lower case; the envelope has the spelling. Each index ends in what breaks ties in
 * lists, so that a page is read in its order; each costs a new entity about 5 µs.
 */
export default [
  `CREATE TABLE entities (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    uid        TEXT NOT NULL UNIQUE,
    key        TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    name       TEXT NOT NULL,
    title      TEXT,
    owner      TEXT,
    state      TEXT NOT NULL CHECK (state IN ('active', 'inactive')),
    revision   INTEGER NOT NULL CHECK (revision > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    envelope   TEXT NOT NULL
  ) STRICT`,
  "CREATE INDEX entities_by_name ON entities (name, uid)",
  "CREATE INDEX entities_by_kind ON entities (kind, uid)",
  "CREATE INDEX entities_by_kind_and_name ON entities (kind, name, uid)",
  "CREATE INDEX entities_by_namespace ON entities (namespace, uid)",
  "CREATE INDEX entities_by_namespace_and_name ON entities (namespace, name, uid)",
  "CREATE INDEX entities_by_title ON entities (title, uid)",
  "CREATE INDEX entities_by_owner ON entities (owner, uid)",
  "CREATE INDEX entities_by_created_at ON entities (created_at, uid)",
  "CREATE INDEX entities_by_updated_at ON entities (updated_at, uid)",

  `CREATE TABLE edges (
    declared_by INTEGER NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    type        TEXT NOT NULL,
    from_key    TEXT NOT NULL,
    to_key      TEXT NOT NULL,
    PRIMARY KEY (declared_by, position)
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX edges_by_from ON edges (from_key)",
  "CREATE INDEX edges_by_to ON edges (to_key)",

  `CREATE TABLE entity_tags (
    entity_id INTEGER NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    tag       TEXT NOT NULL,
    PRIMARY KEY (entity_id, tag)
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX entity_tags_by_tag ON entity_tags (tag)",

  `CREATE TABLE entity_labels (
    entity_id INTEGER NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    label     TEXT NOT NULL,
    value     TEXT NOT NULL,
    PRIMARY KEY (entity_id, label)
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX entity_labels_by_label ON entity_labels (label, value)",

  // AUTOINCREMENT: a sequence never comes back, whatever is deleted.
  `CREATE TABLE events (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    type        TEXT NOT NULL,
    uid         TEXT NOT NULL,
    reference   TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    via         TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    traceparent TEXT,
    patch       TEXT NOT NULL,
    envelope    TEXT NOT NULL,
    UNIQUE (uid, revision)
  ) STRICT`,

  `CREATE TABLE tokens (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
  ) STRICT, WITHOUT ROWID`,
] as const;
