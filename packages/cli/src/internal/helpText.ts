import type * as HelpDoc from "@effect/cli/HelpDoc";
import type * as Span from "@effect/cli/HelpDoc/Span";

/** The words of a span without their colours. */
export const spanText = (span: Span.Span): string => {
  switch (span._tag) {
    case "Text":
    case "URI":
      return span.value;
    case "Highlight":
    case "Strong":
    case "Weak":
      return spanText(span.value);
    case "Sequence":
      return spanText(span.left) + spanText(span.right);
  }
};

/** The paragraphs of a document, in order. */
export const paragraphs = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> => {
  switch (doc._tag) {
    case "Header":
    case "Paragraph":
      return [spanText(doc.value)];
    case "Sequence":
      return [...paragraphs(doc.left), ...paragraphs(doc.right)];
    case "Enumeration":
      return doc.elements.flatMap(paragraphs);
    case "DescriptionList":
      return doc.definitions.flatMap(([label, body]) => [spanText(label), ...paragraphs(body)]);
    case "Empty":
      return [];
  }
};
