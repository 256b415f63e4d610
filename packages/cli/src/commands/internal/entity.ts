/**
 * What the `entity` commands do. Loaded when one of them runs.
 */

import * as Writer from "@cadastre/descriptors/Writer";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { Client, type Entity, type ListQuery, layer, type Page } from "../../Client.ts";
import * as EntityView from "../../EntityView.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import * as Lookup from "../../Lookup.ts";
import { Output } from "../../Output.ts";
import * as Table from "../../Table.ts";
import * as Options from "../Options.ts";

export { apply, validate } from "./apply.ts";

interface Connection {
  readonly url: Option.Option<string>;
  readonly tokenFile: Option.Option<string>;
}

/** Runs what asks the daemon. */
export const connected = <A, R>(
  given: Connection,
  effect: Effect.Effect<A, Failure.Failure, R>,
): Effect.Effect<A, Failure.Failure, Exclude<R, Client>> =>
  Effect.flatMap(Options.configured({ url: given.url, tokenFile: given.tokenFile }), (config) =>
    Effect.provide(effect, layer(config)),
  );

interface Get extends Connection {
  readonly reference: string;
  readonly format: Options.Format;
}

export const get = (given: Get) =>
  connected(
    given,
    Effect.gen(function* () {
      const { write, line, style, width } = yield* Output;
      const entity = yield* Lookup.find(given.reference);
      switch (given.format) {
        case "table":
          return yield* line(EntityView.view(entity, style, width ?? 100));
        case "json":
          return yield* line(JSON.stringify(entity, undefined, 2));
        case "yaml":
          return yield* write(yaml(entity));
        case "name":
          return yield* line(Lookup.referenceOf(entity));
      }
    }),
  );

interface List extends Connection {
  readonly kind: ReadonlyArray<string>;
  readonly namespace: ReadonlyArray<string>;
  readonly owner: ReadonlyArray<string>;
  readonly tag: ReadonlyArray<string>;
  readonly label: ReadonlyArray<string>;
  readonly state: ReadonlyArray<string>;
  readonly orderBy: Option.Option<string>;
  readonly limit: Option.Option<number>;
  readonly all: boolean;
  readonly format: Options.Format;
}

/** Entities of one call. */
const PAGE = 500;

const STANDARD_LIMIT = 50;

export const list = (given: List) =>
  connected(
    given,
    Effect.gen(function* () {
      const output = yield* Output;
      const { write } = output;
      const client = yield* Client;
      const limit = given.all ? Number.POSITIVE_INFINITY : Option.getOrElse(given.limit, () => STANDARD_LIMIT);

      const rows: Array<ReadonlyArray<string>> = [];
      let shown = 0;
      let cursor: string | undefined;
      do {
        const page: Page = yield* client
          .list({
            ...conditions(given),
            limit: String(Math.min(PAGE, limit - shown)),
            ...(cursor === undefined ? {} : { cursor }),
          })
          .pipe(Effect.mapError(asOptions));
        for (const entity of page.items) {
          if (given.format === "json")
            yield* write(`${shown === 0 ? "[" : ","}\n${JSON.stringify(entity, undefined, 2)}`);
          else if (given.format === "yaml") yield* write(`${shown === 0 ? "" : "---\n"}${yaml(entity)}`);
          else if (given.format === "name") yield* write(`${Lookup.referenceOf(entity)}\n`);
          else rows.push(EntityView.row(entity));
          shown++;
        }
        cursor = page.nextCursor;
      } while (cursor !== undefined && shown < limit);

      if (given.format === "json") yield* write(shown === 0 ? "[]\n" : "\n]\n");
      if (given.format !== "table") return;
      if (shown === 0) return yield* output.note("No entity fits.");
      yield* write(Table.render(EntityView.HEAD, rows, { ...output, keep: [0] }));
      if (cursor !== undefined)
        yield* output.note(`\nThe first ${shown}; there are more: --limit N or --all shows them.`);
    }),
  );

interface Remove extends Connection {
  readonly references: ReadonlyArray<string>;
  readonly force: boolean;
}

export const remove = (given: Remove) =>
  connected(
    given,
    Effect.gen(function* () {
      const { line } = yield* Output;
      const client = yield* Client;
      for (const reference of given.references) {
        const entity = yield* Lookup.find(reference);
        yield* Effect.mapError(client.remove(entity.metadata.uid, given.force), Failure.from);
        yield* line(`deleted ${Lookup.referenceOf(entity)}`);
      }
    }),
  );

const conditions = ({ kind, namespace, owner, tag, label, state, orderBy }: List): ListQuery => ({
  kind,
  namespace,
  owner,
  tag,
  label,
  state,
  ...(Option.isSome(orderBy) ? { orderBy: orderBy.value } : {}),
});

/** What the daemon says of its parameters, said of the options that they came from. */
const asOptions = (error: Failure.Any): Failure.Failure => {
  const fault = error._tag === "InvalidInput" ? error.faults[0] : undefined;
  if (fault === undefined) return Failure.from(error);
  const option = fault.path.replace(/^\//, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return new Failure.Failure({ exit: ExitCode.usage, message: `--${option} ${fault.message}.` });
};

const yaml = (entity: Entity): string => Writer.write(entity);
