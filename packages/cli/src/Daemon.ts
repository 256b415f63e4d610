/**
 * The composition root of `cadastre daemon`.
 */
import * as Server from "@cadastre/server/Server";
import type * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import manifest from "../package.json" with { type: "json" };
import type { Config } from "./Config.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Failure from "./Failure.ts";
import * as Local from "./Local.ts";
import * as Log from "./Log.ts";
import type { Output } from "./Output.ts";
import * as Startup from "./Startup.ts";

/** Serves until it is interrupted. */
export const run = (config: Config): Effect.Effect<never, Failure.Failure, Output> => Layer.launch(layer(config));

const layer = (config: Config) =>
  Startup.layer(config).pipe(
    Layer.provide(server(config)),
    Layer.provide(Local.layer(config)),
    Layer.provide(Log.layer(config)),
  );

const server = ({ host, port }: Config) =>
  Server.layer({ host, port, version: manifest.version }).pipe(
    Layer.mapError(
      ({ message }) =>
        new Failure.Failure({
          exit: ExitCode.local,
          message: `${message}.`,
          next: "Stop what is there, or choose another port with --port (0: any free one).",
        }),
    ),
  );
