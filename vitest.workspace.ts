import { defineWorkspace } from "vitest/config";

export default defineWorkspace([
  {
    // One project for all packages, so that their tests share what they load: a project for each took half as much again.
    test: {
      name: "cadastre",
      include: ["packages/*/test/**/*.test.ts"],
      // These load programs that have libraries of their own, which share globals with those of the tests.
      exclude: ["packages/e2e/**"],
      globalSetup: ["packages/testing/src/PostgresSetup.ts"],
      // A bound for what hangs, as is `--testTimeout`.
      hookTimeout: 120_000,
    },
  },
  "packages/e2e",
  "packages/*/vitest.postgres.config.ts",
]);
