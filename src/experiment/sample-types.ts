// What one fresh process is asked to measure, and what it answers. Plain data: it crosses a process boundary.
import type { Calibration } from "../calibration/calibration.js";
import type { HistogramJson } from "../measure/histogram.js";
import type { MetricName } from "../measure/metrics.js";
import type { Warning } from "../measure/run-record.js";
import type { SchedulingRecord } from "../measure/scheduling-record.js";
import type { Labels, Sampling, ScenarioCase } from "./scenario-types.js";

export interface SampleRequest {
  readonly case: ScenarioCase;
  readonly seed: number;
  readonly block: number;
  readonly warmup: Sampling["warmup"];
  /** How much measuring time each timed metric may use, ns; warm-up included. */
  readonly timedNs: number;
  /** What modelled times are made of; absent: the recorded calibration that ships. */
  readonly calibration?: Calibration;
}

export interface SampleResult {
  readonly caseId: string;
  readonly block: number;
  readonly workload: {
    readonly requested: Readonly<Record<string, number>>;
    readonly applied: Readonly<Record<string, number>>;
  };
  readonly values: readonly MetricValue[];
  /** What a scheduling case found beside its metrics. */
  readonly scheduling: SchedulingFindings | null;
  readonly warnings: readonly Warning[];
  /** Set when the mode cannot serve the case; `values` is then empty. */
  readonly unsupported: string | null;
}

export interface SchedulingFindings {
  readonly podsPerSecond: number;
  readonly record: SchedulingRecord;
}

/** What a sample process sends back. */
export type SampleReply =
  | { readonly kind: "result"; readonly result: SampleResult }
  | { readonly kind: "error"; readonly message: string };

export interface MetricValue {
  readonly name: MetricName;
  /** Labels beyond the case's own, such as workers=2: they make a case of their own. */
  readonly labels: Labels;
  readonly value: number;
  /** Values inside the sample (per packet or Pod), for percentiles. */
  readonly histogram: HistogramJson | null;
  /** Counter or part name -> mean per packet. */
  readonly breakdown: Readonly<Record<string, number>> | null;
}
