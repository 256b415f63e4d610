import { mergeConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** What is not about a file, on the other database. */
export default mergeConfig(base, {
  test: {
    name: "@cadastre/e2e on postgres",
    env: { TEST_POSTGRES: "18" },
    include: ["Apply", "Archive", "Crash", "Feed", "Fuzz", "Questions"].map((name) => `test/${name}.test.ts`),
  },
});
