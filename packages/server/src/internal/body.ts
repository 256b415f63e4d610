/**
 * The body of a request: which type it has, and how it is read.
 */
import type { IncomingMessage } from "node:http";
import { InvalidInput, PayloadTooLarge } from "@cadastre/domain/Errors";
import * as NodeStream from "@effect/platform-node/NodeStream";
import * as Effect from "effect/Effect";
import * as Either from "effect/Either";
import * as Stream from "effect/Stream";
import type { Body } from "../Routes.ts";
import { Refusal } from "./answer.ts";
import { documents } from "./documents.ts";
import type { Limits } from "./limits.ts";

/** The media type of the body if it is one of `accepted`; "" where no body is expected. */
export const mediaTypeOf = (
  { headers }: IncomingMessage,
  accepted: ReadonlyArray<string>,
): Either.Either<string, Refusal> => {
  if (accepted.length === 0) return Either.right("");
  const [type = "", ...parameters] = (headers["content-type"] ?? "").toLowerCase().split(";");
  const mediaType = type.trim();
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
  if (!accepted.includes(mediaType)) {
    const given =
      mediaType === ""
        ? "The request has no content type"
        : `The content type ${mediaType.slice(0, 100)} is not taken here`;
    return unsupported(`${given}; send ${accepted.join(" or ")}.`);
  }
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return unsupported("The body must be UTF-8.");
  if (!["", "identity"].includes(headers["content-encoding"] ?? ""))
    return unsupported("The body must not be compressed.");
  return Either.right(mediaType);
};

/** Where `mediaType` is "" there is no body to be read. */
export const bodyOf = (request: IncomingMessage, mediaType: string, limits: Limits): Body =>
  mediaType === ""
    ? NONE
    : {
        mediaType,
        text: readText(request, limits.body),
        json: Effect.flatMap(readText(request, limits.body), parse),
        bytes: Stream.suspend(() => readBytes(request, limits)), // making the stream costs more than a whole small request
      };

const NONE: Body = { mediaType: "", text: Effect.succeed(""), json: Effect.succeed(undefined), bytes: Stream.empty };

const parse = (text: string): Effect.Effect<unknown, InvalidInput> =>
  Effect.flatMap(documents, ({ parseJson }) =>
    Either.mapLeft(
      parseJson(text),
      (faults) => new InvalidInput({ message: `The body is not JSON: ${faults[0]?.message ?? ""}`, faults }),
    ),
  );

/** The whole body as text; the rest of one that is too large is thrown away. */
const readText = (request: IncomingMessage, limit: number): Effect.Effect<string, PayloadTooLarge | InvalidInput> =>
  Effect.async((resume) => {
    const tooLarge = new PayloadTooLarge({
      message: `The body may have at most ${limit} bytes; /v1/entities/batch takes more.`,
      limit,
    });
    if (Number(request.headers["content-length"] ?? 0) > limit) return resume(Effect.fail(tooLarge));
    const chunks: Array<Buffer> = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) return void chunks.push(chunk);
      stop();
      resume(Effect.fail(tooLarge));
    };
    const onEnd = () => {
      stop();
      resume(decodeUtf8(Buffer.concat(chunks)));
    };
    const stop = () => void request.off("data", onData).off("end", onEnd).resume();
    request.on("data", onData).on("end", onEnd);
    return Effect.sync(stop);
  });

/** The body as it arrives. The request stays open when the stream ends early, so that it can be answered. */
const readBytes = (request: IncomingMessage, { idle }: Limits): Stream.Stream<Uint8Array, Refusal> =>
  NodeStream.fromReadable<Refusal, Uint8Array>(
    () => request,
    () => new Refusal({ failure: "BadRequest", detail: "The body broke off." }),
    { closeOnDone: false },
  ).pipe(
    Stream.timeoutFail(
      () => new Refusal({ failure: "RequestTimeout", detail: "The body stalled.", headers: { connection: "close" } }),
      idle,
    ),
  );

const utf8 = new TextDecoder("utf-8", { fatal: true });

const decodeUtf8 = (bytes: Uint8Array): Either.Either<string, InvalidInput> =>
  Either.try({
    try: () => utf8.decode(bytes),
    catch: () =>
      new InvalidInput({ message: "The body is not UTF-8.", faults: [{ path: "", message: "is not UTF-8" }] }),
  });

const unsupported = (detail: string) => Either.left(new Refusal({ failure: "UnsupportedMediaType", detail }));
