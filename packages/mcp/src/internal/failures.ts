/**
 * Failures as a model reads them: what is wrong, and what to call next.
 */
import type { DomainError } from "@cadastre/api/Problem";
import type { CallToolResult } from "@modelcontextprotocol/server";

/** A failure that the model can act on. Tools have no structured form of it: their schemas are those of success. */
export const toResult = (error: DomainError): CallToolResult => failed(textOf(error));

export const failed = (text: string): CallToolResult => ({ content: [{ type: "text", text }], isError: true });

/** Faults that are told; the rest is counted. */
const MAX_FAULTS = 20;

/** References that are told. */
const MAX_DEPENDENTS = 20;

export const textOf = (error: DomainError): string => {
  switch (error._tag) {
    case "InvalidInput": {
      const told = error.faults
        .slice(0, MAX_FAULTS)
        .map(({ path, message }) => `- ${path === "" ? "" : `${path}: `}${message}`);
      const rest = error.faults.length - told.length;
      return [`${sentence(error.message)}`, ...told, ...(rest > 0 ? [`- and ${rest} more`] : [])].join("\n");
    }
    case "NotFound":
      return `${sentence(error.message)} search_catalog finds entities by words; give references as kind:namespace/name.`;
    case "AlreadyExists":
      return `${sentence(error.message)} Use patch_entity to change ${error.reference}.`;
    case "HasDependencies": {
      const told = error.dependents.slice(0, MAX_DEPENDENTS);
      const rest = error.total - told.length;
      return [
        sentence(error.message),
        ...told.map((reference) => `- ${reference}`),
        ...(rest > 0 ? [`- and ${rest} more`] : []),
        'To retire it and keep the record, call patch_entity with {"status":{"state":"inactive"}}. Only if a person has agreed to break these, repeat with force: true.',
      ].join("\n");
    }
    case "RevisionConflict":
      return `${sentence(error.message)} Nothing was changed. Read it with get_entity, apply your change to what is there now, and repeat${error.current === undefined ? " without ifRevision" : ` with ifRevision: ${error.current}`}.`;
    case "ManagedElsewhere":
      return `${sentence(error.message)} Change it at its source (${error.managedBy}): an edit here would be overwritten. Only if a person has agreed, repeat with force: true.`;
    case "PermissionDenied":
      return `${sentence(error.message)} No other call will get around this: ask for a token with the scope ${error.scope}.`;
    case "Unauthenticated":
    case "WrongState":
    case "SecretsUnavailable":
    case "IdentityUnavailable":
      return sentence(error.message);
    case "PayloadTooLarge":
      return `${sentence(error.message)} Send less at a time.`;
    case "StoreUnavailable":
      return "The catalog's store does not answer at the moment. Wait a few seconds and repeat the same call.";
  }
};

const sentence = (text: string): string => {
  const capital = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?:]$/.test(capital) ? capital : `${capital}.`;
};
