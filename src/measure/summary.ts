// Samples -> metric record: the row of METRICS filled with what was taken, its summary and its distribution.
import { assert } from "../base/assert.js";
import { Prng } from "../base/prng.js";
import type { Histogram } from "./histogram.js";
import { METRICS, type MetricName, type MetricRow } from "./metrics.js";
import type { Distribution, MetricRecord, Sample, Summary } from "./run-record.js";
import { medianInterval } from "./statistics/bootstrap.js";
import { medianOfSorted, observationsNeeded, sorted } from "./statistics/quantiles.js";

/** Fewer samples than this support no claim, so no interval either. */
export const SAMPLES_FOR_CLAIM = 6;

const PERCENTILES = { p1: 1, p10: 10, p50: 50, p90: 90, p99: 99, "p99.9": 99.9 } as const;
const SEED = 0x706c756d;

export interface MetricDetails {
  /** Values inside the samples of all processes, merged. */
  readonly histogram?: Histogram;
  /** How those values were taken; service-time unless told. */
  readonly omission?: Distribution["omission"];
  readonly breakdown?: Readonly<Record<string, number>>;
}

/**
 * @param samples one per process in the order taken; exactly one for an exact metric
 */
export function metricRecord(
  name: MetricName,
  samples: readonly Sample[],
  details: MetricDetails = {},
): MetricRecord {
  const { unit, better, provenance, assume }: MetricRow = METRICS[name];
  assert(samples.length > 0, `metric ${name} has no sample`);
  assert(assume !== "exact" || samples.length === 1, `exact metric ${name} has ${samples.length} samples`);
  const { histogram, omission = "service-time", breakdown } = details;
  const summary = summarise(samples, assume === "exact");
  const record = { name, unit, better, provenance, assume, samples, summary };
  return {
    ...record,
    ...(histogram && histogram.count > 0 ? { distribution: distributionOf(histogram, omission) } : {}),
    ...(breakdown ? { breakdown } : {}),
  };
}

function summarise(samples: readonly Sample[], exact: boolean): Summary {
  const ascending = sorted(samples.map(({ value }) => value));
  const n = ascending.length;
  for (const value of ascending) assert(Number.isFinite(value), `a sample is ${value}`);
  return {
    n,
    median: medianOfSorted(ascending),
    min: ascending[0] as number,
    max: ascending[n - 1] as number,
    ci95: exact || n < SAMPLES_FOR_CLAIM ? null : medianInterval(ascending, new Prng(SEED)),
  };
}

/** Percentiles with too few observations for a 95% bound are null. */
export function distributionOf(histogram: Histogram, omission: Distribution["omission"]): Distribution {
  const { count } = histogram;
  const percentile = (percent: number) =>
    count < observationsNeeded(percent) ? null : histogram.percentile(percent);
  const percentiles = Object.fromEntries(
    Object.entries(PERCENTILES).map(([name, percent]) => [name, percentile(percent)]),
  ) as Distribution["percentiles"];
  return { count, percentiles, buckets: histogram.buckets(), omission };
}
