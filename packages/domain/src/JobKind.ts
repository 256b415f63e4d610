/**
 * Kinds of jobs: what stands between a job's payload, which is JSON, and the programs that write it and do it.
 */
import * as Duration from "effect/Duration";
import * as Either from "effect/Either";
import * as ParseResult from "effect/ParseResult";
import * as Schema from "effect/Schema";
import { DEFAULT_ATTEMPTS, type NewJob } from "./Job.ts";
import type { Json } from "./Json.ts";

export interface JobKind<A> {
  readonly queue: string;
  /** Unique in its queue. It stands in stored jobs: it is never given to something else. */
  readonly name: string;
  readonly maxAttempts: number;
  /** For one attempt, to the second; what takes longer is interrupted, and has failed. */
  readonly timeout: Duration.Duration;
  /** How long to wait after the attempt of that number, from 1, has failed; before it is jittered. */
  readonly backoff: (attempt: number) => Duration.Duration;
  readonly encode: (payload: A) => Json;
  /** Left: what is wrong with the payload, in one sentence. */
  readonly decode: (payload: Json) => Either.Either<A, string>;
}

export interface Options<A, I extends Json> extends Pick<JobKind<A>, "queue" | "name"> {
  readonly payload: Schema.Schema<A, I>;
  /** {@link DEFAULT_ATTEMPTS} where absent. */
  readonly maxAttempts?: number;
  /** A minute where absent. */
  readonly timeout?: Duration.Duration;
  /** {@link exponential} where absent. */
  readonly backoff?: JobKind<A>["backoff"];
}

export const make = <A, I extends Json>({ payload, ...options }: Options<A, I>): JobKind<A> => {
  const decode = Schema.decodeUnknownEither(payload);
  return {
    maxAttempts: DEFAULT_ATTEMPTS,
    timeout: Duration.minutes(1),
    backoff: exponential,
    ...options,
    encode: Schema.encodeSync(payload),
    decode: (json) =>
      Either.mapLeft(decode(json), (error) => {
        const issues = ParseResult.ArrayFormatter.formatErrorSync(error).map(line);
        return `the payload is not one of ${options.name}: ${issues.join("; ")}`;
      }),
  };
};

/** 1 s, doubled with each attempt, up to an hour. */
export const exponential = (attempt: number): Duration.Duration => Duration.seconds(Math.min(2 ** (attempt - 1), 3600));

/** A job of that kind, to be enqueued. */
export const job = <A>(
  kind: JobKind<A>,
  payload: A,
  options: Partial<Omit<NewJob, "queue" | "kind" | "payload">> = {},
): NewJob => ({
  maxAttempts: kind.maxAttempts,
  ...options,
  queue: kind.queue,
  kind: kind.name,
  payload: kind.encode(payload),
});

const line = ({ path, message }: ParseResult.ArrayFormatterIssue): string =>
  path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`;
