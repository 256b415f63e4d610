import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "@cadastre/server on postgres",
    globalSetup: "../testing/src/PostgresSetup.ts",
    env: { TEST_BACKEND: "postgres 18" },
    // Bounds for what hangs: no test is about how long something takes.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
