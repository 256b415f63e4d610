/**
 * Where commands write: results to standard output, everything else to standard error.
 */

import { fstat } from "node:fs";
import { styleText } from "node:util";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Environment from "./Environment.ts";
import { cut } from "./internal/text.ts";

type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

export const plain: Style = {
  bold: (text) => text,
  dim: (text) => text,
  red: (text) => text,
  green: (text) => text,
  yellow: (text) => text,
  cyan: (text) => text,
};

const coloured: Style = {
  bold: (text) => styleText("bold", text),
  dim: (text) => styleText("dim", text),
  red: (text) => styleText("red", text),
  green: (text) => styleText("green", text),
  yellow: (text) => styleText("yellow", text),
  cyan: (text) => styleText("cyan", text),
};

export class Output extends Context.Tag("@cadastre/cli/Output")<
  Output,
  {
    /** Writes to standard output as it is, and waits for a slow reader. */
    readonly write: (text: string) => Effect.Effect<void>;
    /** Writes a line to standard output. */
    readonly line: (text: string) => Effect.Effect<void>;
    /** Writes a line to standard error. */
    readonly note: (text: string) => Effect.Effect<void>;
    /**
     * Replaces the line that standard error's terminal shows last, given the columns there are for it; "" clears it.
     * Nothing without a terminal.
     */
    readonly progress: (text: (width: number) => string) => Effect.Effect<void>;
    /** Writes lines to standard error at once: for the log, which has no fiber to wait in. */
    readonly noteSync: (text: string) => void;
    /** Standard error is a terminal. */
    readonly interactive: boolean;
    /** Standard output is a file: nobody sees what is written there, and no other program waits for it. */
    readonly toFile: Effect.Effect<boolean>;
    /** Columns of standard output's terminal; undefined in a pipe or file, where nothing is cut. */
    readonly width: number | undefined;
    /** For standard output. */
    readonly style: Style;
    /** For standard error. */
    readonly noteStyle: Style;
  }
>() {}

/** The process's own streams: colours only on a terminal, and not where `NO_COLOR` is set or the terminal is dumb. */
export const layer: Layer.Layer<Output> = Layer.effect(
  Output,
  Effect.gen(function* () {
    const { stdout, stderr } = process;
    const dumb = Option.contains(yield* Environment.variable("TERM"), "dumb");
    const noColour = dumb || Option.isSome(yield* Environment.variable("NO_COLOR"));
    const erase = "\r\u001b[K";
    let progressShown = false;
    /** What goes before any text: both streams may be the same terminal. */
    const cleared = (): string => {
      const before = progressShown ? erase : "";
      progressShown = false;
      return before;
    };
    const send = (stream: NodeJS.WriteStream, text: string) =>
      Effect.async<void>((resume) => {
        if (stream.write(text)) resume(Effect.void);
        else stream.once("drain", () => resume(Effect.void));
      });
    const result = (text: string) =>
      Effect.suspend(() => {
        const before = cleared();
        if (before !== "") stderr.write(before);
        return send(stdout, text);
      });
    return {
      write: result,
      line: (text) => result(`${text}\n`),
      note: (text) => Effect.suspend(() => send(stderr, `${cleared()}${text}\n`)),
      progress: (text) =>
        Effect.suspend(() => {
          if (!stderr.isTTY || dumb) return Effect.void;
          // The last column stays free: some terminals go to the next line when it is written to.
          const width = (stderr.columns || 80) - 1;
          const line = cut(text(width), width);
          if (line === "" && !progressShown) return Effect.void;
          progressShown = line !== "";
          return send(stderr, `${erase}${line}`);
        }),
      noteSync: (text) => {
        stderr.write(`${cleared()}${text}\n`);
      },
      interactive: stderr.isTTY === true,
      // Not fstatSync: once it has seen a pipe, Node resolves no symbolic links when it loads a module (in 20 at least).
      toFile: Effect.async((resume) =>
        fstat(stdout.fd, (error, stats) => resume(Effect.succeed(error === null && stats.isFile()))),
      ),
      width: stdout.isTTY ? stdout.columns : undefined,
      style: stdout.isTTY && !noColour ? coloured : plain,
      noteStyle: stderr.isTTY && !noColour ? coloured : plain,
    };
  }),
);
