/**
 * Running statements: inside a transaction on its connection, outside of one on the reader.
 */
import type { StoreUnavailable } from "@cadastre/domain/Errors";
import { TransactionConnection } from "@effect/sql/SqlClient";
import type { Connection, Row } from "@effect/sql/SqlConnection";
import type { SqlError } from "@effect/sql/SqlError";
import type { Statement } from "@effect/sql/Statement";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import { type Engine, type Insertion, unavailable } from "../Engine.ts";

/** A unique key is taken. */
export class Conflict extends Data.TaggedError("Conflict")<{ readonly cause: SqlError }> {}

type Rows<E = StoreUnavailable> = Effect.Effect<ReadonlyArray<Row>, E>;

export interface Statements {
  /**
   * Compiles a template once; what it interpolates are the names of its parameters. This saves 12 of the 17 µs that a
   * statement of the client costs, which makes a span and compiles its template on each run.
   */
  readonly prepare: (template: Statement<Row>) => (parameters: { readonly [name: string]: unknown }) => Rows;

  /** As {@link prepare}, for a statement that writes: outside a transaction it dies. */
  readonly prepareWrite: Statements["prepare"];

  /** Runs a statement whose text depends on what is asked. */
  readonly run: (statement: Statement<Row>) => Rows;

  readonly insert: (
    insertion: Insertion,
  ) => (rows: ReadonlyArray<ReadonlyArray<unknown>>) => Rows<Conflict | StoreUnavailable>;
}

export const make = (engine: Context.Tag.Service<Engine>): Statements => {
  type Use = (run: (connection: Connection) => Rows<SqlError>) => Rows<SqlError>;

  const useAny: Use = (run) =>
    Effect.contextWithEffect((context: Context.Context<never>) => {
      const transaction = Context.getOption(context, TransactionConnection);
      return transaction._tag === "Some" ? run(transaction.value[0]) : engine.withReader(run);
    });

  const useOwn: Use = (run) =>
    Effect.contextWithEffect((context: Context.Context<never>) => {
      const transaction = Context.getOption(context, TransactionConnection);
      return transaction._tag === "Some"
        ? run(transaction.value[0])
        : Effect.dieMessage("this store call belongs inside UnitOfWork.transact");
    });

  const execute = (use: Use, text: string, values: ReadonlyArray<unknown>): Rows =>
    Effect.catchAll(
      use((connection) => connection.execute(text, values, undefined)),
      (error) => unavailable(engine, error),
    );

  const preparing =
    (use: Use): Statements["prepare"] =>
    (template) => {
      const [text, names] = template.compile();
      return (parameters) =>
        execute(
          use,
          text,
          names.map((name) => parameters[String(name)]),
        );
    };

  return {
    prepare: preparing(useAny),

    prepareWrite: preparing(useOwn),

    run: (statement) => execute(useAny, ...statement.compile()),

    insert: (insertion) => {
      const insert = engine.insert(insertion);
      return (rows) =>
        Effect.catchAll(
          useOwn((connection) => insert(connection, rows)),
          (error): Effect.Effect<never, Conflict | StoreUnavailable> =>
            engine.classify(error) === "conflict"
              ? Effect.fail(new Conflict({ cause: error }))
              : unavailable(engine, error),
        );
    },
  };
};
