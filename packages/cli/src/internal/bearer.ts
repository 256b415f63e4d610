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

/** The option names a file, CADASTRE_TOKEN holds the token, and the files of the other sources come last. */
export const bearer = (config: Config): Effect.Effect<Redacted.Redacted, Failure.Failure> =>
  config.origins.tokenFile !== "--token-file" && Option.isSome(config.token)
    ? checked(Redacted.value(config.token.value), Environment.TOKEN)
    : Effect.tryPromise({
        try: () => readFile(config.tokenFile, "utf8"),
        catch: () =>
          new Failure.Failure({
            exit: ExitCode.denied,
            message: `There is no token: ${config.tokenFile} cannot be read.`,
            next:
              config.origins.tokenFile === "default"
                ? "The daemon writes it at its first start here. If it is lost: cadastre admin token create --name admin --scope admin > FILE, then --token-file FILE."
                : "Give another file with --token-file, or set CADASTRE_TOKEN.",
          }),
      }).pipe(Effect.flatMap((text) => checked(text.trim(), config.tokenFile)));

const checked = (token: string, origin: string): Effect.Effect<Redacted.Redacted, Failure.Failure> =>
  /^[\x21-\x7e]+$/.test(token)
    ? Effect.succeed(Redacted.make(token))
    : new Failure.Failure({
        exit: ExitCode.denied,
        message: `What ${origin} holds is not a token: one is "cad_" and 43 characters.`,
      });
