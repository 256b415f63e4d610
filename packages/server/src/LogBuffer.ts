/**
 * A logger that writes JSON lines in blocks: written line by line, the request log alone would double the cost of a
 * request.
 */
import { isObject } from "@cadastre/domain/Json";
import { Caller } from "@cadastre/domain/Principal";
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as FiberRef from "effect/FiberRef";
import * as FiberRefs from "effect/FiberRefs";
import * as HashMap from "effect/HashMap";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as LogLevel from "effect/LogLevel";
import * as Option from "effect/Option";

export interface LogBufferOptions {
  /** Takes whole lines. */
  readonly write: (lines: string) => void;
  /** How a record becomes a line, without the line feed; JSON where absent. */
  readonly format?: ((record: LogRecord) => string) | undefined;
  /** The longest that a line waits; 200 ms where absent. */
  readonly interval?: Duration.DurationInput | undefined;
}

/** `time` and `level` come first, then `message`, then whatever the log was given: annotations and plain objects. */
export type LogRecord = { readonly time: string; readonly level: string; readonly message: string } & {
  readonly [field: string]: unknown;
};

/** In place of the default logger. Lines are written in blocks; errors, and what is left at the end, at once. */
export const layer = (options: LogBufferOptions): Layer.Layer<never> =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const format = options.format ?? JSON.stringify;
      let pending = "";
      const flush = () => {
        if (pending === "") return;
        const lines = pending;
        pending = "";
        options.write(lines);
      };
      yield* Effect.addFinalizer(() => Effect.sync(flush));
      yield* Effect.sync(flush).pipe(Effect.delay(options.interval ?? "200 millis"), Effect.forever, Effect.forkScoped);
      return Logger.replace(
        Logger.defaultLogger,
        Logger.make((entry) => {
          pending += `${format(recordOf(entry))}\n`;
          if (pending.length > BLOCK || LogLevel.greaterThanEqual(entry.logLevel, LogLevel.Error)) flush();
        }),
      );
    }),
  );

/** Characters. */
const BLOCK = 64 * 1024;

const recordOf = ({
  date,
  logLevel,
  message,
  cause,
  annotations,
  context,
}: Logger.Logger.Options<unknown>): LogRecord => {
  const texts: Array<string> = [];
  const fields: Record<string, unknown> = {};
  for (const part of [message].flat()) {
    if (isObject(part)) Object.assign(fields, part);
    else texts.push(typeof part === "string" ? part : String(part));
  }
  const caller = Context.getOption(FiberRefs.getOrDefault(context, FiberRef.currentContext), Caller);
  return {
    time: date.toISOString(),
    level: logLevel.label.toLowerCase(),
    message: texts.join(" "),
    ...(Option.isSome(caller) ? { requestId: caller.value.requestId, principal: caller.value.principal.id } : {}),
    ...Object.fromEntries(HashMap.toEntries(annotations)),
    ...fields,
    ...(Cause.isEmpty(cause) ? {} : { cause: Cause.pretty(cause, { renderErrorCause: true }) }),
  };
};
