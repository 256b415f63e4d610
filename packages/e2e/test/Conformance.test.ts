import * as Program from "@cadastre/e2e/Program";
import * as Surface from "@cadastre/mcp/Surface";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { withFixtures } from "./conformance/fixtures.ts";
import { serve } from "./conformance/server.ts";
import { door, LINES, run } from "./conformance/suite.ts";

describe("conformance with the protocol", () => {
  for (const [name, line] of Object.entries(LINES)) {
    it.scopedLive(
      `${name}: the daemon fails only where it has no such feature`,
      () =>
        Effect.gen(function* () {
          const home = yield* Program.home;
          const daemon = yield* Program.daemon(home, ["--mcp-sessions", "true"]);
          const url = yield* door(daemon.url, daemon.token);
          const { code, output } = yield* run(url, line, `./expected-${name}.yaml`);
          expect(code, output).toBe(0);
        }),
      300_000,
    );

    it.scopedLive(
      `${name}: the endpoint with all the features that the suite asks for has no failure`,
      () =>
        Effect.gen(function* () {
          const server = yield* serve({
            readOnly: false,
            toolsets: undefined,
            sessions: true,
            surface: Effect.map(Surface.make, withFixtures),
          });
          const url = yield* door(server.url, server.token);
          const { code, output } = yield* run(url, line);
          expect(code, output).toBe(0);
        }),
      300_000,
    );
  }
});
