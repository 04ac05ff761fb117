// --gate: the floors that workloads' authors set, as thresholds of a run.
// Held against Pods by time, which every run has: upstream's mean of one-second samples needs a run of seconds, and a
// workload that upstream runs for minutes may be over before the first sample.
import type { Scenario, SchedulingCase, Threshold } from "../scenario-types.js";

const METRIC = "SchedulingThroughput Average";

/** The scenario with one more threshold for each case that has a floor for its throughput. */
export function withFloors(scenario: Scenario): Scenario {
  const floors = scenario.cases.flatMap((one) => (one.kind === "scheduling" ? floorOf(one) : []));
  return { ...scenario, thresholds: [...scenario.thresholds, ...floors] };
}

function floorOf({ floor, labels }: SchedulingCase): readonly Threshold[] {
  if (floor === null || floor.metric !== METRIC || floor.isCeiling) return [];
  return [
    {
      metric: "sched.pods_per_second",
      where: labels,
      must: `>= ${floor.value}/s`,
      operator: ">=",
      limit: floor.value,
      because: `imported: threshold of ${floor.source}`,
    },
  ];
}
