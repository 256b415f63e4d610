/** Writes JSON data as YAML that reads back as the same data. */
import { stringify, type ToStringOptions } from "yaml";

/** Long texts stay on their lines, and equal values are written out, not made aliases. */
const OPTIONS = {
  version: "1.2",
  schema: "core",
  aliasDuplicateObjects: false,
  lineWidth: 0,
} as const satisfies ToStringOptions & Parameters<typeof stringify>[2];

/** One document, without a marker, ending in a line feed. */
export const write = (value: unknown): string => stringify(value, OPTIONS);

/** One document of several, with the marker line before it: joined, they are a stream. */
export const writeDocument = (value: unknown): string => `---\n${write(value)}`;
