// Carries out one scheduling case in this process and says what was found.
import { readFileSync } from "node:fs";
import { Prng } from "../../base/prng.js";
import { throughputSummary } from "../../measure/scheduler-throughput.js";
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import { defaultConfiguration } from "../../scheduler/config/default-configuration.js";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";
import { DEFAULT_FEATURES, type SchedulerFeatures } from "../../scheduler/scheduler.js";
import type { FeatureGates } from "../../workload/scheduler-perf/test-case.js";
import { isBound } from "./pod-objects.js";
import { loadTrace } from "./load-trace.js";
import { loadWorkload } from "./load-workload.js";
import { placementDigest, placementLine, placementQuality, type PodCounts } from "./placement-quality.js";
import type {
  SchedulingResult,
  SchedulingSource,
  SchedulingSpec,
  ThroughputSummary,
} from "./scheduling-types.js";
import { newSimulation, type Simulation, type Surroundings } from "./simulation.js";
import { executeTrace } from "./trace-executor.js";
import { executeWorkload } from "./workload-executor.js";

/** What is found once a case is over. */
interface Outcome {
  readonly simulation: Simulation;
  readonly counts: PodCounts;
  readonly placements: readonly string[];
  readonly fragmentation: number | null;
  readonly warnings: readonly string[];
}

/**
 * @throws {PlumbError} for what is wrong with the case; Internal when Pods do not get scheduled within 10 minutes
 * @throws the reason of `signal` when it is aborted
 */
export async function runScheduling(
  { source, schedulerConfigPath, load }: SchedulingSpec,
  surroundings: Surroundings,
): Promise<SchedulingResult> {
  const outcome =
    source.kind === "workload"
      ? await runWorkload({ source, schedulerConfigPath, load }, surroundings)
      : await runTrace(source, schedulerConfigPath, surroundings);
  return resultOf(outcome, surroundings);
}

async function runWorkload(
  { source, schedulerConfigPath, load }: SchedulingSpec & { source: SchedulingSource & { kind: "workload" } },
  surroundings: Surroundings,
): Promise<Outcome> {
  const { workload, making } = loadWorkload(source);
  const simulation = newSimulation({
    ...surroundings,
    configuration: readConfiguration(schedulerConfigPath ?? workload.schedulerConfigPath),
    features: featuresOf(workload.featureGates),
    // There are no kubelets in scheduler_perf.
    runsPods: false,
    readsThroughput: true,
    fragmentation: () => null,
  });
  const prng = new Prng(surroundings.seed).fork("arrivals");
  const warnings = await executeWorkload(simulation, { workload, making, load, prng });
  const pods = [...simulation.api.pods()];
  const placed = pods.filter(isBound);
  const counts = { placed: placed.length, asked: pods.length };
  return { simulation, counts, placements: placed.map(placementLine), fragmentation: null, warnings };
}

async function runTrace(
  source: SchedulingSource & { kind: "trace" },
  schedulerConfigPath: string | null,
  surroundings: Surroundings,
): Promise<Outcome> {
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
  return {
    simulation,
    counts: { placed: placements.length, asked: arrivals.length },
    placements,
    fragmentation: fragmentation(simulation.scheduler),
    warnings: [],
  };
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
  const { simulation, counts, placements, fragmentation, warnings } = outcome;
  const { window, scheduler, driver, timeline } = simulation;
  driver.bringUpToDate(timeline.now());
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
  };
}

function throughputOf(samples: readonly number[]): ThroughputSummary | null {
  const summary = throughputSummary(samples);
  if (summary === null) return null;
  const { Average: average, Perc50: p50, Perc90: p90, Perc95: p95, Perc99: p99 } = summary;
  return { average, p50, p90, p95, p99, samples };
}
