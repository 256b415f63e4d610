/**
 * An engine whose statements a test looks at before they run, inside transactions and outside.
 */
import type { Engine } from "@cadastre/sql/Engine";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";

export type Connection = Parameters<Parameters<Context.Tag.Service<Engine>["withReader"]>[0]>[0];

/** The engine, which runs `look` on the connection of each prepared statement, before it. */
export const watched = (
  engine: Context.Tag.Service<Engine>,
  look: (
    connection: Connection,
    ...statement: Parameters<Connection["executeUnprepared"]>
  ) => ReturnType<Connection["executeUnprepared"]>,
): Context.Tag.Service<Engine> => {
  const watch = (connection: Connection): Connection => ({
    ...connection,
    execute: (...statement) => Effect.zipRight(look(connection, ...statement), connection.execute(...statement)),
  });
  return {
    ...engine,
    withReader: (use) => engine.withReader((connection) => use(watch(connection))),
    client: new Proxy(engine.client, {
      get: (client, key) => (key === "reserve" ? Effect.map(client.reserve, watch) : Reflect.get(client, key)),
    }),
  };
};
