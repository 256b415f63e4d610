import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: "../testing/src/PostgresSetup.ts",
    // Bounds for what hangs: no test is about how long something takes.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
