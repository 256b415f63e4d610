/**
 * Where and why a text is not JSON (RFC 8259). The platform's parser says that in words that differ by version and often
 * without the place, so this reads the text again, and only when that parser has refused it.
 */

interface SyntaxFault {
  readonly offset: number;
  readonly message: string;
}

/** What may come next. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or end" | "nothing";

const LITERAL = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.+-])|(?:true|false|null)\b/y;
const TEXT_END = /["\\]|(?![\x7f-\x9f])\p{Cc}/gu;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** To be asked only of a text that is not JSON. */
export const syntaxError = (text: string): SyntaxFault => {
  const closers: Array<"}" | "]"> = [];
  let expected: Expected = "value";
  let offset = 0;

  const after = (): Expected => (closers.length === 0 ? "nothing" : "comma or end");

  for (;;) {
    while (offset < text.length && " \t\r\n".includes(text.charAt(offset))) offset++;
    const sign = text.charAt(offset);
    const closer = closers.at(-1);
    if (sign === "") return { offset, message: endMessage(expected, closer) };

    if (expected === "colon" && sign === ":") {
      expected = "value";
      offset++;
    } else if (expected === "comma or end" && sign === ",") {
      expected = closer === "}" ? "key" : "value";
      offset++;
    } else if (sign === closer && (expected === "comma or end" || expected.endsWith(closer))) {
      closers.pop();
      expected = after();
      offset++;
    } else if (expected.startsWith("value") && (sign === "{" || sign === "[")) {
      closers.push(sign === "{" ? "}" : "]");
      expected = sign === "{" ? "key or }" : "value or ]";
      offset++;
    } else if (sign === '"' && (expected.startsWith("value") || expected.startsWith("key"))) {
      const end = textEnd(text, offset);
      if (typeof end !== "number") return end;
      expected = expected.startsWith("key") ? "colon" : after();
      offset = end;
    } else {
      LITERAL.lastIndex = offset;
      if (!expected.startsWith("value") || !LITERAL.test(text)) {
        return { offset, message: unexpected(text, offset, expected, closer) };
      }
      expected = after();
      offset = LITERAL.lastIndex;
    }
  }
};

/** The offset behind the text that starts at the offset, or what is wrong in it. */
const textEnd = (text: string, start: number): number | SyntaxFault => {
  for (let offset = start + 1; ; ) {
    TEXT_END.lastIndex = offset;
    const stop = TEXT_END.exec(text);
    if (stop === null) return { offset: start, message: "the quote is not closed" };
    if (stop[0] === '"') return stop.index + 1;
    if (stop[0] !== "\\") {
      const code = JSON.stringify(stop[0]).slice(1, -1);
      return {
        offset: stop.index,
        message: `a line break or control character stands inside a text: write ${code}, or close the quote`,
      };
    }
    ESCAPE.lastIndex = stop.index;
    if (!ESCAPE.test(text)) return { offset: stop.index, message: "is no escape sequence: double the backslash" };
    offset = ESCAPE.lastIndex;
  }
};

const endMessage = (expected: Expected, closer: string | undefined): string =>
  closer === undefined
    ? `the text ends where ${expected === "value" ? "a value" : "more"} is expected`
    : `the text ends too early: ${closer} is missing`;

const unexpected = (text: string, offset: number, expected: Expected, closer: string | undefined): string => {
  const sign = text.charAt(offset);
  if (sign === "'") return "JSON has double quotes only: replace the single ones";
  if (sign === "#" || (sign === "/" && "/*".includes(text.charAt(offset + 1))))
    return "JSON has no comments: remove it";
  if (sign === closer && (expected === "key" || closer === "]"))
    return `a comma stands before the ${closer}: remove it`;
  const found = JSON.stringify(/^[\w.+-]+|./su.exec(text.slice(offset, offset + 40))?.[0] ?? sign);
  switch (expected) {
    case "key":
    case "key or }":
      return `a key in double quotes is expected, and this is ${found}`;
    case "colon":
      return `a colon is expected after the key, and this is ${found}`;
    case "comma or end":
      return `a comma or ${closer} is expected, and this is ${found}`;
    case "nothing":
      return `the document has ended, and ${found} follows: to send several documents, use a list, or NDJSON with one a line`;
    default:
      return `a value is expected, and this is ${found}`;
  }
};
