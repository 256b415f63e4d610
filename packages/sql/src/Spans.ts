/**
 * A span for each statement, where somebody traces, by OpenTelemetry's conventions for databases
 * (https://opentelemetry.io/docs/specs/semconv/database/database-spans/).
 */
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { identity } from "effect/Function";
import * as Tracer from "effect/Tracer";

/** For the text of a statement, what runs it in its span. Values are parameters: they are not in the text, and not told. */
export type Spans = (text: string) => <A, E, R>(run: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;

export const none: Spans = () => identity;

/** `system`: the database's name among those that the conventions know. */
export const make = (system: "sqlite" | "postgresql", namespace?: string): Effect.Effect<Spans> =>
  TraceContext.ifTraced(
    () => {
      const common = {
        "db.system.name": system,
        ...(namespace === undefined ? {} : { "db.namespace": namespace }),
      };
      return Effect.succeed<Spans>((text) => {
        const query = text.replace(/\s+/g, " ").trim();
        const { operation, table } = summaryOf(query);
        const name = table === undefined ? operation : `${operation} ${table}`;
        const options = {
          captureStackTrace: false,
          kind: "client" as const,
          attributes: {
            ...common,
            "db.operation.name": operation,
            ...(table === undefined ? {} : { "db.collection.name": table }),
            "db.query.summary": name,
            "db.query.text": query,
          },
        };
        return <A, E, R>(run: Effect.Effect<A, E, R>) =>
          Effect.contextWithEffect(
            (context: Context.Context<never>) =>
              // What is polled for belongs to no trace, and would be one of its own every second.
              Context.getOption(context, Tracer.ParentSpan)._tag === "None"
                ? run
                : (Effect.withSpan(run, name, options) as Effect.Effect<A, E, R>), // R is without the parent as it is
          );
      });
    },
    () => Effect.succeed(none),
  );

/** The first word, and the table that is read or written first. */
const summaryOf = (query: string): { readonly operation: string; readonly table: string | undefined } => ({
  operation: /^\w+/.exec(query)?.[0].toUpperCase() ?? "QUERY",
  table: /\b(?:FROM|INTO|UPDATE|TABLE) (\w+)/i.exec(query)?.[1],
});
