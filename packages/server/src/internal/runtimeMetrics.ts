/**
 * What is measured of the process, under the names that Prometheus' client libraries give it. It is looked at when somebody
 * reads it; the watch on the event loop begins with the first who does.
 */
import { readdirSync, readFileSync } from "node:fs";
import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import * as Meter from "@cadastre/domain/Meter";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

const cpu = Meter.counter("process_cpu_seconds_total", "Processor time that the process has used, in seconds.");
const resident = Meter.gauge("process_resident_memory_bytes", "Resident memory, in bytes.");
const started = Meter.gauge("process_start_time_seconds", "When the process began, in seconds since the epoch.");
const openFds = Meter.gauge("process_open_fds", "Open file descriptors; on Linux.");
const maxFds = Meter.gauge("process_max_fds", "The most file descriptors that may be open; on Linux.");
const heapUsed = Meter.gauge("nodejs_heap_size_used_bytes", "Bytes of the heap that are in use.");
const heapTotal = Meter.gauge("nodejs_heap_size_total_bytes", "Bytes of the heap.");
const external = Meter.gauge("nodejs_external_memory_bytes", "Bytes outside of the heap that objects on it hold.");
const active = Meter.counter("nodejs_eventloop_active_seconds_total", "Seconds in which the event loop had work.");
const idle = Meter.counter("nodejs_eventloop_idle_seconds_total", "Seconds in which the event loop waited for work.");
const lag = Meter.gauge(
  "nodejs_eventloop_lag_seconds",
  "Seconds by which timers came late since the last look: on average, at worst, and in 99 of 100 cases.",
  ["stat"],
);
const build = Meter.gauge("cadastre_build_info", "1; the labels tell what runs.", ["version", "node"]);

/** Tells of the process until the scope is closed. */
export const watch = (version: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(
    Effect.sync(() => lookOf(version)),
    Meter.beforeRead,
  );

const lookOf = (version: string): (() => void) => {
  let cpuBefore = 0;
  let loopBefore = { active: 0, idle: 0 };
  let watch: IntervalHistogram | undefined;
  build.set(1, version, process.versions.node);
  started.set(Date.now() / 1000 - process.uptime());
  return () => {
    const { user, system } = process.cpuUsage();
    cpu.add((user + system) / 1e6 - cpuBefore);
    cpuBefore = (user + system) / 1e6;

    const memory = process.memoryUsage();
    resident.set(memory.rss);
    heapUsed.set(memory.heapUsed);
    heapTotal.set(memory.heapTotal);
    external.set(memory.external);

    const loop = performance.eventLoopUtilization();
    active.add((loop.active - loopBefore.active) / 1000);
    idle.add((loop.idle - loopBefore.idle) / 1000);
    loopBefore = loop;

    watch = noteLag(watch);
    noteFds();
  };
};

/** Milliseconds between two looks at the clock. */
const RESOLUTION = 20;

const noteLag = (watch: IntervalHistogram | undefined): IntervalHistogram => {
  if (watch === undefined) {
    const begun = monitorEventLoopDelay({ resolution: RESOLUTION });
    begun.enable();
    return begun;
  }
  if (watch.count === 0) return watch;
  // What it records is the time between two looks, in nanoseconds.
  const late = (nanos: number) => Math.max(0, nanos / 1e9 - RESOLUTION / 1000);
  lag.set(late(watch.mean), "mean");
  lag.set(late(watch.percentile(99)), "p99");
  lag.set(late(watch.max), "max");
  watch.reset();
  return watch;
};

const noteFds = (): void => {
  try {
    openFds.set(readdirSync("/proc/self/fd").length - 1); // the one that reads it
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    if (limit !== undefined) maxFds.set(Number(limit));
  } catch {
    // Not Linux.
  }
};
