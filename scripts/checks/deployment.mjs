/**
 * The files by which it is run elsewhere, as far as their own tools are on this machine.
 */
import { spawnSync } from "node:child_process";
import { root } from "./run.mjs";

/** For each file what examines it: the first that is here. */
const TOOLS = {
  "docs/cadastre.service": [["systemd-analyze", "verify", "docs/cadastre.service"]],
  "flake.nix": [["nix-instantiate", "--parse", "flake.nix"]],
  "compose.yaml": [
    ["docker", "compose", "config", "--quiet"],
    ["docker-compose", "config", "--quiet"],
  ],
  "docs/observability/alerts.yaml": [["promtool", "test", "rules", "docs/observability/alerts.test.yaml"]],
};

/** Docker has Compose as a plug-in, or has not. */
const isHere = ([tool, ...words]) =>
  spawnSync(tool, tool === "docker" ? [words[0], "version"] : ["--version"], { stdio: "ignore" }).status === 0;

export const deployment = () =>
  Object.entries(TOOLS).flatMap(([file, commands]) => {
    const found = commands.find(isHere);
    if (found === undefined) {
      console.log(`        skipped: ${file}, for there is no ${commands.map(([tool]) => tool).join(", no ")} here`);
      return [];
    }
    const [tool, ...words] = found;
    const env = { ...process.env, POSTGRES_PASSWORD: "-", CADASTRE_VAULT_KEY: "-" };
    const { status, stdout, stderr } = spawnSync(tool, words, { cwd: root, encoding: "utf8", env });
    return status === 0 ? [] : [`${found.join(" ")}: ${stdout}${stderr}`];
  });
