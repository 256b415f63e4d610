/**
 * The files by which it is run elsewhere, as far as their own tools are on this machine.
 */
import { spawnSync } from "node:child_process";
import { root } from "./run.mjs";

const TOOLS = [
  ["systemd-analyze", "verify", "docs/cadastre.service"],
  ["nix-instantiate", "--parse", "flake.nix"],
];

export const deployment = () =>
  TOOLS.flatMap(([tool, ...words]) => {
    const { error, status, stdout, stderr } = spawnSync(tool, words, { cwd: root, encoding: "utf8" });
    if (error?.code === "ENOENT") {
      console.log(`        skipped: ${words.at(-1)}, for there is no ${tool} here`);
      return [];
    }
    return status === 0 ? [] : [`${tool} ${words.join(" ")}: ${stdout}${stderr}`];
  });
