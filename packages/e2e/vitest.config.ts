import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["test/build.ts", "../testing/src/PostgresSetup.ts"],
    // Bounds for what hangs: no test is about how long something takes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
