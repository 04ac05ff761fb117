// Phase "workers": established traffic over 1, 2, ... threads. Flows are sharded by their 5-tuple's hash, as a network
// card spreads them over queues; every thread has its own conntrack and the one shared image.
import { Evaluator, shareImage } from "../dataplane/evaluator.js";
import { WorkerPool } from "../dataplane/pool.js";
import { shardColumns } from "../workload/flow-hash.js";
import type { TrafficPlan } from "../workload/traffic.js";
import { openFlows, type DataPath } from "./data-path.js";
import { type FlowPlace, planFlows } from "./flows.js";
import type { PhaseContext } from "./phase.js";
import type { WorkersPhase } from "./scenario-types.js";
import { availableParallelism } from "node:os";

/** Rounds of equal length; the best of them is the least disturbed one. */
const ROUNDS = 5;

export async function runWorkers(
  context: PhaseContext,
  path: DataPath,
  phase: WorkersPhase,
  place: FlowPlace,
): Promise<void> {
  const plan = planFlows("established", phase.flows, place);
  for (const workers of phase.counts) {
    if (workers > availableParallelism()) {
      context.findings.warn(
        "TOO_FEW_CORES",
        `${workers} workers were asked for on ${availableParallelism()} cores; that point is left out`,
        "lower counts in the workers phase",
      );
      continue;
    }
    const packetsPerSecond = await throughput(context, path, plan, workers);
    context.findings.add("workers.packets_per_second", packetsPerSecond, { labels: { workers } });
  }
}

async function throughput(
  context: PhaseContext,
  path: DataPath,
  plan: TrafficPlan,
  workers: number,
): Promise<number> {
  const openings = shardColumns(plan.opening, workers);
  const steadies = shardColumns(plan.steady, workers);
  const shared = shareImage(
    path.encoder.image,
    steadies.map((steady, index) => ({
      conntrackMax: Math.max(1024, plan.flowCount * 2),
      packetsMax: Math.max(steady.count, openings[index]?.count ?? 0, 1),
    })),
  );
  for (const [index, site] of shared.sites.entries()) {
    const evaluator = new Evaluator(site, { seed: path.seed + index, imageCapacity: 0 });
    openFlows(evaluator, { ...plan, opening: openings[index] ?? plan.opening }, path.model);
    evaluator.load(steadies[index] ?? plan.steady);
  }
  const pool = new WorkerPool(shared.sites);
  try {
    return await bestRate(
      context,
      pool,
      steadies.map(({ count }) => count),
    );
  } finally {
    await pool.close();
  }
}

/** Warm up, find how many repetitions fill a round, then take the best round. */
async function bestRate(
  { request }: PhaseContext,
  pool: WorkerPool,
  packets: readonly number[],
): Promise<number> {
  const roundNs = request.timedNs / ROUNDS;
  let trial = await pool.evaluate(packets, 1);
  let repetitions = 1;
  while (trial.ns < roundNs / 2) {
    repetitions = Math.max(
      repetitions + 1,
      Math.min(repetitions * 8, Math.ceil((repetitions * roundNs) / Math.max(1, trial.ns))),
    );
    trial = await pool.evaluate(packets, repetitions);
  }
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { packets: evaluated, ns } = await pool.evaluate(packets, repetitions);
    best = Math.max(best, evaluated / (ns / 1e9));
  }
  return best;
}
