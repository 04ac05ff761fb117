// The metrics of one component, by the names of its table.
// Hot paths keep the child that `with` returns: counting is then a few additions, without strings or look-ups.
import { Counter } from "./counter.js";
import { exposition } from "./exposition.js";
import { Gauge } from "./gauge.js";
import { Histogram } from "./histogram.js";
import { Labelled } from "./labelled.js";
import type { MetricFamily } from "./metric-family.js";

export interface MetricDefinition {
  readonly type: "histogram" | "counter" | "gauge";
  /** In the order in which their values are given to `with`. */
  readonly labels: readonly string[];
  /** One sentence. */
  readonly help: string;
  /** Upper bounds, inclusive, rising; of a histogram. */
  readonly buckets?: readonly number[];
}

/** Name, less the component's prefix -> what it is. */
export type MetricTable = Readonly<Record<string, MetricDefinition>>;

export type MetricNameOf<Table extends MetricTable, Type extends MetricDefinition["type"]> = {
  [Name in keyof Table & string]: Table[Name]["type"] extends Type ? Name : never;
}[keyof Table & string];

/**
 * Bounds start, start x factor, ..., `count` of them.
 * Multiplied step by step: powers would differ in the last bit from what upstream prints as "le".
 */
export function exponentialBuckets(start: number, factor: number, count: number): readonly number[] {
  const bounds = [start];
  while (bounds.length < count) bounds.push((bounds.at(-1) as number) * factor);
  return bounds;
}

export class MetricSet<Table extends MetricTable> {
  readonly #table: Table;
  readonly #prefix: string;
  readonly #histograms: Families<Histogram>;
  readonly #counters: Families<Counter>;
  readonly #gauges: Families<Gauge>;

  /** @param prefix before every name, in snapshots and in text: "scheduler_" */
  constructor(table: Table, prefix: string) {
    this.#table = table;
    this.#prefix = prefix;
    this.#histograms = newFamilies(table, "histogram", (buckets) => new Histogram(buckets));
    this.#counters = newFamilies(table, "counter", () => new Counter());
    this.#gauges = newFamilies(table, "gauge", () => new Gauge());
  }

  histogram<Name extends MetricNameOf<Table, "histogram">>(
    name: Name,
  ): Labelled<Histogram, Table[Name]["labels"]> {
    return this.#histograms.get(name) as Labelled<Histogram, Table[Name]["labels"]>;
  }

  counter<Name extends MetricNameOf<Table, "counter">>(name: Name): Labelled<Counter, Table[Name]["labels"]> {
    return this.#counters.get(name) as Labelled<Counter, Table[Name]["labels"]>;
  }

  gauge<Name extends MetricNameOf<Table, "gauge">>(name: Name): Labelled<Gauge, Table[Name]["labels"]> {
    return this.#gauges.get(name) as Labelled<Gauge, Table[Name]["labels"]>;
  }

  /**
   * Start a window of measurement: histograms and counters begin at 0 again, children stay valid.
   * Gauges stay: they say how things stand, and their next change counts from there.
   */
  reset(): void {
    for (const family of [...this.#histograms.values(), ...this.#counters.values()]) {
      for (const [, metric] of family.entries()) metric.reset();
    }
  }

  /** Plain data. A metric with labels that has no child yet is left out, as upstream does. */
  snapshot(): readonly MetricFamily[] {
    return [
      ...this.#familiesOf("histogram", this.#histograms, (histogram) => histogram.toJSON()),
      ...this.#familiesOf("counter", this.#counters, ({ value }) => ({ value })),
      ...this.#familiesOf("gauge", this.#gauges, ({ value }) => ({ value })),
    ].filter(({ series }) => series.length > 0);
  }

  /** The snapshot in Prometheus' text format. */
  expose(): string {
    return exposition(this.snapshot());
  }

  #familiesOf<Type extends MetricDefinition["type"], Metric, Data>(
    type: Type,
    families: Families<Metric>,
    dataOf: (metric: Metric) => Data,
  ) {
    return Array.from(families, ([name, family]) => ({
      name: `${this.#prefix}${name}`,
      help: (this.#table[name] as MetricDefinition).help,
      type,
      series: Array.from(family.entries(), ([labels, metric]) => ({ labels, ...dataOf(metric) })),
    }));
  }
}

type Families<Metric> = ReadonlyMap<string, Labelled<Metric>>;

function newFamilies<Metric>(
  table: MetricTable,
  type: MetricDefinition["type"],
  newMetric: (buckets: readonly number[]) => Metric,
): Families<Metric> {
  const rows = Object.entries(table).filter(([, row]) => row.type === type);
  return new Map(
    rows.map(([name, { labels, buckets = [] }]) => [name, new Labelled(labels, () => newMetric(buckets))]),
  );
}
