/**
 * The token that a client shows.
 */
import { readFile } from "node:fs/promises";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import type { Config } from "../Config.ts";
import * as Environment from "../Environment.ts";
import { ExitCode } from "../ExitCode.ts";
import * as Failure from "../Failure.ts";

/**
 * The option names a file, CADASTRE_TOKEN holds the token, and the files of the other sources come last. What nobody has
 * named, the token of the state directory, is for this machine's own daemon: no other address learns it.
 */
export const bearer = (config: Config): Effect.Effect<Redacted.Redacted, Failure.Failure> => {
  const { origins, tokenFile, token, isOwn, url } = config;
  if (origins.tokenFile !== "--token-file" && Option.isSome(token)) {
    return checked(Redacted.value(token.value), Environment.TOKEN);
  }
  if (origins.tokenFile === "default" && !isOwn) {
    return new Failure.Failure({
      exit: ExitCode.denied,
      message: `There is no token for ${url}: the one of this machine's own daemon is not sent elsewhere.`,
      next: `Give one with --token-file or ${Environment.TOKEN}; if it is the one in ${tokenFile}, say so with --token-file.`,
    });
  }
  return Effect.tryPromise({
    try: () => readFile(tokenFile, "utf8"),
    catch: () =>
      new Failure.Failure({
        exit: ExitCode.denied,
        message: `There is no token: ${tokenFile} cannot be read.`,
        next:
          origins.tokenFile === "default"
            ? "The daemon writes it at its first start here. If it is lost: cadastre admin token create --name admin --scope admin > FILE, then --token-file FILE."
            : "Give another file with --token-file, or set CADASTRE_TOKEN.",
      }),
  }).pipe(Effect.flatMap((text) => checked(text.trim(), tokenFile)));
};

const checked = (token: string, origin: string): Effect.Effect<Redacted.Redacted, Failure.Failure> =>
  /^[\x21-\x7e]+$/.test(token)
    ? Effect.succeed(Redacted.make(token))
    : new Failure.Failure({
        exit: ExitCode.denied,
        message: `What ${origin} holds is not a token: one is "cad_" and 43 characters.`,
      });
