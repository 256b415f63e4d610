/**
 * Checks on the text of the repository's own files.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { root } from "./run.mjs";

/** Tracked files and those that would be, by path from the root. */
const listFiles = () =>
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path)));

const read = (path) => readFileSync(join(root, path), "utf8");

const isText = (path) => !/\.(png|jpe?g|gif|ico|woff2?|db|gz)$/.test(path);

/** `path:line: message` for each line of each file in which one of the patterns occurs. */
const search = (paths, patterns) =>
  paths.flatMap((path) =>
    read(path)
      .split("\n")
      .flatMap((line, index) =>
        patterns.filter(([pattern]) => pattern.test(line)).map(([, message]) => `${path}:${index + 1}: ${message}`),
      ),
  );

/** What is true of one machine only has no place in a repository. */
export const hygiene = () =>
  search(
    listFiles().filter((path) => isText(path) && path !== "scripts/checks/files.mjs"),
    [
      [/\/(work|root|Users)\/\w|\/home\/(?!you\b|someone\b|cadastre\b)\w/, "a path of one machine"],
      [
        /https?:\/\/[^\s"')]*(registry|artifactory|nexus|verdaccio)|registry\.(npmjs|yarnpkg)/,
        "a package registry's host",
      ],
      [/^(<{7}|>{7})( |$)/, "a merge conflict"],
    ],
  );

/** The linter and the type check forbid `any` and what leads to it; these are the ways around them. */
export const switches = () =>
  search(
    listFiles().filter((path) => /^packages\/.*\.ts$/.test(path)),
    [
      [/biome-ignore lint\/suspicious\/noExplicitAny/, "a switched-off rule against any"],
      [/@ts-(ignore|nocheck)/, "a switched-off type check: use @ts-expect-error with its reason"],
      [/@effect-diagnostics\S*\s+\*:/, "all diagnostics switched off: name the rule"],
    ],
  );

/** A service's key says where to find it, and no two are alike: `@cadastre/<package>/<Class>`. */
export const keys = () =>
  listFiles()
    .filter((path) => /^packages\/(?!testing\/)[^/]+\/src\/.*\.ts$/.test(path))
    .flatMap((path) =>
      [...read(path).matchAll(/class (\w+) extends Context\.(?:Tag|Reference)\b[^(]*\("([^"]*)"/g)]
        .map(([, name, key]) => [key, `@cadastre/${path.split("/")[1]}/${name}`])
        .filter(([key, expected]) => key !== expected)
        .map(([key, expected]) => `${path}: the key ${key} should be ${expected}`),
    );

/** Sources that one can read at a sitting, the sample data apart; docs/architecture.md says "about 300". */
const LONGEST = 350;

export const lengths = () =>
  listFiles()
    .filter((path) => /^packages\/[^/]+\/src\/(?!seed\/).*\.ts$/.test(path))
    .map((path) => [path, read(path).split("\n").length - 1])
    .filter(([, lines]) => lines > LONGEST)
    .map(([path, lines]) => `${path}: ${lines} lines, and ${LONGEST} are the most`);

export const versions = () => {
  const version = JSON.parse(read("package.json")).version;
  return listFiles()
    .filter((path) => /^packages\/[^/]+\/package\.json$/.test(path))
    .map((path) => [path, JSON.parse(read(path)).version])
    .filter(([, own]) => own !== version)
    .map(([path, own]) => `${path}: version ${own}, and the workspace is ${version}`);
};

/** Libraries that are shipped, each with its reason in the document, and no other. */
export const dependencies = () => {
  const used = new Set(
    listFiles()
      .filter((path) => /^packages\/(?!testing\/|e2e\/)[^/]+\/package\.json$/.test(path))
      .flatMap((path) => Object.keys(JSON.parse(read(path)).dependencies ?? {}))
      .filter((name) => !name.startsWith("@cadastre/")),
  );
  const told = new Set([...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name));
  return [
    ...[...used].filter((name) => !told.has(name)).map((name) => `docs/dependencies.md: no reason for ${name}`),
    ...[...told].filter((name) => !used.has(name)).map((name) => `docs/dependencies.md: ${name} is not used any more`),
  ];
};

/** A heading's anchor, as code forges make it. */
const anchorOf = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");

const withoutCode = (text) => text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");

const anchorsIn = (path) =>
  new Set(
    [
      ...read(path)
        .replace(/^```[\s\S]*?^```/gm, "")
        .matchAll(/^#{1,6} (.+)$/gm),
    ].map(([, text]) => anchorOf(text)),
  );

/** Relative links of the documents lead to files and headings that are there. */
export const links = () =>
  listFiles()
    .filter((path) => path.endsWith(".md"))
    .flatMap((path) =>
      [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)(?:\s"[^"]*")?\)/g)].flatMap(([, link]) => {
        if (/^[a-z]+:/.test(link)) return [];
        const [file, anchor] = decodeURI(link).split("#");
        const target = file === "" ? path : normalize(join(dirname(path), file));
        if (!existsSync(join(root, target))) return [`${path}: ${link} leads to no file`];
        const known = anchor === undefined || !target.endsWith(".md") || anchorsIn(target).has(anchor);
        return known ? [] : [`${path}: ${link} leads to no heading`];
      }),
    );
