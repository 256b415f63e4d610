/**
 * Metrics as Prometheus reads them: its text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 */
import type { Family, Reading, Series } from "@cadastre/domain/Meter";
import type * as MetricLabel from "effect/MetricLabel";
import * as MetricState from "effect/MetricState";

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export const encode = (readings: ReadonlyArray<Reading>): string => readings.map(encodeFamily).join("");

const encodeFamily = ({ family, series }: Reading): string =>
  `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.type}\n${series
    .map((one) => encodeSeries(family, one))
    .join("")}`;

const encodeSeries = ({ name }: Family, { labels, state }: Series): string => {
  const own = labels.map(pair);
  if (!MetricState.isHistogramState(state)) {
    const value = MetricState.isCounterState(state) ? state.count : MetricState.isGaugeState(state) ? state.value : 0;
    return sample(name, own, Number(value));
  }
  return [
    ...state.buckets.map(([bound, count]) => sample(`${name}_bucket`, [...own, `le="${number(bound)}"`], count)),
    sample(`${name}_sum`, own, state.sum),
    sample(`${name}_count`, own, state.count),
  ].join("");
};

const sample = (name: string, labels: ReadonlyArray<string>, value: number): string =>
  `${name}${labels.length === 0 ? "" : `{${labels.join(",")}}`} ${number(value)}\n`;

const pair = ({ key, value }: MetricLabel.MetricLabel): string => `${key}="${escapeValue(value)}"`;

const number = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

const escapeValue = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');
