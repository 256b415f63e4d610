import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Runs a Node program in the root. Resolves to its exit code and to what it wrote on both streams, in the order written. */
export const runNode = (script, ...args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, script), ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString("utf8").trim() }));
  });

/** What a check made of a program says: nothing if the program ended well. */
export const faultsOf = async (script, ...args) => {
  const { code, output } = await runNode(script, ...args);
  return code === 0 ? [] : [output || `${script} ended with ${code}`];
};
