/**
 * From what happened on the wire to what the delivery log shows.
 */
import { type IncomingHttpHeaders, STATUS_CODES } from "node:http";
import type { Attempt, AttemptFailure } from "@cadastre/domain/Attempt";
import * as Clock from "effect/Clock";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False: there was more than is read, or the rest did not come. */
  readonly complete: boolean;
}

/** Why an attempt did not end well. */
export class Failed extends Data.TaggedError("Failed")<{
  readonly failure: AttemptFailure;
  /** A sentence; may quote what the receiver said, for it is made harmless later. */
  readonly message: string;
  readonly answer?: Answer;
}> {}

/** What is noted on the way, by whoever learns of it. Times are milliseconds since the epoch, of the last exchange. */
export interface Trace {
  readonly start: number;
  /** Secrets that must not be shown, whatever the receiver echoes. */
  readonly hidden: Set<string>;
  dns?: number | undefined;
  connect?: number | undefined;
  firstByte?: number | undefined;
  address?: string | undefined;
}

export interface Delivered {
  readonly message: string;
  readonly answer: Answer;
}

/** All that an attempt may take, milliseconds. */
export const TOTAL = 15_000;

const MAX_RETRY_AFTER = 24 * 60 * 60 * 1000;

const SHOWN_BYTES = 1024;

/** Runs one attempt, however many requests it needs. */
export const attempt = (run: (trace: Trace) => Effect.Effect<Delivered, Failed>): Effect.Effect<Attempt> =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis;
    const trace: Trace = { start, hidden: new Set() };
    const result = yield* run(trace).pipe(
      Effect.timeoutFail({
        duration: TOTAL,
        onTimeout: () =>
          new Failed({
            failure: "timeout",
            message:
              trace.address === undefined
                ? "There was no connection within 15 s."
                : "There was no whole answer within 15 s; the receiver may have taken the callback nevertheless.",
          }),
      }),
      Effect.either,
    );
    const end = yield* Clock.currentTimeMillis;
    const { message, answer } = result._tag === "Left" ? result.left : result.right;
    const failure = result._tag === "Left" ? result.left.failure : undefined;
    const gone = failure === "status" && answer?.status === 410;
    const retryAfter = failure === undefined || answer === undefined ? undefined : retryAfterOf(answer, end);
    const since = (time: number | undefined) => (time === undefined ? undefined : time - start);
    return {
      outcome: failure === undefined ? "delivered" : gone ? "gone" : "failed",
      failure,
      message: harmless(message, trace.hidden),
      status: answer?.status,
      retryAfter,
      address: trace.address,
      timings: {
        dns: since(trace.dns),
        connect: since(trace.connect),
        firstByte: since(trace.firstByte),
        total: end - start,
      },
      answer: answer === undefined ? "" : harmless(answer.body.toString("utf8"), trace.hidden),
    };
  });

/** The answer, if its status is 2xx. */
export const succeeded = (answer: Answer): Effect.Effect<Answer, Failed> => {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return Effect.succeed(answer);
  const said = `${status}${STATUS_CODES[status] === undefined ? "" : ` ${STATUS_CODES[status]}`}`;
  if (status >= 300 && status < 400) {
    const to = headers.location === undefined ? "" : ` to ${headers.location}`;
    const message = `The receiver answered ${said} and redirects${to}. Redirects are not followed: set the URL that is meant.`;
    return Effect.fail(new Failed({ failure: "redirect", message, answer }));
  }
  const message =
    status === 410 ? `The receiver answered ${said}: it wants no more callbacks.` : `The receiver answered ${said}.`;
  return Effect.fail(new Failed({ failure: "status", message, answer }));
};

/** RFC 9110 §10.2.3: seconds or a date. */
const retryAfterOf = ({ headers }: Answer, now: number): number | undefined => {
  const text = headers["retry-after"]?.trim();
  if (text === undefined) return undefined;
  const delay = /^\d+$/.test(text) ? Number(text) * 1000 : (/^[A-Z][a-z]+, /.test(text) ? Date.parse(text) : NaN) - now;
  return Number.isNaN(delay) ? undefined : Math.min(Math.max(delay, 0), MAX_RETRY_AFTER);
};

/**
 * What a stranger wrote, fit to be shown on a terminal and on a page: secrets replaced, control characters and those that
 * turn the direction of text too, and then the first KiB.
 */
export const harmless = (text: string, hidden: Iterable<string>): string => {
  let shown = text;
  // The longest first: a shorter one may be a part of it.
  for (const secret of [...hidden].sort((a, b) => b.length - a.length)) {
    if (secret !== "") shown = shown.replaceAll(secret, "[secret]");
  }
  shown = printable(shown.replace(/\r\n?/g, "\n"));
  // A character that the limit cuts is left out.
  return new TextDecoder().decode(Buffer.from(shown).subarray(0, SHOWN_BYTES), { stream: true });
};

/** Characters that control a terminal or the direction of text are replaced; line feeds, tabs and joiners are left. */
export const printable = (text: string): string => text.replace(/[^\P{C}\n\t\u200c\u200d]|[\u2028\u2029]/gu, "\ufffd");
