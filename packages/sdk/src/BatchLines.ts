/**
 * A batch as lines of text: what `Batch` and the command line are made of.
 */
import type { BatchOptions } from "@cadastre/domain/Batch";
import * as HttpBody from "@effect/platform/HttpBody";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import type { Exchange } from "./Exchange.ts";
import type { Failure } from "./Failures.ts";

const TYPE = "application/x-ndjson";

/**
 * Sends documents, each as one line of JSON, and gives the lines of the answer. `mode` is `atomic` where absent. An array is
 * sent at once; a stream as it comes, which browsers do not do.
 */
export const send = <E, R>(
  exchange: Exchange,
  lines: ReadonlyArray<string> | Stream.Stream<string, E, R>,
  { mode = "atomic", dryRun = false, force = false }: Partial<BatchOptions> = {},
): Stream.Stream<string, E | Failure, R> =>
  Stream.unwrap(
    Effect.gen(function* () {
      // A daemon that refuses the token may hang up on the documents instead of saying so: it is asked first.
      yield* exchange.text(HttpClientRequest.get("/v1/whoami"));
      const context = yield* Effect.context<R>();
      let failure = Option.none<E>();
      const body = isArray(lines)
        ? HttpBody.text(lines.map(ended).join(""), TYPE)
        : HttpBody.stream(
            lines.pipe(
              Stream.map(ended),
              Stream.encodeText,
              Stream.tapError((error) =>
                Effect.sync(() => {
                  failure = Option.some(error);
                }),
              ),
              Stream.provideContext(context),
            ),
            TYPE,
          );
      return exchange
        .lines(
          HttpClientRequest.post("/v1/entities/batch", {
            urlParams: { mode, ...(dryRun ? { dryRun: "true" } : {}), ...(force ? { force: "true" } : {}) },
            body,
          }),
        )
        .pipe(Stream.mapError((error) => Option.getOrElse(failure, () => error)));
    }),
  );

const ended = (line: string) => `${line}\n`;

export const isArray = <A, S>(given: ReadonlyArray<A> | S): given is ReadonlyArray<A> => Array.isArray(given);
