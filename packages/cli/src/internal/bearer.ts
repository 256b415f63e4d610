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
 * What an option names, then CADASTRE_TOKEN, which holds the token, then the other sources: a command before a file. What
 * nobody has named, the token of the state directory, is for this machine's own daemon: no other address learns it.
 */
export const bearer = (config: Config): Effect.Effect<Redacted.Redacted, Failure.Failure> => sourceOf(config).read;

/** Where that token comes from, for messages. */
export const originOf = (config: Config): string => sourceOf(config).origin;

interface Source {
  readonly origin: string;
  readonly read: Effect.Effect<Redacted.Redacted, Failure.Failure>;
}

const sourceOf = (config: Config): Source => {
  const { origins, token, tokenCommand, tokenFile } = config;
  const file: Source = { origin: `in ${tokenFile}`, read: Effect.suspend(() => kept(config)) };
  const command: Source = {
    origin: "that the token command prints",
    read: Effect.suspend(() => printed(tokenCommand)),
  };
  if (origins.tokenCommand === "--token-command") return command;
  if (origins.tokenFile === "--token-file") return file;
  if (Option.isSome(token)) {
    const value = Redacted.value(token.value);
    return { origin: `in ${Environment.TOKEN}`, read: Effect.suspend(() => checked(value, Environment.TOKEN)) };
  }
  return tokenCommand === "" ? file : command;
};

const kept = ({ origins, tokenFile, isOwn, url }: Config): Effect.Effect<Redacted.Redacted, Failure.Failure> => {
  const isDefault = origins.tokenFile === "default";
  if (isDefault && !isOwn) {
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
        next: isDefault
          ? "The daemon writes it at its first start here: `cadastre daemon`. If it is lost: cadastre admin token create --name admin --scope admin > FILE, then --token-file FILE."
          : "Give another file with --token-file, or set CADASTRE_TOKEN.",
      }),
  }).pipe(Effect.flatMap((text) => checked(text.trim(), tokenFile)));
};

/** Milliseconds that the command may take: somebody may have to unlock something. */
const PATIENCE = 60_000;

/** It gets no input, and what it complains of is shown. */
const printed = (command: string) =>
  Effect.promise(() => import("node:child_process")).pipe(
    Effect.flatMap(({ spawn }) =>
      Effect.async<string, Failure.Failure>((resume) => {
        const child = spawn(command, { shell: true, stdio: ["ignore", "pipe", "inherit"], timeout: PATIENCE });
        const chunks: Array<Buffer> = [];
        const fail = (how: string) =>
          resume(
            new Failure.Failure({
              exit: ExitCode.denied,
              message: `The token command ${how}.`,
              next: "It is run by the shell, and prints the token alone; see --token-command and CADASTRE_TOKEN_COMMAND.",
            }),
          );
        child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
        child.on("error", ({ message }) => fail(`cannot be run: ${message}`));
        child.on("close", (code, signal) =>
          code === 0
            ? resume(Effect.succeed(Buffer.concat(chunks).toString("utf8").trim()))
            : fail(`ended with ${code ?? signal}`),
        );
        return Effect.sync(() => child.kill());
      }),
    ),
    Effect.flatMap((text) => checked(text, "the output of the token command")),
  );

const checked = (token: string, origin: string): Effect.Effect<Redacted.Redacted, Failure.Failure> =>
  /^[\x21-\x7e]+$/.test(token) && !PATH.test(token)
    ? Effect.succeed(Redacted.make(token))
    : new Failure.Failure({
        exit: ExitCode.denied,
        message: `What ${origin} holds is not a token: one is "cad_" and 43 characters.`,
        next: PATH.test(token)
          ? "It looks like the name of a file: that goes with --token-file, or into CADASTRE_TOKEN_FILE."
          : /^bearer /i.test(token)
            ? 'Leave the word "Bearer" out.'
            : undefined,
      });

/** No token begins like this. */
const PATH = /^[~.]{0,2}\//;
