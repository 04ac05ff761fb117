// One cycle's steps, run by hand over the state of a simulation.
import assert from "node:assert/strict";
import type { Pod } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import { ProfileMetrics } from "../metrics/profile-metrics.js";
import { SchedulerMetrics } from "../metrics/scheduler-metrics.js";
import type { Simulation } from "../scheduler.test-data.js";
import { CycleRecorder } from "./cycle-recorder.js";
import { findNodes, type Search } from "./find-nodes.js";
import { PodCycle, type PluginForm } from "./pod-cycle.js";
import { type PreFilterOutcome, runPreFilter } from "./pre-filter.js";
import { feasibleNodes, prioritize } from "./prioritize.js";

export function recorder(): CycleRecorder {
  return new CycleRecorder(new ProfileMetrics(new SchedulerMetrics(), "p"), () => 0, new Prng(1));
}

export function cycleOf({ scheduler }: Simulation, pod: Pod, form: PluginForm = "columns"): PodCycle {
  const info = scheduler.cluster.read(pod);
  const profile = scheduler.cluster.profileOf(info) ?? assert.fail("the Pod has no profile");
  return new PodCycle(info, profile.framework, scheduler.cache, form);
}

export interface Filtered {
  readonly cycle: PodCycle;
  readonly preFilter: PreFilterOutcome;
  readonly search: Search;
  /** Names of feasible nodes, in the order in which they were found. */
  readonly feasible: readonly string[];
}

/** PreFilter and Filter over all nodes, from `start` on, until `wanted` are found. */
export function filter(
  simulation: Simulation,
  pod: Pod,
  { start = 0, wanted = 1e6, form = "columns" }: { start?: number; wanted?: number; form?: PluginForm } = {},
): Filtered {
  const cycle = cycleOf(simulation, pod, form);
  const preFilter = runPreFilter(cycle, recorder());
  const candidates = { list: cycle.columns.list, count: cycle.nodes.length, start };
  const { nominator } = simulation.scheduler;
  const search = findNodes(cycle, candidates, wanted, { nominator, recorder: recorder() });
  const feasible = feasibleNodes(cycle, search.found).map(({ name }) => name);
  return { cycle, preFilter, search, feasible };
}

/** "node total" of every feasible node. */
export function totals({ cycle, search, feasible }: Filtered): string[] {
  prioritize(cycle, search.found, recorder());
  const { memory, total } = cycle.columns;
  return feasible.map((name, index) => `${name} ${memory.f64[total / 8 + index]}`);
}
