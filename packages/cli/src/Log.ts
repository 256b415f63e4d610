/**
 * The log: one line an entry, on standard error, written in blocks: a line at a time doubles the cost of a request.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as HashMap from "effect/HashMap";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as LogLevel from "effect/LogLevel";
import type { Config } from "./Config.ts";
import { printable } from "./internal/text.ts";
import { Output, type Style } from "./Output.ts";

/** How long a line may wait for others, in milliseconds. */
const PATIENCE = 100;

/** Characters at which a block is written without waiting any longer. */
const BLOCK = 16 * 1024;

const LEVELS: { readonly [Level in Config["logLevel"]]: LogLevel.LogLevel } = {
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  fatal: LogLevel.Fatal,
  none: LogLevel.None,
};

/** Replaces whatever loggers there are. The last lines are written when the scope closes. */
export const layer = ({
  logFormat,
  logLevel,
}: Pick<Config, "logFormat" | "logLevel">): Layer.Layer<never, never, Output> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const { noteStyle, interactive, noteSync } = yield* Output;
      const format = logFormat === "auto" ? (interactive ? "pretty" : "json") : logFormat;
      const render = format === "json" ? json : pretty(noteStyle);

      let lines: Array<string> = [];
      let size = 0;
      let timer: NodeJS.Timeout | undefined;
      const flush = () => {
        clearTimeout(timer);
        timer = undefined;
        if (lines.length > 0) noteSync(lines.join("\n"));
        lines = [];
        size = 0;
      };
      yield* Effect.addFinalizer(() => Effect.sync(flush));

      const logger = Logger.make((entry: Entry) => {
        const line = render(entry);
        lines.push(line);
        size += line.length;
        if (size >= BLOCK) flush();
        else timer ??= setTimeout(flush, PATIENCE);
      });
      return Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LEVELS[logLevel]));
    }),
  );

type Entry = Logger.Logger.Options<unknown>;

/** Time, level and message first, then what the code has annotated. */
export const json = ({ date, logLevel, message, annotations, cause }: Entry): string => {
  const fields: Record<string, unknown> = {
    time: date.toISOString(),
    level: logLevel.label.toLowerCase(),
    message: wordsOf(message),
  };
  HashMap.forEach(annotations, (value, key) => {
    fields[key] = value;
  });
  const failure = causeOf(message, cause);
  if (failure !== undefined) fields["cause"] = failure;
  return JSON.stringify(fields);
};

export const pretty =
  (style: Style) =>
  ({ date, logLevel, message, annotations, cause }: Entry): string => {
    const level = logLevel.label.padEnd(5);
    const fields: Array<string> = [];
    HashMap.forEach(annotations, (value, key) => {
      fields.push(
        `${style.dim(`${key}=`)}${printable(typeof value === "string" ? value : (JSON.stringify(value) ?? ""))}`,
      );
    });
    const failure = causeOf(message, cause);
    return [
      style.dim(date.toISOString().slice(11, 23)),
      logLevel.ordinal >= LogLevel.Error.ordinal
        ? style.red(level)
        : logLevel.ordinal >= LogLevel.Warning.ordinal
          ? style.yellow(level)
          : level,
      printable(wordsOf(message)),
      ...fields.sort(),
      ...(failure === undefined ? [] : [`\n${failure}`]),
    ].join(" ");
  };

const parts = (message: unknown): ReadonlyArray<unknown> => (Array.isArray(message) ? message : [message]);

const wordsOf = (message: unknown): string =>
  parts(message)
    .filter((part) => !(part instanceof Error))
    .map((part) => (typeof part === "string" ? part : JSON.stringify(part)))
    .join(" ");

/** Errors that were logged beside a message, and the cause that Effect carries. */
const causeOf = (message: unknown, cause: Cause.Cause<unknown>): string | undefined => {
  const texts = parts(message)
    .filter((part) => part instanceof Error)
    .map((error) => error.stack ?? error.message);
  if (!Cause.isEmpty(cause)) texts.push(Cause.pretty(cause, { renderErrorCause: true }));
  return texts.length === 0 ? undefined : texts.join("\n");
};
