// Phase "traffic": packets through the rules. Counted one by one, then timed in batches.
// Packets that open connections find conntrack as they would at first: it is emptied before each batch, off the clock.
import { recordedCalibration } from "../calibration/calibration-file.js";
import { durationBetween } from "../base/clock.js";
import type { Evaluator } from "../dataplane/evaluator.js";
import { Histogram } from "../measure/histogram.js";
import type { MetricName } from "../measure/metrics.js";
import { median } from "../measure/statistics/quantiles.js";
import { timeAfter, timeOperation } from "../measure/timer.js";
import type { TrafficPlan } from "../workload/traffic.js";
import { countPackets, type CountedPackets } from "./count-packets.js";
import { type DataPath, evaluatorFor, openFlows } from "./data-path.js";
import { evenSpread } from "./fairness.js";
import { type FlowPlace, planFlows } from "./flows.js";
import type { PhaseContext } from "./phase.js";
import type { TrafficPhase } from "./scenario-types.js";

/** Code of the warning that a timing did not settle. */
export const NOT_STEADY = "NOT_STEADY";

/** Packets counted one by one: just enough for p99.9; known connections are all much alike, so p99 will do. */
const COUNTED_PACKETS_MAX = { "first-packet": 3000, established: 1000, mixed: 3000 } as const;
/** Packets per timed chunk: some microseconds, so that reading the clock is below 1% of it. */
const CHUNK_PACKETS = 64;
const CHUNKS = 512;
const CHUNK_NS_RESOLUTION = 0.25;

interface Names {
  readonly rules: MetricName;
  readonly lookups: MetricName | null;
  readonly core: MetricName;
  readonly kernel: MetricName;
}

const NAMES: Record<TrafficPhase["packets"], Names> = {
  "first-packet": {
    rules: "first.rules_evaluated",
    lookups: "first.lookups",
    core: "first.core_ns",
    kernel: "first.kernel_ns",
  },
  established: {
    rules: "established.rules_evaluated",
    lookups: null,
    core: "established.core_ns",
    kernel: "established.kernel_ns",
  },
  mixed: { rules: "mixed.rules_evaluated", lookups: null, core: "mixed.core_ns", kernel: "mixed.kernel_ns" },
};

/** What has to be done before each batch so that it finds the tables as the first one did. */
type Prepare = () => void;

export function runTraffic(
  context: PhaseContext,
  path: DataPath,
  phase: TrafficPhase,
  place: FlowPlace,
): void {
  const plan = planFlows(phase.packets, phase.flows, place);
  const evaluator = evaluatorFor(path, plan);
  const prepare: Prepare = () => {
    evaluator.reset();
    openFlows(evaluator, plan, path.model);
  };
  prepare();
  evaluator.load(plan.steady);
  const counted = countPackets(evaluator, {
    packet: phase.packets === "established" ? "established" : "first",
    distinctTargets: distinctTargets(plan),
    packetsMax: COUNTED_PACKETS_MAX[phase.packets],
    calibration: context.request.calibration ?? recordedCalibration(),
  });
  report(context, NAMES[phase.packets], counted);
  if (phase.packets === "first-packet") reportFairness(context, evaluator, plan, { prepare, place });
  context.findings.add(
    NAMES[phase.packets].core,
    ...timePackets(context, evaluator, plan, { phase, prepare }),
  );
}

function report({ findings }: PhaseContext, names: Names, counted: CountedPackets): void {
  const { rules, lookups, kernelNs, meanCounts, meanParts } = counted;
  findings.add(names.rules, rules.mean, { histogram: rules.histogram, breakdown: meanCounts });
  if (names.lookups !== null) findings.add(names.lookups, lookups.mean, { histogram: lookups.histogram });
  findings.add(names.kernel, kernelNs.mean, { histogram: kernelNs.histogram, breakdown: meanParts });
}

function reportFairness(
  { findings }: PhaseContext,
  evaluator: Evaluator,
  plan: TrafficPlan,
  { prepare, place }: { prepare: Prepare; place: FlowPlace },
): void {
  prepare();
  evaluator.evaluate();
  const p = evenSpread(evaluator.results, { flowTarget: plan.flowTarget, endpointsOf: place.endpointsOf });
  if (p !== null) findings.add("fairness.chi_square_p", p);
}

function distinctTargets({ flowTarget }: TrafficPlan): number {
  return new Set(flowTarget).size;
}

interface Timed {
  readonly phase: TrafficPhase;
  readonly prepare: Prepare;
}

function timePackets(
  context: PhaseContext,
  evaluator: Evaluator,
  plan: TrafficPlan,
  { phase, prepare }: Timed,
): [number, { histogram: Histogram }] {
  const { clock, timer, request, findings } = context;
  const options = { warmup: request.warmup, budgetNs: request.timedNs };
  const restart = () => {
    prepare();
    evaluator.load(plan.steady);
  };
  restart();
  const opensFlows = phase.packets !== "established";
  const timing = opensFlows
    ? timeAfter(clock, timer, { before: restart, body: () => evaluator.evaluate() }, options)
    : timeOperation(
        clock,
        timer,
        (repetitions) => {
          for (let round = 0; round < repetitions; round++) evaluator.evaluate();
        },
        options,
      );
  if (!timing.steady)
    findings.warn(
      NOT_STEADY,
      "a timing did not settle within 2% during its warm-up",
      "run on a quiet machine, or with more samples",
    );
  return [
    median(timing.windowsNs) / plan.steady.count,
    { histogram: chunkHistogram(context, evaluator, plan, opensFlows ? restart : null) },
  ];
}

/** Time per packet of chunks of 64: what a single packet takes is below what the clock can tell. */
function chunkHistogram(
  { clock, timer }: PhaseContext,
  evaluator: Evaluator,
  plan: TrafficPlan,
  restart: (() => void) | null,
): Histogram {
  const histogram = new Histogram(CHUNK_NS_RESOLUTION);
  const size = Math.min(CHUNK_PACKETS, plan.steady.count);
  const perPass = Math.floor(plan.steady.count / size);
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const position = chunk % perPass;
    if (position === 0) restart?.();
    const start = clock.now();
    evaluator.evaluate(position * size, size);
    histogram.record(Math.max(0, durationBetween(start, clock.now()) - timer.overheadNs) / size);
  }
  return histogram;
}
