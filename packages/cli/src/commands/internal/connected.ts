/**
 * What all commands have in common that ask a running daemon.
 */
import type { Unevaluated } from "@cadastre/api/Conditions";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Option from "effect/Option";
import * as Client from "../../Client.ts";
import * as Connection from "../../Connection.ts";
import { ExitCode } from "../../ExitCode.ts";
import * as Failure from "../../Failure.ts";
import { printable } from "../../internal/text.ts";
import { Output } from "../../Output.ts";
import * as Questions from "../../Questions.ts";
import * as Options from "../Options.ts";

export interface Given {
  readonly url: Option.Option<string>;
  readonly tokenFile: Option.Option<string>;
  readonly tokenCommand: Option.Option<string>;
}

const services = Layer.merge(Client.layer, Questions.layer);

/** Runs what asks the daemon. */
export const connected = <A, R>(
  { url, tokenFile, tokenCommand }: Given,
  effect: Effect.Effect<A, Failure.Failure, R>,
): Effect.Effect<A, Failure.Failure, Exclude<R, Client.Client | Questions.Questions>> =>
  Effect.flatMap(Options.configured({ url, tokenFile, tokenCommand }), (config) =>
    Effect.provide(effect, Layer.provide(services, Connection.layer(config))),
  );

/** What the daemon says of its parameters, said of the options that they came from. */
export const asOptions = (error: Failure.Any): Failure.Failure =>
  error._tag === "InvalidInput" && error.faults.length > 0
    ? new Failure.Failure({ exit: ExitCode.usage, message: error.faults.map(asOption).join("\n") })
    : Failure.from(error);

/** Of an expression, the place is told first, and the lines that show it stand as they are. */
const asOption = ({ path, message }: { readonly path: string; readonly message: string }): string => {
  const option = path.replace(/^\//, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const [first = "", ...lines] = message.split("\n");
  const dashes = option.length === 1 ? "-" : "--";
  return [`${dashes}${option}${first.startsWith("line ") ? "," : ""} ${first}.`, ...lines].join("\n");
};

/** Tells which entities the filter could not be evaluated on. */
export const tellUnevaluated = (
  all: ReadonlyArray<typeof Unevaluated.Type | undefined>,
  noun = ["entity", "entities"],
) =>
  Effect.gen(function* () {
    const { note, noteStyle } = yield* Output;
    const sample = all.find((it) => it !== undefined)?.sample;
    if (sample === undefined) return;
    const count = all.reduce((sum, it) => sum + (it?.count ?? 0), 0);
    yield* note(
      noteStyle.yellow(
        `${count} ${noun[count === 1 ? 0 : 1]} could not be evaluated: ${printable(sample.reference)}: ${printable(sample.message)}`,
      ),
    );
  });
