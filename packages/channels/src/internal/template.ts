/**
 * Texts with places in them that a callback fills: `Owned by {/entity/spec/owner}`. A place is a JSON pointer (RFC 6901) into
 * the callback's `data`; `{{` and `}}` are braces.
 */
import { isObject, type Json } from "@cadastre/domain/Json";
import * as Either from "effect/Either";

/** Texts as they are, pointers as the keys that lead there. */
export type Template = ReadonlyArray<string | ReadonlyArray<string>>;

export const parse = (text: string): Either.Either<Template, string> => {
  const parts: Array<string | ReadonlyArray<string>> = [];
  for (const [part, pointer] of text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    if (pointer !== undefined) {
      if (!/^\/(event|entity)(\/|$)/.test(pointer)) {
        return Either.left(`${part} must point into /event or /entity, such as {/entity/metadata/name}`);
      }
      parts.push(
        pointer
          .slice(1)
          .split("/")
          .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~")),
      );
    } else if (part === "{" || part === "}") {
      return Either.left(`a single ${part} stands alone; write {{ or }} for a brace`);
    } else {
      parts.push(part === "{{" ? "{" : part === "}}" ? "}" : part);
    }
  }
  return Either.right(parts);
};

/** What is not there is filled with nothing, objects and lists with their JSON. */
export const render = (template: Template, data: Json): string =>
  template.map((part) => (typeof part === "string" ? part : textOf(find(data, part)))).join("");

const find = (data: Json, path: ReadonlyArray<string>): Json | undefined => {
  let value: Json | undefined = data;
  for (const key of path) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
};

const textOf = (value: Json | undefined): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
