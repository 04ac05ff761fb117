// The metrics of one scheduler, by the names of the table.
// Hot paths keep the child that `with` returns: counting is then a few additions, without strings or look-ups.
import { Counter } from "./counter.js";
import { exposition } from "./exposition.js";
import { Gauge } from "./gauge.js";
import { Histogram } from "./histogram.js";
import { Labelled } from "./labelled.js";
import type { MetricFamily } from "./metric-family.js";
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRIC_PREFIX,
  type MetricDefinition,
  METRICS,
  type MetricName,
  type MetricType,
} from "./metric-table.js";

export class SchedulerMetrics {
  readonly #histograms = newFamilies("histogram", (buckets) => new Histogram(buckets));
  readonly #counters = newFamilies("counter", () => new Counter());
  readonly #gauges = newFamilies("gauge", () => new Gauge());

  histogram<Name extends HistogramName>(name: Name): Labelled<Histogram, LabelsOf<Name>> {
    return this.#histograms.get(name) as Labelled<Histogram, LabelsOf<Name>>;
  }

  counter<Name extends CounterName>(name: Name): Labelled<Counter, LabelsOf<Name>> {
    return this.#counters.get(name) as Labelled<Counter, LabelsOf<Name>>;
  }

  gauge<Name extends GaugeName>(name: Name): Labelled<Gauge, LabelsOf<Name>> {
    return this.#gauges.get(name) as Labelled<Gauge, LabelsOf<Name>>;
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
      ...familiesOf("histogram", this.#histograms, (histogram) => histogram.toJSON()),
      ...familiesOf("counter", this.#counters, ({ value }) => ({ value })),
      ...familiesOf("gauge", this.#gauges, ({ value }) => ({ value })),
    ].filter(({ series }) => series.length > 0);
  }

  /** The snapshot in Prometheus' text format. */
  expose(): string {
    return exposition(this.snapshot());
  }
}

type Families<Metric> = ReadonlyMap<MetricName, Labelled<Metric>>;

function newFamilies<Metric>(
  type: MetricType,
  newMetric: (buckets: readonly number[]) => Metric,
): Families<Metric> {
  const names = (Object.keys(METRICS) as MetricName[]).filter((name) => METRICS[name].type === type);
  return new Map(
    names.map((name) => {
      const { labels, buckets = [] }: MetricDefinition = METRICS[name];
      return [name, new Labelled(labels, () => newMetric(buckets))];
    }),
  );
}

function familiesOf<Type extends MetricType, Metric, Data>(
  type: Type,
  families: Families<Metric>,
  dataOf: (metric: Metric) => Data,
) {
  return Array.from(families, ([name, family]) => ({
    name: `${METRIC_PREFIX}${name}`,
    help: METRICS[name].help,
    type,
    series: Array.from(family.entries(), ([labels, metric]) => ({ labels, ...dataOf(metric) })),
  }));
}
