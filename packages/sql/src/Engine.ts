/**
 * What a database brings along, so that the stores of this package run on it.
 */
import { StoreUnavailable } from "@cadastre/domain/Errors";
import { FIELDS, type SearchText } from "@cadastre/domain/SearchText";
import type { SqlClient } from "@effect/sql/SqlClient";
import type { Connection, Row } from "@effect/sql/SqlConnection";
import type { SqlError } from "@effect/sql/SqlError";
import type { Fragment } from "@effect/sql/Statement";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { JsonDialect } from "./Predicates.ts";
import type { Spans } from "./Spans.ts";

/**
 * - `conflict`: a unique key is taken
 * - `transient`: the same transaction may succeed if it is run again at once
 * - `unavailable`: the database cannot be used now
 * - `defect`: the statement is wrong
 */
export type Failure = "conflict" | "transient" | "unavailable" | "defect";

/** Where the databases' languages differ. */
export interface Dialect {
  /** Begins a transaction that will write. */
  readonly begin: string;
  /** Keeps everyone else from writing to these tables until the transaction ends; undefined where beginning it did. */
  readonly lock: (tables: ReadonlyArray<string>) => string | undefined;
  /** Ends a SELECT of entities by key, whose rows must not change until the transaction ends. */
  readonly forUpdate: Fragment;
  /** Ends a SELECT of one row, which must not change until the transaction ends. */
  readonly lockRow: Fragment;
  /** Ends a SELECT that takes rows for itself: those that another transaction has taken are passed over. */
  readonly skipLocked: Fragment;
  /** A FROM clause: the `jobs`, as `j`, that a condition with an order and a limit finds for each row of a query. */
  readonly jobsOfEach: (rows: Fragment, found: Fragment) => Fragment;
  /**
   * A query that lets others wait who ask it for one of the same texts of a JSON array, until the transaction ends; undefined
   * where one transaction at a time writes.
   */
  readonly lockTexts: ((json: string) => Fragment) | undefined;
  /** Follows a table: it is read by this index, where the planner does not know better itself. */
  readonly indexed: (index: string) => Fragment;
  /** The arrays of a JSON array, as a query with these columns. */
  readonly records: (json: string, columns: { readonly [name: string]: "integer" | "text" }) => Fragment;
  /** The texts of a JSON array, as a query of one column. */
  readonly texts: (json: string) => Fragment;
  /** A text as one that compares by code point, as columns do. */
  readonly codePoints: (text: string) => Fragment;
  /** A column of a condition that is not to be answered from an index, where the planner does not know better itself. */
  readonly residual: (column: Fragment) => Fragment;
  /** That a column has one of these values, a query of one column and a few thousand rows at the most. */
  readonly isAmong: (column: Fragment, values: Fragment) => Fragment;
  /** A text as a JSON string, quotes included. */
  readonly quoted: (column: Fragment) => Fragment;
  /** Looking into the document of the entity `e`. */
  readonly json: JsonDialect;
  /** The text at a path of the document of the entity `e`; NULL if there is none. */
  readonly text: (path: ReadonlyArray<string>) => Fragment;
  /**
   * A join that leaves a row for each text, number or boolean at a path of the document of the entity `e`, or in a list
   * there, and for a document without any one row whose `text` is NULL.
   */
  readonly scalars: (path: ReadonlyArray<string>) => { readonly join: Fragment; readonly text: Fragment };
  /** Events above a sequence, in order, that no lower one can follow any more; and the sequence of the last of these. */
  readonly feed: {
    readonly since: (after: string, limit: string) => Fragment;
    readonly head: Fragment;
  };
  /** Statements after much was inserted at once, events with their sequences among it: they are counted on, and planners learn of it. */
  readonly afterLoad: ReadonlyArray<string>;
  /** The places that a JSON Patch changes, sources of moves included, as a query of one column, `place`. */
  readonly places: (patch: Fragment) => Fragment;
  /** Entities that a text finds, as a query of one column. */
  readonly matching: (text: SearchText) => Fragment;
  /**
   * Entities of one degree of relevance, from 0, the best, to {@link LEAST_RELEVANT}, as a query of `id` and `sort`: in the
   * order of `sort`, those above `after`, at most `limit`. Higher degrees have higher values of `sort`.
   */
  readonly ranked: (text: SearchText, page: RankedPage) => Fragment;
}

/** A degree for each number of fields where the last word is complete, and one where it is not. */
export const LEAST_RELEVANT = 2 * FIELDS.length - 1;

export interface RankedPage {
  readonly degree: number;
  /** Only of these ids. */
  readonly among: Fragment | undefined;
  readonly after: number;
  readonly limit: number;
}

/** Rows for one table. */
export interface Insertion {
  readonly into: string;
  readonly columns: ReadonlyArray<string>;
  /** What follows the values: ON CONFLICT, RETURNING. */
  readonly ending?: string;
}

export class Engine extends Context.Tag("@cadastre/sql/Engine")<
  Engine,
  {
    readonly dialect: Dialect;

    /** Compiles statements; its `reserve` gives the connection for a transaction, to one fiber at a time. */
    readonly client: SqlClient;

    /** Runs what needs no transaction. It never sees what is not committed. */
    readonly withReader: <A, E, R>(
      use: (connection: Connection) => Effect.Effect<A, E, R>,
    ) => Effect.Effect<A, E | SqlError, R>;

    /**
     * Statements before and after one that only hands out work, outside a transaction: a power cut may take that back, and it is
     * handed out again. So it need not wait for the disk. Undefined where this saves nothing.
     */
    readonly unsynced: { readonly before: string; readonly after: string } | undefined;

    /** A connection that shows the database as it stood at one moment, until the scope is closed. */
    readonly snapshot: Effect.Effect<Connection, SqlError, Scope.Scope>;

    /** Makes a statement that is run often, of a text that never changes. */
    readonly prepare: (
      text: string,
    ) => (connection: Connection, values: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<Row>, SqlError>;

    /** Inserts rows, each given as its columns' values, in order; all that RETURNING returned comes back. */
    readonly insert: (
      insertion: Insertion,
    ) => (
      connection: Connection,
      rows: ReadonlyArray<ReadonlyArray<unknown>>,
    ) => Effect.Effect<ReadonlyArray<Row>, SqlError>;

    /** What runs a statement in a span of its own; nothing where nobody traces. */
    readonly spans: Spans;

    /** By the driver's code, never by its message. */
    readonly classify: (error: SqlError) => Failure;

    /** One sentence for the people who run the program. */
    readonly describe: (error: SqlError) => string;
  }
>() {}

/** What a caller cannot mend is a defect: the statement was wrong, or a key was taken that nobody else can take. */
export const unavailable = (
  engine: Context.Tag.Service<Engine>,
  error: SqlError,
): Effect.Effect<never, StoreUnavailable> => {
  const failure = engine.classify(error);
  return failure === "defect" || failure === "conflict"
    ? Effect.die(error)
    : Effect.fail(new StoreUnavailable({ message: engine.describe(error), cause: error }));
};
