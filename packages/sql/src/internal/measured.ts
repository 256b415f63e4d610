/**
 * A port of the store, measured.
 */
import { StoreUnavailable } from "@cadastre/domain/Errors";
import * as Meter from "@cadastre/domain/Meter";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";

const duration = Meter.histogram(
  "cadastre_store_call_duration_seconds",
  "Seconds that calls of the store took, by port and member; a transaction's with all the calls in it.",
  [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5],
  ["call"],
);

const failures = Meter.counter(
  "cadastre_store_failures_total",
  "Calls of the store that failed because the database could not be used.",
  ["call"],
);

/** The port with each of its calls timed. Every member has to be an effect, or a function that gives one. */
export const measured = <S extends object>(port: string, service: S): S => {
  if (!Meter.isMeasuring()) return service;
  const result = { ...service };
  for (const name of Object.keys(service) as Array<keyof S>) {
    const call = `${port}.${String(name)}`;
    const member = service[name] as Member; // as the ports of the store are
    result[name] = (
      Effect.isEffect(member)
        ? timed(call, () => member)
        : (...args: ReadonlyArray<unknown>) => timed(call, () => member(...args))
    ) as S[keyof S];
  }
  return result;
};

type Result = Effect.Effect<unknown, unknown, unknown>;

type Member = Result | ((...args: ReadonlyArray<unknown>) => Result);

const timed = (call: string, run: () => Result): Result =>
  Effect.suspend(() => {
    const started = performance.now();
    return Effect.matchCauseEffect(run(), {
      onFailure: (cause) => {
        note(call, started);
        const failure = Cause.failureOption(cause);
        if (failure._tag === "Some" && failure.value instanceof StoreUnavailable) failures.add(1, call);
        return Effect.failCause(cause);
      },
      onSuccess: (value) => {
        note(call, started);
        return Effect.succeed(value);
      },
    });
  });

const note = (call: string, started: number): void => duration.observe((performance.now() - started) / 1000, call);
