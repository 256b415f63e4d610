import { defineConfig } from "vitest/config";

// A bound for what hangs: no test is about how long something takes.
export default defineConfig({ test: { testTimeout: 60_000 } });
