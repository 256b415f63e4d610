/**
 * The log: one line an entry, on standard error, written in blocks: a line at a time doubles the cost of a request.
 */
import { Caller } from "@cadastre/domain/Principal";
import * as TraceContext from "@cadastre/domain/TraceContext";
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as FiberRef from "effect/FiberRef";
import * as FiberRefs from "effect/FiberRefs";
import * as HashMap from "effect/HashMap";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as LogLevel from "effect/LogLevel";
import * as Option from "effect/Option";
import * as Tracer from "effect/Tracer";
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

/** Time, level and message first, then what the code has annotated or logged beside the words. */
export const json = (entry: Entry): string => {
  const { words, fields, failure } = read(entry);
  return JSON.stringify({
    time: entry.date.toISOString(),
    level: entry.logLevel.label.toLowerCase(),
    message: words,
    ...Object.fromEntries(fields),
    ...(failure === undefined ? {} : { cause: failure }),
  });
};

export const pretty =
  (style: Style) =>
  (entry: Entry): string => {
    const { words, fields, failure } = read(entry);
    const level = entry.logLevel.label.padEnd(5);
    return [
      style.dim(entry.date.toISOString().slice(11, 23)),
      entry.logLevel.ordinal >= LogLevel.Error.ordinal
        ? style.red(level)
        : entry.logLevel.ordinal >= LogLevel.Warning.ordinal
          ? style.yellow(level)
          : level,
      printable(words),
      ...[...fields].map(([key, value]) => `${style.dim(`${key}=`)}${printable(shown(value))}`),
      ...(failure === undefined ? [] : [`\n${failure}`]),
    ].join(" ");
  };

interface Read {
  readonly words: string;
  readonly fields: ReadonlyMap<string, unknown>;
  /** Errors that were logged beside the words, and the cause that Effect carries. */
  readonly failure: string | undefined;
}

const read = ({ message, annotations, cause, context }: Entry): Read => {
  const fields = new Map<string, unknown>();
  const words: Array<string> = [];
  const failures: Array<string> = [];
  for (const part of Array.isArray(message) ? message : [message]) {
    if (part instanceof Error) failures.push(part.stack ?? part.message);
    else if (typeof part === "object" && part !== null) {
      for (const [key, value] of Object.entries(part)) fields.set(key, value);
    } else words.push(String(part));
  }
  HashMap.forEach(annotations, (value, key) => {
    fields.set(key, value);
  });
  for (const [key, value] of Object.entries(circumstances(context))) {
    if (value !== undefined && !fields.has(key)) fields.set(key, value);
  }
  if (!Cause.isEmpty(cause)) failures.push(Cause.pretty(cause, { renderErrorCause: true }));
  return { words: words.join(" "), fields, failure: failures.length === 0 ? undefined : failures.join("\n") };
};

/** Of the call in whose course it was said: who made it, and what it belongs to. */
const circumstances = (fiber: FiberRefs.FiberRefs): { readonly [key: string]: string | undefined } => {
  const context = FiberRefs.getOrDefault(fiber, FiberRef.currentContext);
  const caller = Option.getOrUndefined(Context.getOption(context, Caller));
  const span = Option.getOrUndefined(Context.getOption(context, Tracer.ParentSpan));
  const traceparent = span === undefined ? caller?.traceparent : TraceContext.read(TraceContext.traceparentOf(span));
  return {
    principal: caller?.principal.id,
    requestId: caller?.requestId,
    traceId: traceparent === undefined ? undefined : TraceContext.traceIdOf(traceparent),
  };
};

const shown = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
