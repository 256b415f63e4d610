/**
 * What a command ends with when it cannot do what was asked: a sentence for a person and a code for a script.
 */
import type { DomainError } from "@cadastre/api/Problem";
import type { InvalidInput } from "@cadastre/domain/Errors";
import * as Data from "effect/Data";
import { ExitCode } from "./ExitCode.ts";

/** A failure that is ready to be printed. */
export class Failure extends Data.TaggedError("Failure")<{
  readonly exit: ExitCode;
  /** One plain sentence; empty where the command has already said everything. */
  readonly message: string;
  /** What to do next. */
  readonly next?: string | undefined;
}> {}

/** Whatever a call can end with. */
export type Any = DomainError | Failure;

export const from = (error: Any): Failure => (error._tag === "Failure" ? error : ofDomain(error));

/** For errors of the domain, wherever they came from: the daemon or the database. */
export const ofDomain = (error: DomainError): Failure => {
  const message = sentence(error.message);
  switch (error._tag) {
    case "NotFound":
      return new Failure({ exit: ExitCode.notFound, message });
    case "AlreadyExists":
    case "RevisionConflict":
    case "WrongState":
      return new Failure({ exit: ExitCode.conflict, message });
    case "ManagedElsewhere":
      return new Failure({ exit: ExitCode.refused, message, next: "Change it there, or write it here with --force." });
    case "HasDependencies":
      return new Failure({
        exit: ExitCode.conflict,
        message: [error.message, ...error.dependents.slice(0, SHOWN).map((dependent) => `  ${dependent}`)].join("\n"),
        next: "--force deletes it all the same.",
      });
    case "InvalidInput":
      return new Failure({ exit: ExitCode.refused, message: withFaults(error) });
    case "Unauthenticated":
      return new Failure({
        exit: ExitCode.denied,
        message,
        next: "Give a token with --token-file or CADASTRE_TOKEN; `cadastre admin token create` makes one.",
      });
    case "PermissionDenied":
      return new Failure({
        exit: ExitCode.denied,
        message,
        next: `A token with the scope: cadastre admin token create --name <name> --scope ${error.scope}`,
      });
    case "PayloadTooLarge":
      return new Failure({ exit: ExitCode.refused, message });
    case "StoreUnavailable":
    case "SecretsUnavailable":
    case "IdentityUnavailable":
      return new Failure({ exit: ExitCode.local, message });
  }
};

/** Dependents that are listed. */
const SHOWN = 10;

const withFaults = ({ message, faults }: InvalidInput): string => {
  const lines = faults.map((fault) => `${fault.path === "" ? "" : `${fault.path}: `}${fault.message}`);
  const [only] = faults;
  // A single fault may be the message already.
  const isSaid = only === undefined || (faults.length === 1 && message.includes(only.message));
  return isSaid ? sentence(message) : [message, ...lines.map((line) => `  ${line}`)].join("\n");
};

/** With a capital where the first word is a word and not a reference, and a full stop. */
const sentence = (text: string): string => {
  const start = /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.?!]$/.test(start) ? start : `${start}.`;
};
