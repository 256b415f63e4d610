import * as Command from "@effect/cli/Command";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Config from "../Config.ts";
import * as Environment from "../Environment.ts";
import { Output } from "../Output.ts";
import * as Table from "../Table.ts";
import * as Options from "./Options.ts";

export const config = Command.make(
  "config",
  { ...Options.database, ...Options.listening, ...Options.agents, ...Options.connection, format: Options.format },
  (given) =>
    Effect.gen(function* () {
      const output = yield* Output;
      const effective = yield* Options.configured(given);
      const rows = [
        ...Config.KEYS.map((key) => ({
          setting: key,
          value: Config.print(key, effective),
          from: effective.origins[key],
        })),
        ...(Option.isSome(effective.token)
          ? [{ setting: "token", value: "cad_… (not shown)", from: Environment.TOKEN }]
          : []),
      ];
      switch (given.format) {
        case "json":
          return yield* output.line(JSON.stringify(rows, undefined, 2));
        case "yaml": {
          const Writer = yield* Effect.promise(() => import("@cadastre/descriptors/Writer"));
          return yield* output.write(Writer.write(rows));
        }
        case "name":
          return yield* output.line(rows.map(({ setting }) => setting).join("\n"));
        case "table": {
          yield* output.write(
            Table.render(
              ["SETTING", "VALUE", "FROM"],
              rows.map(({ setting, value, from }) => [setting, value, from]),
              { ...output, keep: [0] },
            ),
          );
          const { file, folders } = effective;
          return yield* output.note(
            `\nFile:   ${file.path}${file.found ? "" : " (not there; optional)"}\nState:  ${folders.state}`,
          );
        }
      }
    }),
).pipe(
  Command.withDescription(
    Options.describe(
      "Show the effective settings and where each comes from",
      [
        "Later wins: defaults, the file config.yaml, CADASTRE_* variables, options. The file has one `setting: value` a line, with the names that this command shows.",
      ],
      ["cadastre config", "CADASTRE_PORT=8080 cadastre config -o json"],
    ),
  ),
);
