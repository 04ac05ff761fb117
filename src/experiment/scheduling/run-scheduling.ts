// Carries out one scheduling case in this process and says what was found.
import { readFileSync } from "node:fs";
import { Prng } from "../../base/prng.js";
import { throughputSummary } from "../../measure/scheduler-throughput.js";
import type { Through } from "../../measure/scheduling-record.js";
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";
import { DEFAULT_FEATURES, type Scheduler, type SchedulerFeatures } from "../../scheduler/scheduler.js";
import type { FeatureGates } from "../../workload/scheduler-perf/test-case.js";
import { isBound } from "./pod-objects.js";
import { loadTrace } from "./load-trace.js";
import { loadWorkload } from "./load-workload.js";
import { placementDigest, placementLine, placementQuality, type PodCounts } from "./placement-quality.js";
import type {
  AppliedWorkload,
  SchedulingResult,
  SchedulingSource,
  SchedulingSpec,
  ThroughputSummary,
} from "./scheduling-types.js";
import type { MeasuredWindow } from "./measured-window.js";
import { newSimulation, type SimulationOptions, type Surroundings } from "./simulation.js";
import { executeTrace } from "./trace-executor.js";
import type { WorkloadCluster } from "./workload-cluster.js";
import { executeWorkload } from "./workload-executor.js";
import { InMemoryCluster } from "./in-memory-cluster.js";

/** What is found once a case is over. */
interface Outcome {
  readonly scheduler: Scheduler;
  readonly window: MeasuredWindow;
  readonly counts: PodCounts;
  readonly placements: readonly string[];
  readonly fragmentation: number | null;
  readonly warnings: readonly string[];
  readonly workload: AppliedWorkload;
}

type SpecOf<Kind> = SchedulingSpec & { readonly source: SchedulingSource & { readonly kind: Kind } };

/**
 * In simulated time always in process: a control plane runs in real time only.
 *
 * @throws {PlumbError} for what is wrong with the case; Internal when Pods do not get scheduled within 10 minutes
 * @throws the reason of `signal` when it is aborted
 */
export async function runScheduling(
  spec: SchedulingSpec,
  surroundings: Surroundings,
): Promise<SchedulingResult> {
  const { source } = spec;
  return source.kind === "workload"
    ? runWorkload({ ...spec, source }, surroundings)
    : runTrace({ ...spec, source }, surroundings);
}

async function runWorkload(
  { source, schedulerConfigPath, load, through }: SpecOf<"workload">,
  surroundings: Surroundings,
): Promise<SchedulingResult> {
  const { workload, making } = loadWorkload(source);
  const cluster = await openCluster(through, {
    ...surroundings,
    configuration: readConfiguration(schedulerConfigPath ?? workload.schedulerConfigPath),
    features: featuresOf(workload.featureGates),
    // There are no kubelets in scheduler_perf.
    runsPods: false,
    readsThroughput: true,
    fragmentation: () => null,
  });
  try {
    const prng = new Prng(surroundings.seed).fork("arrivals");
    const outcome = await executeWorkload(cluster, { workload, making, load, prng });
    const { scheduler, window } = cluster;
    const pods = [...cluster.pods()];
    const placed = pods.filter(isBound);
    const counts = { placed: placed.length, asked: pods.length };
    const placements = placed.map(placementLine);
    return resultOf({ ...outcome, scheduler, window, counts, placements, fragmentation: null }, surroundings);
  } finally {
    await cluster.close();
  }
}

async function openCluster(through: Through, options: SimulationOptions): Promise<WorkloadCluster> {
  if (through === "in-process" || options.timeMode === "simulated")
    return new InMemoryCluster(newSimulation(options));
  // Who stays in process need not load a control plane.
  const { startPlaneCluster } = await import("../controlplane/plane-cluster.js");
  return startPlaneCluster(options);
}

async function runTrace(
  { source, schedulerConfigPath }: SpecOf<"trace">,
  surroundings: Surroundings,
): Promise<SchedulingResult> {
  const { nodes, arrivals, fragmentation } = loadTrace(source);
  const simulation = newSimulation({
    ...surroundings,
    configuration: readConfiguration(schedulerConfigPath),
    features: DEFAULT_FEATURES,
    runsPods: true,
    readsThroughput: false,
    fragmentation,
  });
  const { placements } = await executeTrace(simulation, { nodes, arrivals });
  const { scheduler, window, driver, timeline } = simulation;
  const atEnd = fragmentation(scheduler);
  driver.bringUpToDate(timeline.now());
  return resultOf(
    {
      scheduler,
      window,
      counts: { placed: placements.length, asked: arrivals.length },
      placements,
      fragmentation: atEnd,
      warnings: [],
      workload: { requested: {}, applied: {} },
    },
    surroundings,
  );
}

function readConfiguration(path: string | null): SchedulerConfiguration {
  if (path === null) return defaultConfiguration();
  return parseSchedulerConfiguration({ file: path, text: readFileSync(path, "utf8") });
}

/** Of upstream's gates, those that change decisions here. */
function featuresOf(gates: FeatureGates): SchedulerFeatures {
  return {
    ...DEFAULT_FEATURES,
    queueingHints: gates["SchedulerQueueingHints"] ?? DEFAULT_FEATURES.queueingHints,
    popFromBackoff: gates["SchedulerPopFromBackoffQ"] ?? DEFAULT_FEATURES.popFromBackoff,
    asyncPreemption: gates["SchedulerAsyncPreemption"] ?? DEFAULT_FEATURES.asyncPreemption,
  };
}

function resultOf(outcome: Outcome, { timeMode, seed }: Surroundings): SchedulingResult {
  const { window, scheduler, counts, placements, fragmentation, warnings, workload } = outcome;
  const { podsScheduled, durationMs } = window;
  const repeated =
    window.openings > 1 ? ["several windows were measured: metrics and plugin costs are of the last"] : [];
  return {
    timeMode,
    seed,
    nodes: Math.max(window.nodesInitial, scheduler.cache.nodes.length),
    podsInitial: window.podsInitial,
    podsMeasured: window.podsMeasured,
    podsScheduled,
    durationMs,
    throughput: throughputOf(window.samples),
    podsPerSecond: durationMs === 0 ? 0 : (podsScheduled * 1000) / durationMs,
    attempts: { ...window.attempts },
    nodesEvaluated: window.nodesEvaluated,
    nodesScored: window.nodesScored,
    latency: window.latencies.toJSON(),
    timeline: window.points,
    pluginCosts: window.pluginCosts,
    metrics: window.metrics,
    placement: placementQuality(scheduler.cache, counts, fragmentation),
    placementDigest: placementDigest(placements),
    heapBytesMax: window.heapBytesMax,
    columnBytes: scheduler.columnBytes,
    slowest: window.slowest.list,
    warnings: [...warnings, ...repeated],
    workload,
  };
}

function throughputOf(samples: readonly number[]): ThroughputSummary | null {
  const summary = throughputSummary(samples);
  if (summary === null) return null;
  const { Average: average, Perc50: p50, Perc90: p90, Perc95: p95, Perc99: p99 } = summary;
  return { average, p50, p90, p95, p99, samples };
}
