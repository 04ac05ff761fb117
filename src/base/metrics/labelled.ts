// One metric of the table: a histogram, counter or gauge for every combination of label values met so far.
import { assert } from "../assert.js";

/** One string for every label. */
export type LabelValues<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };

interface Child<Metric> {
  readonly values: readonly string[];
  readonly metric: Metric;
}

export class Labelled<Metric, Labels extends readonly string[] = readonly string[]> {
  readonly #labels: Labels;
  readonly #newMetric: () => Metric;
  readonly #children = new Map<string, Child<Metric>>();

  /** A metric without labels has its only child at once, so that it is reported as 0. */
  constructor(labels: Labels, newMetric: () => Metric) {
    this.#labels = labels;
    this.#newMetric = newMetric;
    if (labels.length === 0) this.#child([]);
  }

  /** The child for these values, in the order of the table's labels. It stays the same for good: keep it. */
  with(...values: LabelValues<Labels>): Metric {
    return this.#child(values);
  }

  /** The children, in the order they were first asked for, with their labels. */
  *entries(): IterableIterator<readonly [labels: Readonly<Record<string, string>>, metric: Metric]> {
    for (const { values, metric } of this.#children.values()) {
      yield [Object.fromEntries(this.#labels.map((label, index) => [label, values[index]!])), metric];
    }
  }

  #child(values: readonly string[]): Metric {
    assert(values.length === this.#labels.length, `labels ${this.#labels.join(", ")} need a value each`);
    const key = JSON.stringify(values);
    let child = this.#children.get(key);
    if (child === undefined) {
      child = { values, metric: this.#newMetric() };
      this.#children.set(key, child);
    }
    return child.metric;
  }
}
