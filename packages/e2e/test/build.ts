import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** These tests drive the built program: never an old one. */
export default () => {
  execFileSync(process.execPath, [fileURLToPath(new URL("../../../scripts/build.mjs", import.meta.url))], {
    stdio: ["ignore", "ignore", "inherit"],
  });
};
