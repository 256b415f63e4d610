/**
 * The door for agents: `/mcp`.
 */

import type { Entities } from "@cadastre/core/Entities";
import type { Events } from "@cadastre/core/Events";
import type { Facets } from "@cadastre/core/Facets";
import type { Graphs } from "@cadastre/core/Graphs";
import type { Histories } from "@cadastre/core/Histories";
import { lazy } from "@cadastre/domain/Module";
import type { Endpoint } from "@cadastre/mcp/Endpoint";
import type { Surface } from "@cadastre/mcp/Surface";
import type { Toolset } from "@cadastre/mcp/Toolset";
import type * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Option from "effect/Option";
import * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import { type Answer, Refusal } from "./internal/answer.ts";
import type { StreamLimits } from "./internal/eventStream.ts";
import type { Limits } from "./internal/limits.ts";
import * as Parameters from "./internal/parameters.ts";
import type { Body, Placed } from "./Routes.ts";

export interface Settings {
  /** No tool that writes, whatever the token allows. */
  readonly readOnly: boolean;
  /** Only tools of these; undefined: of all. */
  readonly toolsets: ReadonlyArray<Toolset> | undefined;
  /** Whether clients of the 2025 revisions get a session. */
  readonly sessions: boolean;
  /** In place of the catalog's own tools, resources and prompts. */
  readonly surface?: Effect.Effect<Surface, never, Services> | undefined;
}

export const defaultSettings: Settings = { readOnly: false, toolsets: undefined, sessions: false };

export interface McpLimits {
  /** Sessions at a time. */
  readonly sessions: number;
  /** For which a session without requests is kept. */
  readonly session: Duration.Duration;
}

/** The use cases that agents reach. */
export type Services = Entities | Events | Facets | Graphs | Histories;

interface Options {
  readonly version: string;
  readonly settings: Settings;
  readonly limits: Limits & StreamLimits & McpLimits;
  /** Ends when the server begins to shut down. */
  readonly draining: Effect.Effect<void>;
}

const PATH = "/mcp";

/** `GET` and `DELETE` are for sessions; without them the SDK refuses both. */
const METHODS = [
  { method: "POST", mediaTypes: ["application/json"] },
  { method: "GET", mediaTypes: [] },
  { method: "DELETE", mediaTypes: [] },
];

export const routes = (options: Options): Effect.Effect<ReadonlyArray<Placed>, never, Services | Scope.Scope> =>
  Effect.map(endpointOf(options), (endpoint) => {
    const { limits } = options;
    const readNothing = Parameters.query(Option.none());
    return METHODS.map(
      ({ method, mediaTypes }): Placed => ({
        method,
        path: PATH,
        value: {
          path: PATH,
          via: "mcp",
          access: "token",
          mediaTypes,
          streamed: true,
          readPath: () => Either.right({}),
          readQuery: readNothing,
          readHeaders: (headers) => Either.right(headers),
          handler: Effect.fnUntraced(function* ({ headers, body }) {
            const { handle } = yield* endpoint;
            const text = body.mediaType === "" ? undefined : yield* arriving(body, limits.request);
            return yield* toAnswer(yield* handle({ method, headers: plain(headers), body: text }), limits.stream);
          }),
        },
      }),
    );
  });

/** Made when it is first asked for, and closed after the last request was answered. */
const endpointOf = ({ version, settings, limits, draining }: Options) =>
  Effect.gen(function* () {
    const services = yield* Effect.context<Services>();
    const scope = yield* Effect.acquireRelease(Scope.make(), Scope.close);
    const make: Effect.Effect<Endpoint, never, Services> = Effect.flatMap(module, ({ Endpoint, Surface }) =>
      Effect.flatMap(settings.surface ?? Surface.make, (surface) =>
        Scope.extend(
          Endpoint.make({
            version,
            surface,
            narrowing: settings,
            sessions: settings.sessions ? { sessions: limits.sessions, idle: limits.session } : undefined,
            timeout: limits.request,
            streams: limits.streams,
            draining,
          }),
          scope,
        ),
      ),
    );
    return yield* Effect.cached(Effect.uninterruptible(Effect.provide(make, services)));
  });

const module = lazy(() => import("./internal/mcp.ts"));

const arriving = (body: Body, time: Duration.Duration) =>
  Effect.timeoutFail(body.text, {
    duration: time,
    onTimeout: () =>
      new Refusal({
        failure: "RequestTimeout",
        detail: "The request did not arrive in time.",
        headers: { connection: "close" },
      }),
  });

/** As the web's own classes want them. */
const plain = (headers: object): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );

/** The connection is the server's to keep or to end. */
const OWN_HEADERS = ["connection", "content-length"];

const toAnswer = (response: Response, longest: Duration.Duration): Effect.Effect<Answer> => {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => !OWN_HEADERS.includes(name)));
  const { status, body } = response;
  if (body === null) return Effect.succeed({ status, headers: { ...headers, "content-length": "0" }, body: undefined });
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true
    ? Effect.succeed({ status, headers, body: textsOf(body, longest) })
    : Effect.map(
        Effect.promise(() => response.text()),
        (text) => ({ status, headers, body: text }),
      );
};

/** A stream lasts no longer than the server's others, so that a token that was revoked does not read for ever. */
const textsOf = (body: ReadableStream<Uint8Array>, longest: Duration.Duration) =>
  Stream.fromReadableStream({ evaluate: () => body, onError: (cause) => cause }).pipe(
    Stream.orDie,
    Stream.decodeText(),
    Stream.interruptAfter(longest),
  );
