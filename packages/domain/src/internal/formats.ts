/**
 * The formats of names, keys and values. Source: the descriptor format's own validators (Backstage
 * `KubernetesValidatorFunctions`, `CommonValidatorFunctions`).
 */
import { formatted } from "./checks.ts";

const LABEL = /^[a-z0-9]+(?:-+[a-z0-9]+)*$/;
const NAME = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const KIND = /^[a-zA-Z][a-zA-Z0-9]*$/;
const VERSION = /^[a-zA-Z0-9]+$/;
const TAG = /^[a-z0-9:+#]+(?:-[a-z0-9:+#]+)*$/;

const MAX_NAME = 63;
const MAX_SUBDOMAIN = 253;

const isLabel = (value: string): boolean => value.length <= MAX_NAME && LABEL.test(value);

const isName = (value: string): boolean => value.length <= MAX_NAME && NAME.test(value);

const isVersion = (value: string): boolean => value.length <= MAX_NAME && VERSION.test(value);

const isSubdomain = (value: string): boolean => value.length <= MAX_SUBDOMAIN && value.split(".").every(isLabel);

/** `suffix` or `subdomain/suffix`. */
const isPrefixed = (value: string, isSuffix: (suffix: string) => boolean): boolean => {
  const slash = value.indexOf("/");
  return slash === -1 ? isSuffix(value) : isSubdomain(value.slice(0, slash)) && isSuffix(value.slice(slash + 1));
};

const isUrl = (value: string): boolean => URL.canParse(value);

const NAME_RULE = "letters, digits and - _ . between them, at most 63 characters";

const toName = (value: string): string =>
  value
    .slice(0, 200)
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .slice(0, MAX_NAME)
    .replace(/^[-_.]+|[-_.]+$/g, "");

const toLabel = (value: string): string =>
  value
    .slice(0, 200)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_NAME)
    .replace(/^-+|-+$/g, "");

const toTag = (value: string): string =>
  value
    .slice(0, 200)
    .toLowerCase()
    .replace(/[^a-z0-9:+#]+/g, "-")
    .slice(0, MAX_NAME)
    .replace(/^-+|-+$/g, "");

export const apiVersion = formatted(
  (value) => isPrefixed(value, isVersion),
  "a version like v1 or domain/version like backstage.io/v1alpha1",
);

export const kind = formatted(
  (value) => value.length <= MAX_NAME && KIND.test(value),
  "a letter followed by letters and digits, at most 63 characters, like Component",
);

export const name = formatted(isName, `${NAME_RULE} (the readable form belongs in metadata.title)`, toName);

export const namespace = formatted(
  isLabel,
  "lower-case letters, digits and - between them, at most 63 characters",
  toLabel,
);

export const tag = formatted(
  (value) => value.length <= MAX_NAME && TAG.test(value),
  "lower-case letters, digits, : + # and single - between them, at most 63 characters",
  toTag,
);

export const key = formatted(
  (value) => isPrefixed(value, isName),
  `a key like name or domain/name: the domain in lower case, at most one slash, the name of ${NAME_RULE}`,
  (value) => value.replace(/^[^/]*(?=\/)/, (domain) => domain.toLowerCase()),
);

const labelText = formatted(isName, `empty, or ${NAME_RULE}`, toName);

export const labelValue: typeof labelText = (report, path, value) => {
  if (value !== "") labelText(report, path, value);
};

export const url = formatted(isUrl, "an absolute URL like https://example.com/docs");
