import { defineWorkspace } from "vitest/config";

export default defineWorkspace([
  {
    // One project for all packages, so that their tests share what they load: a project for each took half as much again.
    test: {
      name: "cadastre",
      include: ["packages/*/test/**/*.test.ts"],
      globalSetup: ["packages/e2e/test/build.ts", "packages/testing/src/PostgresSetup.ts"],
      // A bound for what hangs, as is `--testTimeout`.
      hookTimeout: 120_000,
    },
  },
  "packages/*/vitest.postgres.config.ts",
]);
