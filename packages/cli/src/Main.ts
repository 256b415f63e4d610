/**
 * The entry point: the process around {@link Program.run}. The only place, with `Output`, that touches `process`.
 */
import * as Terminal from "@effect/platform/Terminal";
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem";
import * as NodePath from "@effect/platform-node/NodePath";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Environment from "./Environment.ts";
import { ExitCode } from "./ExitCode.ts";
import * as Output from "./Output.ts";
import * as Program from "./Program.ts";
import * as Signal from "./Signal.ts";

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

/** A fault of the program outside of any effect; the stack of a bundle helps nobody. */
process.on("uncaughtException", (error) => {
  process.stderr.write(`error: Internal error: ${error.message}\n`);
  process.exit(ExitCode.internal);
});

process.stdout.on("error", onClosedPipe);
process.stderr.on("error", onClosedPipe);

const { signal, notify, isLent } = Signal.make();

let signalledAt: number | undefined;
const onSignal = () => {
  const now = performance.now();
  if (signalledAt === undefined) {
    signalledAt = now;
    setTimeout(() => process.exit(ExitCode.internal), GRACE).unref();
    notify();
  } else if (now - signalledAt > ECHO) {
    process.exit(ExitCode.interrupted);
  }
};
process.on("SIGINT", () => {
  if (!isLent()) onSignal();
});
process.on("SIGTERM", onSignal);

/** `@effect/cli` wants one to put questions with, and there are none here. Node's own opens standard input, which takes 5 ms. */
const noTerminal = Terminal.Terminal.of({
  columns: Effect.succeed(80),
  rows: Effect.succeed(0),
  isTTY: Effect.succeed(false),
  readInput: Effect.dieMessage("nothing is asked of the terminal"),
  readLine: Effect.fail(new Terminal.QuitException()),
  display: () => Effect.void,
});

const surroundings = Layer.mergeAll(
  Output.layer,
  NodeFileSystem.layer,
  NodePath.layer,
  Layer.succeed(Terminal.Terminal, noTerminal),
  Layer.succeed(Signal.Signal, signal),
  Logger.remove(Logger.defaultLogger),
  // Nobody collects the spans of a command; the daemon asks whether somebody does.
  Layer.setTracerEnabled(false),
).pipe(Layer.provideMerge(Layer.setConfigProvider(ConfigProvider.fromEnv({ pathDelim: Environment.PATH_DELIMITER }))));

Effect.runFork(Effect.provide(Program.run(process.argv.slice(2)), surroundings)).addObserver((exit) =>
  leave(Exit.isSuccess(exit) ? exit.value : ExitCode.internal),
);
