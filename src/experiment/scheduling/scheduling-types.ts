// What a scheduling case asks for, and what one carrying-out of it found. Plain data: it crosses process boundaries and
// is written into result.json. Times are milliseconds, of the wall clock or of simulated time.

import type { HistogramJson } from "../../measure/histogram.js";
import type { PlacementRecord, SlowAttemptRecord, Through } from "../../measure/scheduling-record.js";
import type { MeasuredPoint } from "../../scheduler/metrics/profile-metrics.js";
import type { MetricFamily } from "../../base/metrics/metric-family.js";
import type { QueueCounts } from "../../scheduler/queue/scheduling-queue.js";
import type { LoadModel } from "../../workload/arrivals.js";

/** Where nodes, Pods and what happens to them come from. Paths are absolute. */
export type SchedulingSource =
  | {
      /** A case of a performance-config.yaml. */
      readonly kind: "workload";
      readonly configPath: string;
      readonly testCase: string;
      /** One of the case's workloads by name, or sizes of one's own. */
      readonly workload: string | { readonly params: Readonly<Record<string, number | string | boolean>> };
    }
  | {
      readonly kind: "trace";
      readonly format: "openb" | "csv";
      readonly nodesPath: string;
      readonly podsPath: string;
      readonly speedUp: number;
      readonly lifetimeStretch: number;
      readonly tileCount: number;
      readonly podsMax: number | null;
      readonly fromMs: number;
      readonly toMs: number | null;
    };

export interface SchedulingSpec {
  readonly source: SchedulingSource;
  /** A KubeSchedulerConfiguration; null for upstream's defaults. */
  readonly schedulerConfigPath: string | null;
  /** What stands between the scheduler and its objects, in real time: in simulated time nothing does. */
  readonly through: Through;
  /** How measured Pods arrive where the workload creates them in one go; null: all at once, as upstream. */
  readonly load: LoadModel | null;
}

/** real: timed by the machine's clock. simulated: time passes by a fixed amount per attempt, so that it is exact. */
export type TimeMode = "real" | "simulated";

/** One carrying-out of a workload. */
export interface SchedulingResult {
  readonly timeMode: TimeMode;
  readonly seed: number;
  readonly nodes: number;
  readonly podsInitial: number;
  readonly podsMeasured: number;
  /** Of the measured Pods. */
  readonly podsScheduled: number;
  /** The measured window. */
  readonly durationMs: number;
  /** Upstream's SchedulingThroughput; null when the window was too short for a sample. */
  readonly throughput: ThroughputSummary | null;
  /** podsScheduled / duration. */
  readonly podsPerSecond: number;
  readonly attempts: Readonly<Record<"scheduled" | "unschedulable" | "error", number>>;
  /** Candidates that filters looked at, and nodes that were scored, over all attempts of the window. */
  readonly nodesEvaluated: number;
  readonly nodesScored: number;
  readonly latency: LatencyBreakdown;
  readonly timeline: readonly TimelinePoint[];
  readonly pluginCosts: readonly PluginCostRow[];
  /** Upstream's metrics over the window. */
  readonly metrics: readonly MetricFamily[];
  readonly placement: PlacementQuality;
  /**
   * SHA-256 over sorted "namespace/pod=node" lines: of all Pods that have a node at the end, in a trace of all that ever
   * had one. Equal digests mean equal placements.
   */
  readonly placementDigest: string;
  readonly heapBytesMax: number;
  readonly columnBytes: number;
  /** The slowest attempts of the window, slowest first. */
  readonly slowest: readonly SlowAttempt[];
  readonly warnings: readonly string[];
  /** What was asked for, and what came of it; empty for a trace. */
  readonly workload: AppliedWorkload;
}

/** "nodes", "pods of NAMESPACE", "scheduled of NAMESPACE" -> how many. */
export interface AppliedWorkload {
  readonly requested: Readonly<Record<string, number>>;
  readonly applied: Readonly<Record<string, number>>;
}

export interface ThroughputSummary {
  readonly average: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  /** Pods per second of each sample. */
  readonly samples: readonly number[];
}

/** Of measured Pods that were scheduled, ns. Starts are scheduled starts: waiting for a late generator counts. */
export interface LatencyBreakdown {
  /** From the scheduled start to being taken out of the queue the last time. */
  readonly queue: HistogramJson;
  /** The last attempt, to the decision. */
  readonly cycle: HistogramJson;
  /** From the decision to the binding. */
  readonly bind: HistogramJson;
  /** From the scheduled start to the binding. */
  readonly total: HistogramJson;
  /** Every attempt of the window, whatever its result. */
  readonly attempt: HistogramJson;
}

export interface TimelinePoint {
  /** Since the window began. */
  readonly atMs: number;
  /** Measured Pods scheduled so far. */
  readonly scheduled: number;
  readonly attempts: number;
  readonly queue: QueueCounts;
  /** Shares of what nodes have, 0..1, by resource; for traces also the free GPU share that cannot be used. */
  readonly utilisation: Readonly<Record<string, number>>;
  readonly fragmentation: number | null;
}

export interface PluginCostRow {
  readonly plugin: string;
  readonly point: MeasuredPoint;
  readonly cycles: number;
  readonly nodes: number;
  readonly timedCycles: number;
  readonly timedMs: number;
}

/** How well Pods lie at the end; the record keeps it as it is. */
export type PlacementQuality = PlacementRecord;

export type SlowAttempt = SlowAttemptRecord;
