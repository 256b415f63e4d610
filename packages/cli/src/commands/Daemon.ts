import * as Command from "@effect/cli/Command";
import * as Effect from "effect/Effect";
import * as Options from "./Options.ts";

export const daemon = Command.make(
  "daemon",
  { ...Options.listening, ...Options.database, ...Options.agents },
  (given) =>
    Effect.gen(function* () {
      const config = yield* Options.configured(given, false);
      const { run } = yield* Effect.promise(() => import("../Daemon.ts"));
      return yield* run(config);
    }),
).pipe(
  Command.withDescription(
    Options.describe(
      "Serve the catalog until a signal ends it",
      [
        "The first start makes a token with every right and writes it to the state directory, readable by you alone; the other commands find it there. SIGINT and SIGTERM end the daemon within 15 seconds, a second one at once.",
      ],
      [
        "cadastre daemon",
        "cadastre daemon --port 8080 --db /var/lib/cadastre/catalog.db",
        "cadastre daemon --log-format json --log-level warning",
        "cadastre daemon --mcp-read-only true --mcp-toolsets search,graph",
      ],
    ),
  ),
);
