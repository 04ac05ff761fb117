// One sample of a scheduling case: the workload in simulated time, then in real time, short ones twice. The pass in
// simulated time is always in process; the one in real time goes through the API where the case says so.
// Why both: simulated time passes by a fixed amount per attempt, so that everything counted is exact and placements can
// be held against those of other processes.
// Why twice: V8 ties optimised code to the objects it was made for. The first pass over new ones throws that code away and
// makes it again, more generally: seen to cost 0.3 s, a third of 10,000 Pods. A window of seconds does not notice.
// Cost: two to three times the workload.
import type { Through } from "../../measure/scheduling-record.js";
import type { PhaseContext } from "../phase.js";
import type { SampleResult } from "../sample-types.js";
import type { SchedulingCase } from "../scenario-types.js";
import type { SchedulingWaits } from "./real-waits.js";
import { runScheduling } from "./run-scheduling.js";
import { addCounts, addTimings } from "./scheduling-metrics.js";
import { schedulingRecord } from "./scheduling-details.js";

/**
 * A window this long has paid for its compiler by the way. With a whole control plane there is more to compile: a first
 * window of 5 s was seen to be a third slower than the second.
 */
const WARM_MS: Readonly<Record<Through, number>> = { "in-process": 5000, api: 20_000 };

/** @throws {PlumbError} Unsupported when the workload holds what cannot be carried out; InvalidInput, NotFound */
export async function measureScheduling(
  { request: { seed, block }, clock, findings }: PhaseContext,
  { spec, floor }: SchedulingCase,
  waits: SchedulingWaits,
): Promise<Pick<SampleResult, "workload" | "scheduling">> {
  const simulated = await runScheduling(spec, { ...waits, seed, clock, timeMode: "simulated" });
  const inRealTime = () => runScheduling(spec, { ...waits, seed, clock, timeMode: "real" });
  const first = await inRealTime();
  const real = first.durationMs < WARM_MS[spec.through] ? await inRealTime() : first;
  addTimings(findings, real);
  addCounts(findings, simulated);
  for (const warning of new Set([...simulated.warnings, ...real.warnings]))
    findings.warn("SCHEDULING", warning, "see the workload's timeline in the report");
  const { nodes, podsInitial, podsMeasured } = simulated;
  const { requested, applied } = real.workload;
  return {
    workload: { requested, applied: { nodes, podsInitial, podsMeasured, ...applied } },
    scheduling: {
      podsPerSecond: real.podsPerSecond,
      record: schedulingRecord({ real, simulated, through: spec.through, block, floor }),
    },
  };
}
