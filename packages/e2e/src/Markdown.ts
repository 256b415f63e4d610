/**
 * The fenced blocks of the repository's pages.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface Block {
  /** `docs/cli.md:29`, where it begins. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
  /** Why it is not tried: what `<!-- not run: … -->` before it says. */
  readonly reason: string | undefined;
  /** Only the fence of another block is between them. */
  readonly followsBlock: boolean;
}

/** Pages of the repository, by their paths. */
export const pages = (): ReadonlyArray<string> => {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  // In the middle of a merge some are listed several times.
  return [...new Set(listed.split("\0"))].filter((path) => path !== "");
};

export const blocks = (page: string): ReadonlyArray<Block> => {
  const source = readFileSync(join(ROOT, page), "utf8");
  let end = -1;
  return [...source.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [whole, language = "", text = ""] = match;
    const before = source.slice(0, match.index);
    const block = {
      place: `${page}:${before.split("\n").length}`,
      language,
      text,
      reason: /<!-- not run: (.+) -->\s*$/.exec(before)?.[1],
      followsBlock: end >= 0 && source.slice(end, match.index).trim() === "",
    };
    end = match.index + whole.length;
    return block;
  });
};
