/**
 * The HTTP client of all channels: one guarded, pooled exchange at a time, on `node:http`.
 *
 * A name is resolved once, in the connecting socket itself, and only addresses that the guard lets pass are handed to it:
 * what was checked is what is connected to, and an answer that changes between two resolutions gains nothing. Of an answer
 * with several addresses the passing ones are used.
 */
import * as http from "node:http";
import * as https from "node:https";
import { isIPv6, type LookupFunction } from "node:net";
import { TLSSocket } from "node:tls";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import { identity } from "effect/Function";
import * as Option from "effect/Option";
import { type Answer, Failed, type Trace } from "./attempts.ts";
import { inSpan } from "./clientSpan.ts";
import type { Guard, Target } from "./guard.ts";

/** All the addresses of a name. */
export type Resolve = (name: string) => Promise<ReadonlyArray<string>>;

export interface Request {
  readonly target: Target;
  readonly method: "GET" | "POST" | "PATCH";
  /** Path and query, if not the target's own. */
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sent twice it does what it does once: sent again if a kept connection turns out to be closed. */
  readonly repeatable: boolean;
  /** Milliseconds to wait for the body of an answer that is good by its status alone; else as long as there is time. */
  readonly patience?: number;
}

export interface Client {
  readonly send: (request: Request, trace: Trace) => Effect.Effect<Answer, Failed>;
  /** Why the target would be refused now; undefined if it would not, or its name cannot be resolved. */
  readonly refusal: (target: Target) => Effect.Effect<string | undefined>;
  readonly close: () => void;
}

/** Milliseconds to resolve, connect and agree on TLS. */
const CONNECT = 5000;

/** Milliseconds that one of several addresses gets before the next is tried. */
const CONNECT_EACH = 1000;

/** Bytes that are read of an answer. */
const MAX_ANSWER = 64 * 1024;

/**
 * Kept connections, per host and port: the queue bounds how many are in use. Many servers close idle ones after 5 s, and a
 * request that meets the closing is lost.
 */
const POOL = { keepAlive: true, maxFreeSockets: 8, timeout: 4000, autoSelectFamilyAttemptTimeout: CONNECT_EACH };

export const make = (options: {
  readonly guard: Guard;
  readonly resolve: Resolve;
  readonly userAgent: string;
}): Client => {
  const { guard } = options;
  const resolve = shared(options.resolve);
  const addressesOf = async (target: Target) => target.addresses ?? resolve(target.host);
  const agents = {
    http: new http.Agent(POOL),
    https: new https.Agent(POOL),
    // A connection kept for what is public must not serve what is confidential: the guard would not be asked.
    confidential: new http.Agent({ ...POOL, keepAlive: false }),
  };

  /** The addresses of the target that may be connected to, or why none may. */
  const vetted = (target: Target, addresses: ReadonlyArray<string>): Either.Either<ReadonlyArray<string>, string> => {
    const refusals = addresses.map((address) => guard.refusal(target, address));
    const [first] = refusals;
    return first !== undefined && !refusals.includes(undefined)
      ? Either.left(first)
      : Either.right(addresses.filter((_, i) => refusals[i] === undefined));
  };

  const open = ({ target, method, path, headers, body }: Request, trace: Trace, now: () => number): Exchange => {
    const secure = target.url.protocol === "https:";
    const lookup: LookupFunction = (_, { all }, callback) => {
      addressesOf(target)
        .finally(() => {
          trace.dns = now();
        })
        .then(
          (addresses) => {
            const passing = vetted(target, addresses);
            if (Either.isLeft(passing)) return callback(new Refused(passing.left), []);
            const [first] = passing.right;
            if (first === undefined) return callback(new Unresolved("ENODATA"), []);
            if (!all) return callback(null, first, familyOf(first));
            const found = passing.right.map((address) => ({ address, family: familyOf(address) }));
            return callback(null, found);
          },
          (error) => callback(new Unresolved(codeOf(error)), []),
        );
    };
    const request = (secure ? https : http).request({
      host: target.host,
      port: target.port,
      path: path ?? target.url.pathname + target.url.search,
      method,
      headers: {
        "user-agent": options.userAgent,
        ...headers,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      },
      agent: agents[secure ? "https" : target.confidential ? "confidential" : "http"],
      lookup,
    });

    const exchange: Exchange = {
      request,
      stage: "connecting",
      head: new Promise((resolved, failed) => {
        request.once("response", (response) => {
          trace.firstByte = now();
          resolved(receive(response));
        });
        request.on("error", failed);
        // An answer that is none (101 Switching Protocols, say) ends without an error.
        request.once("close", failed);
      }),
    };
    exchange.head.catch(() => {});
    const connected = (address: string | undefined) => {
      exchange.stage = "connected";
      trace.address = address;
    };
    request.once("socket", (socket) => {
      if (request.reusedSocket) return connected(socket.remoteAddress);
      socket.once("connect", () => {
        exchange.stage = "handshake";
        if (!(socket instanceof TLSSocket)) {
          trace.connect = now();
          connected(socket.remoteAddress);
        }
      });
      socket.once("secureConnect", () => {
        trace.connect = now();
        connected(socket.remoteAddress);
      });
    });
    request.end(body);
    return exchange;
  };

  const send = (request: Request, trace: Trace): Effect.Effect<Answer, Failed | Stale> =>
    Effect.gen(function* () {
      const { target } = request;
      trace.dns = trace.connect = trace.firstByte = trace.address = undefined;
      // A socket does not look up what is an address already.
      const known = vetted(target, target.addresses ?? []);
      if (Either.isLeft(known)) return yield* refused(known.left);
      const clock = yield* Effect.clock;
      return yield* Effect.acquireUseRelease(
        Effect.sync(() => open(request, trace, () => clock.unsafeCurrentTimeMillis())),
        (exchange) =>
          Effect.gen(function* () {
            const { status, headers, chunks, whole } = yield* Effect.raceFirst(
              Effect.tryPromise({
                try: () => exchange.head,
                catch: (error) => failureOf(error, exchange, request),
              }),
              Effect.zipRight(
                Effect.sleep(CONNECT),
                Effect.suspend(() => tooSlow(exchange, request, trace)),
              ),
            );
            const patience = status >= 200 && status < 300 ? request.patience : undefined;
            const complete = yield* Effect.promise(() => whole).pipe(
              patience === undefined
                ? identity
                : Effect.timeoutTo({ duration: patience, onSuccess: identity, onTimeout: () => false }),
            );
            return { status, headers, body: Buffer.concat(chunks), complete };
          }),
        // Of an answer that was read to its end the connection is kept.
        ({ request }) => Effect.sync(() => request.destroy()),
      );
    });

  return {
    send: (given, trace) =>
      inSpan(given, trace, (request) => send(request, trace)).pipe(
        Effect.retry({ times: 1, while: (error) => error._tag === "Stale" && given.repeatable }),
        Effect.catchTag("Stale", ({ failed }) => Effect.fail(failed)),
      ),
    refusal: (target) =>
      Effect.tryPromise(() => addressesOf(target)).pipe(
        Effect.timeout(CONNECT),
        Effect.match({
          onFailure: () => undefined,
          onSuccess: (addresses) => Option.getOrUndefined(Either.getLeft(vetted(target, addresses))),
        }),
      ),
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
};

/** An exchange under way: how far it has come, and what answers it. */
interface Exchange {
  readonly request: http.ClientRequest;
  stage: "connecting" | "handshake" | "connected";
  readonly head: Promise<Head>;
}

/** The beginning of an answer, and what has come of its body so far. */
interface Head {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly chunks: ReadonlyArray<Buffer>;
  /** True: the body came to its end. */
  readonly whole: Promise<boolean>;
}

class Refused extends Error {}

class Unresolved extends Error {}

/** A kept connection that the receiver had closed meanwhile: nothing is wrong but the moment. */
class Stale extends Data.TaggedError("Stale")<{ readonly failed: Failed }> {}

const failureOf = (error: unknown, { request, stage }: Exchange, { target }: Request): Failed | Stale => {
  if (error instanceof Refused) return refused(error.message);
  if (error instanceof Unresolved) {
    return new Failed({ failure: "dns", message: `The name ${target.host} cannot be resolved (${error.message}).` });
  }
  const code = codeOf(error);
  if (stage === "connecting") return new Failed({ failure: "connect", message: `No connection (${code}).` });
  if (stage === "handshake") {
    return new Failed({ failure: "tls", message: `No secure connection, or the certificate is not valid (${code}).` });
  }
  if (code.startsWith("HPE_")) return new Failed({ failure: "answer", message: `The answer is no HTTP (${code}).` });
  const failed = new Failed({
    failure: "connect",
    message: `The connection broke before there was an answer (${code}).`,
  });
  return request.reusedSocket ? new Stale({ failed }) : failed;
};

const refused = (why: string) =>
  new Failed({
    failure: "refused",
    message: `The target is refused: ${why}. The operator of the catalog can allow it by configuration.`,
  });

const tooSlow = ({ stage }: Exchange, { target }: Request, { dns }: Trace): Effect.Effect<never, Failed> => {
  if (stage === "connected") return Effect.never;
  const what =
    target.addresses === undefined && dns === undefined
      ? `The name ${target.host} was not resolved`
      : "There was no connection";
  return new Failed({ failure: "timeout", message: `${what} within 5 s.` });
};

/** Reads what comes, up to a limit. What breaks on the way only makes it less than whole. */
const receive = (response: http.IncomingMessage): Head => {
  const chunks: Array<Buffer> = [];
  let size = 0;
  response.on("error", () => {});
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER) response.destroy();
  });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    chunks,
    whole: new Promise((resolved) => {
      response.once("close", () => resolved(response.complete && size <= MAX_ANSWER));
    }),
  };
};

/** One question at a time for each name: a name that hangs occupies one thread of the system's resolver, not all. */
const shared = (resolve: Resolve): Resolve => {
  const pending = new Map<string, ReturnType<Resolve>>();
  return (name) => {
    const known = pending.get(name);
    if (known !== undefined) return known;
    const answer = resolve(name).finally(() => pending.delete(name));
    pending.set(name, answer);
    return answer;
  };
};

const familyOf = (address: string): 4 | 6 => (isIPv6(address) ? 6 : 4);

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
