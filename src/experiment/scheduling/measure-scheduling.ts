// One sample of a scheduling case: the workload in simulated time, then again in real time.
// Why both: simulated time passes by a fixed amount per attempt, so that everything counted is exact and placements can
// be held against those of other processes; and it leaves the code warm, so that the second pass times the scheduler and
// not the compiler. Cost: about twice the workload.
import type { PhaseContext } from "../phase.js";
import type { SampleResult } from "../sample-types.js";
import type { SchedulingCase } from "../scenario-types.js";
import type { SchedulingWaits } from "./real-waits.js";
import { runScheduling } from "./run-scheduling.js";
import { addCounts, addTimings } from "./scheduling-metrics.js";
import { schedulingRecord } from "./scheduling-details.js";

/** @throws {PlumbError} Unsupported when the workload holds what cannot be carried out; InvalidInput, NotFound */
export async function measureScheduling(
  { request: { seed, block }, clock, findings }: PhaseContext,
  { spec, floor }: SchedulingCase,
  waits: SchedulingWaits,
): Promise<Pick<SampleResult, "workload" | "scheduling">> {
  const simulated = await runScheduling(spec, { ...waits, seed, clock, timeMode: "simulated" });
  const real = await runScheduling(spec, { ...waits, seed, clock, timeMode: "real" });
  addTimings(findings, real);
  addCounts(findings, simulated);
  for (const warning of new Set([...simulated.warnings, ...real.warnings]))
    findings.warn("SCHEDULING", warning, "see the workload's timeline in the report");
  const { nodes, podsInitial, podsMeasured } = simulated;
  return {
    workload: { requested: {}, applied: { nodes, podsInitial, podsMeasured } },
    scheduling: {
      podsPerSecond: real.podsPerSecond,
      record: schedulingRecord({ real, simulated, block, floor }),
    },
  };
}
