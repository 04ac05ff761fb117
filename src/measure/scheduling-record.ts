// What a run keeps of a case that schedules Pods beside its metrics: the course of one sample and how Pods lie at the
// end. Times are milliseconds. Timings are those of the block with the median rate, so that they belong together.
/** in-process: an API in memory, without a server. api: a whole control plane, by requests and watches. */
export const THROUGHS = ["in-process", "api"] as const;
export type Through = (typeof THROUGHS)[number];

export interface SchedulingRecord {
  /** What stood between the scheduler and its objects in the pass in real time; absent: in-process. */
  readonly through?: Through;
  /** The block that timings below are taken from. */
  readonly block: number;
  readonly nodes: number;
  readonly podsInitial: number;
  readonly podsMeasured: number;
  readonly podsScheduled: number;
  readonly durationMs: number;
  /** As upstream's benchmark reports it; null when the window was too short for a sample. */
  readonly throughput: SchedulingThroughput | null;
  readonly attempts: Readonly<Record<AttemptResult, number>>;
  readonly timeline: readonly SchedulingMoment[];
  /** Timed cost of plugins, as sampled by the scheduler. */
  readonly pluginCosts: readonly PluginCost[];
  /** Upstream's metrics by upstream's names: one entry per metric and combination of labels. */
  readonly upstreamMetrics: readonly UpstreamMetric[];
  /** Slowest first. */
  readonly slowest: readonly SlowAttemptRecord[];
  readonly columnBytes: number;
  /** Exact, from the pass in simulated time, which is always in process. */
  readonly placement: PlacementRecord;
  /** SHA-256 of all placements of the pass in simulated time: equal digests mean equal placements. */
  readonly placementDigest: string;
  /** The least, or most, that the workload's authors accept; null when they name none. */
  readonly floor: ImportedFloor | null;
}

export type AttemptResult = "scheduled" | "unschedulable" | "error";

export interface SchedulingThroughput {
  readonly average: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  /** Pods per second of each sample. */
  readonly samples: readonly number[];
}

export interface SchedulingMoment {
  /** Since the window began. */
  readonly atMs: number;
  readonly scheduled: number;
  readonly attempts: number;
  /** Queue -> Pods in it. */
  readonly queue: Readonly<Record<string, number>>;
  /** Resource -> share of what nodes have. */
  readonly utilisation: Readonly<Record<string, number>>;
  readonly fragmentation: number | null;
}

export interface PluginCost {
  readonly plugin: string;
  /** Extension point. */
  readonly point: string;
  readonly cycles: number;
  readonly nodes: number;
  readonly timedCycles: number;
  readonly timedMs: number;
}

export interface UpstreamMetric {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kind: "histogram" | "counter" | "gauge";
  /** Average, Perc50, ... of a histogram, in ms where it is timed; Value of a counter or gauge. */
  readonly data: Readonly<Record<string, number>>;
}

/** Whether a metric of this name holds times, as against counts. */
export function isTimed(name: string): boolean {
  return name.endsWith("_seconds");
}

export interface SlowAttemptRecord {
  readonly pod: string;
  readonly result: AttemptResult;
  readonly cycleMs: number;
  readonly evaluatedNodes: number;
  readonly feasibleNodes: number;
  /** The node, or why there is none. */
  readonly outcome: string;
}

export interface PlacementRecord {
  /** Resource -> taken / allocatable of the cluster. */
  readonly utilisation: Readonly<Record<string, number>>;
  /** Resource -> standard deviation of the nodes' shares, 0..0.5. */
  readonly imbalance: Readonly<Record<string, number>>;
  /** Share of Pods that asked for a node and have one. */
  readonly placedShare: number;
  /** Nodes without a Pod. */
  readonly emptyNodes: number;
  /** Of the scarce resource; null where there is none. */
  readonly fragmentation: number | null;
}

/** A threshold of a workload: provenance `imported`. Other machines, with an API server in the way. */
export interface ImportedFloor {
  readonly value: number;
  /** "SchedulingThroughput Average", in its own unit: Pods per second. */
  readonly metric: string;
  /** The value is the most allowed, not the least. */
  readonly isCeiling: boolean;
  /** File and line. */
  readonly source: string;
}
