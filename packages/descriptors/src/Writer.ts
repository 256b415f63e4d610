/** Writes JSON data as YAML that reads back as the same data. */
import { Document, visit } from "yaml";

/** One document, ending in a line feed; without a marker line, unless it would start with a byte order mark. */
export const write = (value: unknown): string => {
  const text = stringify(value);
  return text.startsWith("\ufeff") ? `---\n${text}` : text;
};

/** One document of several, with the marker line before it: joined, they are a stream. */
export const writeDocument = (value: unknown): string => `---\n${stringify(value)}`;

const stringify = (value: unknown): string => {
  // Equal values are written out, not made aliases.
  const document = new Document(value, { version: "1.2", schema: "core", aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      // The library's block scalars lose white space at the start of such texts and on their blank lines.
      if (typeof node.value === "string" && /^\s|\n[ \t]+(?:\n|$)/.test(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 });
};
