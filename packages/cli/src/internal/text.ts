/**
 * Text for terminals: widths, wrapping, and nothing that could steer the terminal.
 */

let segmenter: Intl.Segmenter | undefined;

/** Made at the first use: that takes 8 ms, and most texts are ASCII. */
const graphemes = (text: string) => {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
};

const WIDE =
  /^(\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** Columns that the text takes on a terminal. */
export const columns = (text: string): number => {
  if (isAscii(text)) return text.length;
  let sum = 0;
  for (const { segment } of graphemes(text)) sum += WIDE.test(segment) ? 2 : 1;
  return sum;
};

/** The text, cut with an ellipsis where it is wider than `width`. */
export const cut = (text: string, width: number): string => {
  if (columns(text) <= width) return text;
  let kept = "";
  let sum = 0;
  for (const { segment } of graphemes(text)) {
    sum += WIDE.test(segment) ? 2 : 1;
    if (sum > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
};

export const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - columns(text)));

/** Control characters made visible: descriptors come from anyone, and a terminal obeys escape sequences. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) =>
    character === "\n" || character === "\t" ? " " : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Breaks at spaces; a word longer than the width stands alone. */
export const wrap = (text: string, width: number, indent = ""): string => {
  const lines: Array<string> = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && columns(line) + 1 + columns(word) > width - indent.length) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${indent}`);
};

/** Columns that labels may take before what they mean begins on a line of its own. */
export const LABEL = 30;

/** Labels on the left, what they mean on the right. */
export const definitions = (
  entries: ReadonlyArray<readonly [label: string, about: string]>,
  width: number,
  paint: (label: string) => string = (label) => label,
): string => {
  const left = Math.min(LABEL, Math.max(0, ...entries.map(([label]) => columns(label))));
  const indent = " ".repeat(left + 4);
  return entries
    .map(([label, about]) => {
      const start =
        columns(label) > left
          ? `  ${paint(label)}\n${indent}`
          : `  ${paint(label)}${" ".repeat(left - columns(label) + 2)}`;
      return about === "" ? `  ${paint(label)}` : start + wrap(about, width, indent);
    })
    .join("\n");
};

/** `1 file`, `2 files`. */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;
