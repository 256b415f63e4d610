/**
 * One server of the SDK, for one request or one session: what each method of the protocol answers.
 */
import type { DomainError } from "@cadastre/api/Problem";
import type { Caller } from "@cadastre/domain/Principal";
import {
  type AuthInfo,
  type CompleteResult,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerCapabilities,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as Cause from "effect/Cause";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import { INSTRUCTIONS } from "../Surface.ts";
import { isReadOnly, type Tool } from "../Tool.ts";
import * as Failures from "./failures.ts";
import type { Invocations } from "./invocation.ts";
import { observed, type Subject } from "./observation.ts";

export interface Options {
  /** Of the program. */
  readonly version: string;
  /** The most that one call may take. */
  readonly timeout: Duration.Duration;
  readonly invocations: Invocations;
}

/** What a server can do beside answering: true where there is a stream for what it has to tell. */
export interface Notifying {
  readonly notifies: boolean;
  readonly subscribe?: (uri: string) => void;
  readonly unsubscribe?: (uri: string) => void;
}

/** For clients that ask again and again: what a token is shown changes with the settings alone. */
const FIVE_MINUTES = { ttlMs: 300_000, cacheScope: "private" } as const;

/** The most that one completion has, by the protocol. */
const MAX_VALUES = 100;

export const make = (options: Options) => {
  const { invocations } = options;
  const surfaceOf = (context: ServerContext) => invocations.of(context.http?.authInfo).surface;

  /** The value, or an error of the protocol: what has no room for a failure that the model reads. */
  const answer = <A>(
    context: ServerContext,
    subject: Subject,
    effect: Effect.Effect<A, DomainError, Caller>,
  ): Promise<A> =>
    run(options, context, subject, effect, {
      onFailure: (error) => {
        throw new ProtocolError(codeOf(error), Failures.textOf(error));
      },
      onBroken,
    });

  return (authInfo: AuthInfo | undefined, { notifies, subscribe, unsubscribe }: Notifying): Server => {
    const { surface } = invocations.of(authInfo);
    const server = new Server(
      { name: "cadastre", title: "Cadastre, the software catalog", version: options.version },
      {
        capabilities: capabilitiesOf(surface.resources.length > 0, surface.capabilities, notifies),
        instructions: INSTRUCTIONS,
        cacheHints: {
          "server/discover": FIVE_MINUTES,
          "tools/list": FIVE_MINUTES,
          "prompts/list": FIVE_MINUTES,
          "resources/templates/list": FIVE_MINUTES,
        },
      },
    );

    server.setRequestHandler("tools/list", (_, context) => ({
      tools: surfaceOf(context).tools.map(({ definition }) => definition),
    }));
    server.setRequestHandler("tools/call", (request, context) => {
      const { name, arguments: args } = request.params;
      const { tools } = surfaceOf(context);
      const tool = tools.find(({ definition }) => definition.name === name);
      if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, unknownTool(name, tools));
      return run(options, context, { method: "tools/call", name }, tool.call(args, context), {
        onFailure: Failures.toResult,
        onBroken: (message) =>
          Failures.failed(isReadOnly(tool) ? message : `${message} It may have been done: read before you repeat it.`),
      });
    });

    if (surface.resources.length > 0) {
      server.setRequestHandler("resources/list", async (_, context) => {
        const lists = Effect.forEach(surfaceOf(context).resources, ({ list }) => list);
        return { resources: (await answer(context, { method: "resources/list" }, lists)).flat() };
      });
      server.setRequestHandler("resources/templates/list", (_, context) => ({
        resourceTemplates: surfaceOf(context).resources.flatMap(({ template }) => template ?? []),
      }));
      server.setRequestHandler("resources/read", (request, context) => {
        const { uri } = request.params;
        for (const { read } of surfaceOf(context).resources) {
          const reading = read(uri);
          if (reading !== undefined) {
            return run(options, context, { method: "resources/read" }, reading, {
              onFailure: (error) => {
                throw error._tag === "NotFound"
                  ? new ResourceNotFoundError(uri, error.message)
                  : new ProtocolError(codeOf(error), Failures.textOf(error));
              },
              onBroken,
            });
          }
        }
        throw new ResourceNotFoundError(uri);
      });
      if (subscribe !== undefined && unsubscribe !== undefined) {
        server.setRequestHandler("resources/subscribe", (request) => {
          subscribe(request.params.uri);
          return {};
        });
        server.setRequestHandler("resources/unsubscribe", (request) => {
          unsubscribe(request.params.uri);
          return {};
        });
      }
      server.setRequestHandler("prompts/list", (_, context) => ({
        prompts: surfaceOf(context).prompts.map(({ definition }) => definition),
      }));
      server.setRequestHandler("prompts/get", (request, context) => {
        const { name, arguments: args = {} } = request.params;
        const prompt = surfaceOf(context).prompts.find(({ definition }) => definition.name === name);
        if (prompt === undefined)
          throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no prompt ${name}`);
        const missing = (prompt.definition.arguments ?? []).filter(
          (it) => it.required === true && !args[it.name]?.trim(),
        );
        if (missing.length > 0) {
          const names = missing.map((it) => it.name).join(", ");
          throw new ProtocolError(ProtocolErrorCode.InvalidParams, `The prompt ${name} needs the argument ${names}`);
        }
        return answer(context, { method: "prompts/get", name }, prompt.get(args, context));
      });
      server.setRequestHandler("completion/complete", async (request, context): Promise<CompleteResult> => {
        const { ref, argument, context: others } = request.params;
        const { resources, prompts } = surfaceOf(context);
        const subject =
          ref.type === "ref/prompt"
            ? prompts.find(({ definition }) => definition.name === ref.name)
            : resources.find(({ template }) => template?.uriTemplate === ref.uri);
        if (subject === undefined) {
          throw new ProtocolError(ProtocolErrorCode.InvalidParams, "There is no such prompt or resource template");
        }
        const values =
          subject.complete === undefined
            ? []
            : await answer(
                context,
                { method: "completion/complete" },
                subject.complete(argument.name, argument.value, others?.arguments ?? {}),
              );
        return { completion: { values: values.slice(0, MAX_VALUES), hasMore: values.length >= MAX_VALUES } };
      });
    }
    return server;
  };
};

const capabilitiesOf = (
  hasResources: boolean,
  others: ServerCapabilities | undefined,
  notifies: boolean,
): ServerCapabilities => ({
  tools: {},
  ...(hasResources
    ? { resources: notifies ? { subscribe: true, listChanged: true } : {}, prompts: {}, completions: {} }
    : {}),
  ...others,
});

const unknownTool = (name: string, tools: ReadonlyArray<Tool>): string =>
  `There is no tool ${name.slice(0, 80)} for this token; there are ${tools.map(({ definition }) => definition.name).join(", ")}`;

/** What JSON-RPC calls it: the caller's fault or the server's. */
const codeOf = (error: DomainError): ProtocolErrorCode =>
  error._tag === "StoreUnavailable" ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams;

/** What becomes of an effect that has no value. */
interface Otherwise<B> {
  readonly onFailure: (error: DomainError) => B;
  /** It took too long, or the program has a fault: a sentence for the caller. */
  readonly onBroken: (message: string) => B;
}

const onBroken = (message: string): never => {
  throw new ProtocolError(ProtocolErrorCode.InternalError, message);
};

const run = async <A, B>(
  { invocations, timeout }: Options,
  context: ServerContext,
  subject: Subject,
  effect: Effect.Effect<A, DomainError, Caller>,
  otherwise: Otherwise<B>,
): Promise<A | B> => {
  const { caller } = invocations.of(context.http?.authInfo);
  const exit = await invocations.run(
    context,
    Effect.timeoutOption(effect, timeout).pipe(
      Effect.tapErrorCause((cause) =>
        isNews(cause)
          ? Effect.logError(`${subject.method} ${subject.name ?? ""} failed`.replace("  ", " "), cause)
          : Effect.void,
      ),
      observed(subject, context.mcpReq._meta),
    ),
  );
  if (Exit.isSuccess(exit)) {
    return exit.value._tag === "Some"
      ? exit.value.value
      : otherwise.onBroken(
          `It took more than ${Duration.format(timeout)} and was stopped. Narrow it: a kind, fewer steps, a smaller limit.`,
        );
  }
  const failure = Cause.failureOption(exit.cause);
  if (failure._tag === "Some") return otherwise.onFailure(failure.value);
  for (const defect of Cause.defects(exit.cause)) if (defect instanceof ProtocolError) throw defect;
  return otherwise.onBroken(
    Cause.isInterruptedOnly(exit.cause)
      ? "The call was cancelled."
      : `Internal error. The server's log tells more under the request id ${caller.requestId}.`,
  );
};

/** Whether an operator has to know: a fault of the program, or of the store. */
const isNews = (cause: Cause.Cause<DomainError>): boolean =>
  Option.match(Cause.failureOption(cause), {
    onNone: () =>
      !Cause.isInterruptedOnly(cause) && ![...Cause.defects(cause)].every((it) => it instanceof ProtocolError),
    onSome: (error) => error._tag === "StoreUnavailable",
  });
