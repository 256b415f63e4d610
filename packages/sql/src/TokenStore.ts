import type { Token } from "@cadastre/domain/Token";
import type { TokenStore } from "@cadastre/domain/TokenStore";
import type { UnitOfWork } from "@cadastre/domain/UnitOfWork";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Engine } from "./Engine.ts";
import * as Statements from "./internal/statements.ts";
import * as tokenRows from "./internal/tokenRows.ts";
import { join } from "./UnitOfWork.ts";

export const make = (
  engine: Context.Tag.Service<Engine>,
  unitOfWork: Context.Tag.Service<UnitOfWork>,
): Context.Tag.Service<TokenStore> => {
  const { client: sql } = engine;
  const statements = Statements.make(engine);
  const atomically = join(unitOfWork);
  const insert = statements.insert(tokenRows.INSERTION);
  const lockText = engine.dialect.lock(["tokens"]);
  const lock = lockText === undefined ? Effect.void : Effect.suspend(() => statements.run(sql.unsafe(lockText)));
  const selectAny = statements.prepare(sql`SELECT 1 AS found FROM tokens LIMIT 1`);
  const selectByHash = statements.prepare(sql`SELECT * FROM tokens WHERE hash = ${"hash"}`);
  const selectAll = statements.prepare(sql`SELECT * FROM tokens ORDER BY created_at, id`);
  const revoke = statements.prepareWrite(
    sql`UPDATE tokens SET revoked_at = coalesce(revoked_at, ${"at"}) WHERE id = ${"id"} RETURNING *`,
  );
  const touch = statements.prepareWrite(sql`UPDATE tokens SET last_used_at = ${"at"} WHERE id = ${"id"}`);

  // Ids and hashes are random: one that is taken is a mistake of the caller's.
  const put = (token: Token) =>
    Effect.catchTag(Effect.asVoid(insert([tokenRows.valuesOf(token)])), "Conflict", Effect.die);

  return {
    insert: (token) => atomically(put(token)),

    insertFirst: (token) =>
      atomically(
        Effect.gen(function* () {
          yield* lock;
          if ((yield* selectAny({})).length > 0) return false;
          yield* put(token);
          return true;
        }),
      ),

    findByHash: (hash) =>
      Effect.map(selectByHash({ hash }), ([row]) => Option.map(Option.fromNullable(row), tokenRows.decode)),

    list: Effect.map(selectAll({}), (rows) => rows.map(tokenRows.decode)),

    revoke: (id, at) =>
      Effect.map(atomically(revoke({ id, at })), ([row]) => Option.map(Option.fromNullable(row), tokenRows.decode)),

    touch: (id, at) => Effect.asVoid(atomically(touch({ id, at }))),
  };
};
