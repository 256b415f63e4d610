/**
 * What a command ends with when it cannot do what was asked: a sentence for a person and a code for a script.
 */
import type { DomainError } from "@cadastre/api/Problem";
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

/** Of whatever a call can end with. */
export const from = (error: DomainError | Failure): Failure => (error._tag === "Failure" ? error : ofDomain(error));

/** For errors of the domain, wherever they came from: the daemon or the database. */
export const ofDomain = (error: DomainError): Failure => {
  const { message } = error;
  switch (error._tag) {
    case "NotFound":
      return new Failure({ exit: ExitCode.notFound, message });
    case "AlreadyExists":
    case "RevisionConflict":
      return new Failure({ exit: ExitCode.conflict, message });
    case "ManagedElsewhere":
      return new Failure({ exit: ExitCode.conflict, message, next: "Change it there, or write it here with --force." });
    case "HasDependencies":
      return new Failure({
        exit: ExitCode.conflict,
        message: [message, ...error.dependents.slice(0, 10).map((dependent) => `  ${dependent}`)].join("\n"),
        next: `Delete ${error.total === 1 ? "it" : "those"} first, or delete anyway with --force.`,
      });
    case "InvalidInput":
      return new Failure({
        exit: ExitCode.refused,
        message: [
          message,
          ...error.faults.map((fault) => `  ${fault.path === "" ? "" : `${fault.path}: `}${fault.message}`),
        ].join("\n"),
      });
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
      return new Failure({ exit: ExitCode.local, message });
  }
};
