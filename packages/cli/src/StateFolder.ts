/**
 * Whether the files that the program keeps for itself are kept from others.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "@cadastre/domain/Diagnosis";
import type { Config } from "./Config.ts";

/** One finding for all of them. */
export const examine = ({ folders, file, postgres }: Config): Finding => {
  const open = [
    ...(othersMay(folders.state, WRITE) ? [{ path: folders.state, mode: "700" }] : []),
    ...["admin-token", "admin-token.new", "daemon.json"]
      .map((name) => ({ path: join(folders.state, name), mode: "600" }))
      .filter(({ path }) => othersMay(path, READ)),
    // It may hold the password of the database.
    ...(postgres._tag === "Some" && othersMay(file.path, READ) ? [{ path: file.path, mode: "600" }] : []),
  ];
  return open.length === 0
    ? { check: "secrets", state: "good", message: `other users cannot get at ${folders.state}` }
    : {
        check: "secrets",
        state: "bad",
        message: `other users can get at ${open.map(({ path }) => path).join(", ")}`,
        remedy: open.map(({ path, mode }) => `chmod ${mode} ${path}`).join(" && "),
      };
};

const READ = 0o066;

const WRITE = 0o022;

const othersMay = (path: string, bits: number): boolean => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & bits) !== 0;
};
