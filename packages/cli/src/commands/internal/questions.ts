/**
 * What the commands do that ask about entities. Loaded when one of them runs.
 */
import * as Writer from "@cadastre/descriptors/Writer";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as ChangeView from "../../ChangeView.ts";
import { Client } from "../../Client.ts";
import { short } from "../../EntityView.ts";
import * as Failure from "../../Failure.ts";
import * as GraphView from "../../GraphView.ts";
import * as Lookup from "../../Lookup.ts";
import { Output } from "../../Output.ts";
import { type Change, Questions } from "../../Questions.ts";
import * as Table from "../../Table.ts";
import * as Conditions from "../Conditions.ts";
import type * as Options from "../Options.ts";
import { asOptions, connected, type Given, tellUnevaluated } from "./connected.ts";

interface Graph extends Given {
  readonly reference: string;
  readonly direction: Option.Option<string>;
  readonly relation: ReadonlyArray<string>;
  readonly depth: Option.Option<string>;
  readonly limit: Option.Option<number>;
  readonly format: Options.Format;
}

export const graph = ({ reference, relation, direction, depth, limit, format, ...given }: Graph) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line, note, style, width } = yield* Output;
      const { graph } = yield* Questions;
      const found = yield* graph(yield* Lookup.uidOf(reference), {
        relation,
        ...Conditions.given({ direction, depth, limit }),
      }).pipe(Effect.mapError(asOptions));
      switch (format) {
        case "table": {
          const steps = Option.match(depth, {
            onNone: () => 1,
            onSome: (text) => (text === "all" ? Infinity : Number(text)),
          });
          yield* line(GraphView.view(found, { direction: directionOf(direction), depth: steps, style, width }));
          break;
        }
        case "name":
          for (const node of found.nodes) if (node.reference !== found.root) yield* line(node.reference);
          break;
        default:
          yield* data(found, format);
      }
      if (found.truncated) {
        yield* note(
          `… truncated: only the ${found.nodes.length} nearest are shown; --limit N shows more, up to 10000.`,
        );
      }
    }),
  );

/** The daemon has refused any other word. */
const directionOf = (direction: Option.Option<string>) =>
  Option.getOrElse(direction, () => "both") as GraphView.View["direction"];

interface Path extends Given {
  readonly from: string;
  readonly to: string;
  readonly relation: ReadonlyArray<string>;
  readonly format: Options.Format;
}

export const path = ({ from, to, relation, format, ...given }: Path) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line, write, note, style, width } = yield* Output;
      const { path } = yield* Questions;
      const found = yield* path(yield* Lookup.uidOf(from), { to: yield* Lookup.keyOf(to), relation }).pipe(
        Effect.mapError(asOptions),
      );
      switch (format) {
        case "table":
          return yield* found.steps.length === 0
            ? note("They are the same.")
            : write(GraphView.path(found, style, width));
        case "name":
          return yield* line([found.from, ...found.steps.map((step) => step.to)].join("\n"));
        default:
          return yield* data(found, format);
      }
    }),
  );

interface History extends Given {
  readonly reference: string;
  readonly path: Option.Option<string>;
  readonly limit: Option.Option<number>;
  readonly format: Exclude<Options.Format, "name">;
}

/** Revisions of one call. */
const PAGE = 500;

const STANDARD_LIMIT = 20;

/** Calls at a time. */
const CONCURRENCY = 8;

export const history = ({ reference, path, limit, format, ...given }: History) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line, note, style, width } = yield* Output;
      const client = yield* Client;
      const questions = yield* Questions;
      const uid = yield* Lookup.uidOf(reference);
      const wanted = Option.getOrElse(limit, () => STANDARD_LIMIT);
      const items: Array<Change> = [];
      let before: number | undefined;
      do {
        const page: Effect.Effect.Success<ReturnType<typeof questions.history>> = yield* questions
          .history(uid, {
            ...Conditions.given({ path, before: Option.fromNullable(before) }),
            limit: String(Math.min(PAGE, wanted - items.length)),
          })
          .pipe(Effect.mapError(asOptions));
        items.push(...page.items);
        before = page.next;
      } while (before !== undefined && items.length < wanted);

      if (format !== "table") return yield* data(items, format);
      const views = yield* Effect.forEach(
        items,
        (change) =>
          Effect.gen(function* () {
            const before = ChangeView.needsBefore(change)
              ? yield* Effect.mapError(client.getByUid(uid, String(change.revision - 1)), Failure.from)
              : undefined;
            return ChangeView.revision(change, before, style, width);
          }),
        { concurrency: CONCURRENCY },
      );
      yield* views.length === 0 ? note("No revision fits.") : line(views.join("\n"));
      if (before !== undefined && Option.isNone(limit))
        yield* note(`\nThe latest ${items.length}; there are older ones: --limit N shows them.`);
    }),
  );

interface Facets extends Given, Conditions.Conditions {
  readonly by: ReadonlyArray<string>;
  readonly limit: Option.Option<number>;
  readonly format: Exclude<Options.Format, "name">;
}

export const facets = (given: Facets) =>
  connected(
    given,
    Effect.gen(function* () {
      const output = yield* Output;
      const questions = yield* Questions;
      const report = yield* questions
        .facets({ by: given.by, ...Conditions.toQuery(given), ...Conditions.given({ limit: given.limit }) })
        .pipe(Effect.mapError(asOptions));
      if (given.format !== "table") yield* data(report, given.format);
      else {
        const tables = report.facets.map(({ by, values, distinct, missing }) => {
          const rows = [
            ...values.map(({ value, count }) => [by === "owner" ? short(value) : value, String(count)]),
            ...(distinct > values.length ? [[`… ${distinct - values.length} more`, ""]] : []),
            ...(missing > 0 ? [["(none)", String(missing)]] : []),
          ];
          return Table.render([by, "COUNT"], rows, { ...output, keep: [1], right: [1] });
        });
        yield* output.write(tables.join("\n"));
      }
      if (report.approximate === true) {
        yield* output.note("Not all entities were counted: the filter had to be evaluated, and that is bounded.");
      }
      yield* tellUnevaluated([report.unevaluated]);
    }),
  );

const data = (value: unknown, format: "json" | "yaml") =>
  Effect.flatMap(Output, ({ line, write }) =>
    format === "json" ? line(JSON.stringify(value, undefined, 2)) : write(Writer.write(value)),
  );
