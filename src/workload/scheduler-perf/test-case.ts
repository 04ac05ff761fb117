// A test case of scheduler_perf: operations with parameters, and the workloads that give those their values.
// Source: kubernetes/kubernetes test/integration/scheduler_perf, scheduler_perf.go.
import type { MapEntry, SourceNode } from "../../base/document/source-tree.js";
import type { SourcePosition } from "../../base/errors.js";
import type { Labels, Op } from "./ops.js";

export type FeatureGates = Readonly<Record<string, boolean>>;

/** One number, or one for each topic (a set-up that reuses the cases); 0 means no threshold. */
export type Threshold = number | Readonly<Record<string, number>>;

/** Which number of a run a threshold is about. */
export interface ThresholdMetricSelector {
  readonly name: string;
  readonly labels: Labels;
  /** "Average", "Perc99", ... */
  readonly dataBucket: string;
  /** The threshold is the most allowed, not the least. */
  readonly expectLower: boolean;
}

/** Histogram -> labels whose combinations become data items; empty: all of it as one. */
export interface MetricsCollectorConfig {
  readonly metrics: Readonly<
    Record<string, readonly { readonly label: string; readonly values: readonly string[] }[]>
  >;
}

export interface Workload {
  readonly name: string;
  readonly at: SourcePosition;
  /** Its own and its case's. */
  readonly labels: readonly string[];
  readonly featureGates: FeatureGates;
  readonly params: ReadonlyMap<string, MapEntry>;
  readonly threshold: Threshold;
  readonly thresholdMetricSelector: ThresholdMetricSelector | null;
}

export interface TestCase {
  readonly name: string;
  readonly at: SourcePosition;
  readonly labels: readonly string[];
  readonly featureGates: FeatureGates;
  /** null: the collector's own choice. */
  readonly metricsCollectorConfig: MetricsCollectorConfig | null;
  readonly schedulerConfigPath: string | null;
  readonly defaultPodTemplatePath: string | null;
  readonly defaultThresholdMetricSelector: ThresholdMetricSelector | null;
  /** As written: what an operation says depends on the workload. */
  readonly workloadTemplate: readonly SourceNode[];
  readonly workloads: readonly Workload[];
}

/** What one run does. */
export interface ResolvedWorkload {
  /** "Case/Workload" */
  readonly name: string;
  readonly at: SourcePosition;
  readonly labels: readonly string[];
  readonly featureGates: FeatureGates;
  readonly threshold: Threshold;
  readonly thresholdMetricSelector: ThresholdMetricSelector;
  readonly metricsCollectorConfig: MetricsCollectorConfig | null;
  readonly schedulerConfigPath: string | null;
  /** In order; the index of an operation names its namespace where it has none of its own. */
  readonly ops: readonly Op[];
}

/** The threshold for a topic ("" for none); 0 when there is none. */
export function thresholdOf(threshold: Threshold, topic = ""): number {
  if (typeof threshold === "number") return threshold;
  return Object.hasOwn(threshold, topic) ? (threshold[topic] as number) : 0;
}
