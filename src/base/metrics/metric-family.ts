// A metric with all its children as plain data: it goes between processes and into a run record.
import type { HistogramJson } from "./histogram.js";

export interface HistogramSeries extends HistogramJson {
  readonly labels: Readonly<Record<string, string>>;
}

export interface ValueSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface FamilyHead {
  /** Upstream's full name. */
  readonly name: string;
  readonly help: string;
}

export interface HistogramFamily extends FamilyHead {
  readonly type: "histogram";
  readonly series: readonly HistogramSeries[];
}

export interface ValueFamily extends FamilyHead {
  readonly type: "counter" | "gauge";
  readonly series: readonly ValueSeries[];
}

export type MetricFamily = HistogramFamily | ValueFamily;
