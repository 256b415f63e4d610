import { defineConfig } from "vitest/config";

export default defineConfig({ test: { globalSetup: "../testing/src/PostgresSetup.ts" } });
