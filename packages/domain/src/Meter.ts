/**
 * What is measured. A family of metrics is declared where it is measured, once; its values are kept in Effect's own `Metric`
 * registry, one of the process.
 *
 * Names and units are those that Prometheus asks for (https://prometheus.io/docs/practices/naming/): seconds and bytes, and
 * `_total` for what only grows. A label has few values, all of them known to the program: never what a caller chose.
 */
import * as Effect from "effect/Effect";
import * as Metric from "effect/Metric";
import * as MetricBoundaries from "effect/MetricBoundaries";
import * as MetricKey from "effect/MetricKey";
import * as MetricLabel from "effect/MetricLabel";
import * as MetricState from "effect/MetricState";
import type * as Scope from "effect/Scope";

let isOn = true;

/** From now on nothing is measured in this process: for those who read no metrics, before anything begins. */
export const switchOff = (): void => {
  isOn = false;
};

/** Whether anything is measured: what takes the time of calls may leave it. */
export const isMeasuring = (): boolean => isOn;

export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence, with the unit. */
  readonly help: string;
  readonly labels: ReadonlyArray<string>;
}

/** A value for each label, in their order. */
type Values<Labels extends ReadonlyArray<string>> = { readonly [Place in keyof Labels]: string };

export interface Counter<Labels extends ReadonlyArray<string>> {
  /** Adds what is not negative. */
  readonly add: (amount: number, ...values: Values<Labels>) => void;
}

export interface Gauge<Labels extends ReadonlyArray<string>> {
  readonly set: (value: number, ...values: Values<Labels>) => void;
  readonly add: (amount: number, ...values: Values<Labels>) => void;
  /** Sets these, and every other that there has been to 0. */
  readonly replace: (all: ReadonlyArray<{ readonly value: number; readonly labels: Values<Labels> }>) => void;
  /** Nothing is known at the moment of those that there have been: they are not shown. */
  readonly forget: () => void;
}

export interface Histogram<Labels extends ReadonlyArray<string>> {
  readonly observe: (value: number, ...values: Values<Labels>) => void;
}

/** Declared families by name. */
export const families: ReadonlyMap<string, Family> = new Map();

export interface Reading {
  readonly family: Family;
  readonly series: ReadonlyArray<Series>;
}

export interface Series {
  /** In the family's order. */
  readonly labels: ReadonlyArray<MetricLabel.MetricLabel>;
  readonly state: MetricState.MetricState.Untyped;
}

const looks = new Set<() => void>();

/**
 * Until the scope is closed, `look` is run before each {@link read}: for what can be told at any time, and is not worth
 * counting as it happens.
 */
export const beforeRead = (look: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => void looks.add(look)),
    () => Effect.sync(() => looks.delete(look)),
  );

/** What has been measured so far, by name; of all that is in the registry, only what was declared here. */
export const read = (): ReadonlyArray<Reading> => {
  for (const look of looks) look();
  const found = new Map<string, Array<Series>>();
  for (const { metricKey, metricState } of Metric.unsafeSnapshot()) {
    if (!families.has(metricKey.name) || isUnknown(metricState)) continue;
    const series = found.get(metricKey.name) ?? [];
    found.set(metricKey.name, series);
    series.push({ labels: metricKey.tags, state: metricState });
  }
  return [...families.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((family) => {
      const series = found.get(family.name);
      return series === undefined ? [] : [{ family, series }];
    });
};

const isUnknown = (state: MetricState.MetricState.Untyped): boolean =>
  MetricState.isGaugeState(state) && Number.isNaN(state.value);

export const counter = <const Labels extends ReadonlyArray<string> = []>(
  name: string,
  help: string,
  labels?: Labels,
): Counter<Labels> => {
  const find = series(declare({ name, type: "counter", help, labels: labels ?? [] }), (tags) =>
    Metric.fromMetricKey(MetricKey.taggedWithLabels(MetricKey.counter(name, { incremental: true }), tags)),
  );
  return {
    add: (amount, ...values) => {
      if (isOn) find(values).unsafeUpdate(amount, NONE);
    },
  };
};

export const gauge = <const Labels extends ReadonlyArray<string> = []>(
  name: string,
  help: string,
  labels?: Labels,
): Gauge<Labels> => {
  const seen = new Set<Instrument>();
  const find = series(declare({ name, type: "gauge", help, labels: labels ?? [] }), (tags) =>
    Metric.fromMetricKey(MetricKey.taggedWithLabels(MetricKey.gauge(name), tags)),
  );
  return {
    set: (value, ...values) => {
      if (isOn) find(values).unsafeUpdate(value, NONE);
    },
    add: (amount, ...values) => {
      if (isOn) find(values).unsafeModify(amount, NONE);
    },
    forget: () => {
      for (const one of seen) one.unsafeUpdate(Number.NaN, NONE);
    },
    replace: (all) => {
      for (const one of seen) one.unsafeUpdate(0, NONE);
      for (const { value, labels } of all) {
        const one = find(labels);
        one.unsafeUpdate(value, NONE);
        seen.add(one);
      }
    },
  };
};

/** `buckets`: upper bounds, rising. */
export const histogram = <const Labels extends ReadonlyArray<string> = []>(
  name: string,
  help: string,
  buckets: ReadonlyArray<number>,
  labels?: Labels,
): Histogram<Labels> => {
  const boundaries = MetricBoundaries.fromIterable(buckets);
  const find = series(declare({ name, type: "histogram", help, labels: labels ?? [] }), (tags) =>
    Metric.fromMetricKey(MetricKey.taggedWithLabels(MetricKey.histogram(name, boundaries), tags)),
  );
  return {
    observe: (value, ...values) => {
      if (isOn) find(values).unsafeUpdate(value, NONE);
    },
  };
};

const NONE: ReadonlyArray<MetricLabel.MetricLabel> = [];

const declare = (family: Family): Family => {
  if (families.has(family.name)) throw new Error(`the metric ${family.name} is declared twice`);
  (families as Map<string, Family>).set(family.name, family); // read-only for everybody else
  return family;
};

type Instrument = Pick<Metric.Metric<unknown, number, unknown>, "unsafeUpdate" | "unsafeModify">;

/** Each series is made once: finding it in the registry, or labelling it anew, takes longer than all the rest. */
const series = ({ labels }: Family, make: (tags: ReadonlyArray<MetricLabel.MetricLabel>) => Instrument) => {
  const known = new Map<string, Instrument>();
  return (values: ReadonlyArray<string>): Instrument => {
    const id = values.length === 1 ? (values[0] ?? "") : values.join("\0");
    const found = known.get(id);
    if (found !== undefined) return found;
    const made = make(labels.map((label, place) => MetricLabel.make(label, values[place] ?? "")));
    known.set(id, made);
    return made;
  };
};
