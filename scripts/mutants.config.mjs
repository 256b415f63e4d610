import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/mutants/*.ts"],
    globalSetup: process.env.MUTANTS_DATABASE === "postgres" ? ["../testing/src/PostgresSetup.ts"] : [],
  },
});
