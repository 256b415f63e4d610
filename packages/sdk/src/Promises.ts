/**
 * The catalog for programs without Effect: the same calls as Promises, streams as async iterables, failures as rejections
 * with the same error classes, which `error._tag` tells apart.
 */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient";
import * as HttpClient from "@effect/platform/HttpClient";
import * as HttpClientRequest from "@effect/platform/HttpClientRequest";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Stream from "effect/Stream";
import type * as Batch from "./Batch.ts";
import * as CadastreClient from "./CadastreClient.ts";
import * as Callbacks from "./Callbacks.ts";

export interface Options {
  /** Where the daemon is: `https://catalog.example.com`. */
  readonly url: string;
  /** As a function it is asked for with each attempt. */
  readonly token: string | (() => string | Promise<string>);
  /** Milliseconds for one attempt, its answer included; 30,000 where absent. Streams are not bound by it. */
  readonly timeout?: number | undefined;
  /** Attempts after the first, where that is safe; 3 where absent. */
  readonly retries?: number | undefined;
  /** Added to each request: the `traceparent` of the moment, say. */
  readonly headers?: (() => { readonly [name: string]: string }) | undefined;
  /** Instead of the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface CallOptions {
  /** Ends the call, or the iteration, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export type Cadastre = {
  readonly [Group in Exclude<keyof CadastreClient.Client, "batches">]: {
    readonly [Name in keyof CadastreClient.Client[Group]]: Promised<CadastreClient.Client[Group][Name]>;
  };
} & {
  readonly batches: {
    /** Applies many documents, and tells what became of each. An array is sent at once; anything else as it comes, which browsers do not do. */
    readonly apply: (
      documents: ReadonlyArray<Document> | AsyncIterable<Document>,
      options?: CallOptions & {
        readonly mode?: "atomic" | "best-effort";
        readonly dryRun?: boolean;
        readonly force?: boolean;
      },
    ) => AsyncIterable<Result>;
  };
};

type Promised<Call> = Call extends (...given: infer Given extends ReadonlyArray<unknown>) => infer Result
  ? Result extends Effect.Effect<infer A, infer _E>
    ? (...given: [...Given, options?: CallOptions]) => Promise<A>
    : Result extends Stream.Stream<infer A, infer _E>
      ? (...given: [...Given, options?: CallOptions]) => AsyncIterable<A>
      : never
  : never;

type Document = Batch.Document;

type Result = Batch.Result;

/** A client that is ready at once. It keeps nothing open: there is nothing to close. */
export const connect = ({ url, token, timeout, retries, headers, fetch = globalThis.fetch }: Options): Cadastre => {
  const client = Effect.runSync(
    Effect.provide(
      CadastreClient.make({ url, token: tokenOf(token), timeout, retries }),
      Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, withHeaders(headers))).pipe(
        Layer.provide(FetchHttpClient.layer),
        Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)),
      ),
    ),
  );
  const apply: Cadastre["batches"]["apply"] = (documents, { signal, ...options } = {}) =>
    iterate(
      client.batches.apply(
        Symbol.asyncIterator in documents ? Stream.fromAsyncIterable(documents, (error) => error) : documents,
        options,
      ),
      signal,
    );
  const groups = Object.entries(client).map(([name, calls]) => [
    name,
    Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, promised(call as Called)])),
  ]);
  // The same members as the type says, made in the same way.
  return { ...Object.fromEntries(groups), batches: { apply } } as Cadastre;
};

/** {@link Callbacks.verifier} with the secrets as texts. Rejects with `CallbackRefused` what is not to be believed. */
export const verifier = async ({
  secrets,
  tolerance,
}: {
  /** `whsec_…`; while one is rotated, the new and the old. */
  readonly secrets: readonly [string, ...ReadonlyArray<string>];
  /** Milliseconds that the time of a callback may be from now; five minutes where absent. */
  readonly tolerance?: number;
}): Promise<(headers: Callbacks.Headers, body: string | Uint8Array) => Promise<Callbacks.Callback>> => {
  const [first, ...others] = secrets;
  const verify = await run(
    Callbacks.verifier({ secrets: [Redacted.make(first), ...others.map((it) => Redacted.make(it))], tolerance }),
  );
  return (headers, body) => run(verify(headers, body));
};

/** A member of the Effect client: what it is given, and a result that is run or iterated over. */
type Called = (given: unknown) => Effect.Effect<unknown, unknown> | Stream.Stream<unknown, unknown>;

const promised =
  (call: Called) =>
  (given: unknown, { signal }: CallOptions = {}) => {
    const result = call(given);
    return Effect.isEffect(result) ? run(result, signal) : iterate(result, signal);
  };

/** Rejects with the failure itself, not with the fiber's account of it. */
const run = async <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect, signal === undefined ? {} : { signal });
  if (Exit.isSuccess(exit)) return exit.value;
  throw signal?.aborted ? signal.reason : Cause.squash(exit.cause);
};

async function* iterate<A, E>(stream: Stream.Stream<A, E>, signal: AbortSignal | undefined): AsyncGenerator<A> {
  signal?.throwIfAborted();
  const values = signal === undefined ? stream : Stream.interruptWhen(stream, aborted(signal));
  for await (const value of Stream.toAsyncIterable(values)) {
    yield value;
    // What was read ahead is not wanted any more.
    signal?.throwIfAborted();
  }
}

const aborted = (signal: AbortSignal): Effect.Effect<never, unknown> =>
  Effect.async((resume) => {
    const abort = () => resume(Effect.fail(signal.reason));
    signal.addEventListener("abort", abort, { once: true });
    return Effect.sync(() => signal.removeEventListener("abort", abort));
  });

const tokenOf = (token: Options["token"]) =>
  typeof token === "string"
    ? Redacted.make(token)
    : Effect.map(
        Effect.promise(async () => token()),
        (it) => Redacted.make(it),
      );

const withHeaders = (headers: Options["headers"]) => (client: HttpClient.HttpClient) =>
  headers === undefined
    ? client
    : HttpClient.mapRequest(client, (request) => HttpClientRequest.setHeaders(request, headers()));
