/**
 * The entry point: the process around {@link Program.run}. The only place, with `Output`, that touches `process`.
 */
import * as NodeContext from "@effect/platform-node/NodeContext";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Environment from "./Environment.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Output from "./Output.ts";
import * as Program from "./Program.ts";

/** Milliseconds within which a daemon has to be gone after the first signal. */
const GRACE = 15_000;

/** A signal this soon after the first is the same one: npm passes on what the terminal has delivered already. */
const ECHO = 500;

/** `cadastre … | head`: whoever reads has seen enough. */
const onClosedPipe = (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitCode.ok);
  throw error;
};

const leave = (code: number) => {
  // What was written to a pipe may still be on its way.
  process.stdout.write("", () => process.exit(code));
};

process.stdout.on("error", onClosedPipe);
process.stderr.on("error", onClosedPipe);

const environment = Layer.setConfigProvider(ConfigProvider.fromEnv({ pathDelim: Environment.PATH_DELIMITER }));

const fiber = Effect.runFork(
  Program.run(process.argv.slice(2)).pipe(
    Effect.provide(
      Layer.mergeAll(Output.layer, NodeContext.layer, Logger.remove(Logger.defaultLogger)).pipe(
        Layer.provideMerge(environment),
      ),
    ),
  ),
);

let signalledAt: number | undefined;
const onSignal = () => {
  const now = performance.now();
  if (signalledAt === undefined) {
    signalledAt = now;
    setTimeout(() => process.exit(ExitCode.internal), GRACE).unref();
    Effect.runFork(Fiber.interrupt(fiber));
  } else if (now - signalledAt > ECHO) {
    process.exit(ExitCode.interrupted);
  }
};
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);

fiber.addObserver((exit) => leave(Exit.isSuccess(exit) ? exit.value : ExitCode.interrupted));
