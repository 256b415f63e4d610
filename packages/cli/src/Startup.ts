/**
 * What the daemon does about its surroundings when it starts.
 */
import { EntityStore } from "@cadastre/domain/EntityStore";
import { ServerAddress } from "@cadastre/server/Server";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import manifest from "../package.json" with { type: "json" };
import type { Config } from "./Config.ts";
import * as DaemonFile from "./DaemonFile.ts";
import * as Environment from "./Environment.ts";
import * as Failure from "./Failure.ts";
import * as FirstToken from "./FirstToken.ts";
import { Output } from "./Output.ts";
import { welcome } from "./Welcome.ts";

/** Before it listens: the first token, where the other commands look for it. */
export const firstToken = ({ folders }: Config) =>
  Layer.effectDiscard(Effect.mapError(FirstToken.ensure(folders.state), Failure.from));

/** Once it listens: where it is, for programs and for people. */
export const announcement = (config: Config) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { url } = yield* ServerAddress;
      yield* Effect.addFinalizer(() => Effect.logInfo("stopping"));
      yield* DaemonFile.write(config.folders.state, { url, database: config.database });
      yield* Effect.logInfo("listening").pipe(
        Effect.annotateLogs({ url, database: config.database, version: manifest.version, pid: process.pid }),
      );
      yield* greet(config, url);
    }).pipe(Effect.mapError(Failure.from)),
  );

/** For a person; a program reads the log or daemon.json. */
const greet = (config: Config, url: string) =>
  Effect.gen(function* () {
    const { write, style, interactive } = yield* Output;
    if (config.logFormat === "json" || (config.logFormat === "auto" && !interactive)) return;
    const store = yield* EntityStore;
    const { items } = yield* store.list({
      kinds: [],
      namespaces: [],
      owners: [],
      tags: [],
      labels: [],
      states: ["active", "inactive"],
      order: { field: "name", descending: false },
      limit: 1,
      after: undefined,
    });
    const program = yield* Environment.programName;
    yield* write(welcome({ version: manifest.version, url, program, config, empty: items.length === 0 }, style));
  });
