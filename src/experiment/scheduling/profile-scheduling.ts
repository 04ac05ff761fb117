// One scheduling case under a profiler, in this process: once in simulated time, so that the code is warm and what is
// profiled is the scheduler and not the compiler; then in real time, profiled while the measured window is open; then
// once more in simulated time to explain the slowest attempts.
import type { CpuProfile } from "../../measure/cpu-profile.js";
import { type CycleCosts, cycleCosts } from "./cycle-costs.js";
import { explainAttempts, type ExplainedAttempt } from "./explain-attempts.js";
import { runScheduling } from "./run-scheduling.js";
import type { SchedulingResult, SchedulingSpec } from "./scheduling-types.js";
import type { Surroundings } from "./simulation.js";
import { WindowProfiler } from "./window-profiler.js";

export interface ProfileOptions {
  /** Of how many of the slowest attempts. */
  readonly explainedMax: number;
  /** Between samples of the profile. */
  readonly intervalUs: number;
}

export interface SchedulingProfile {
  /** Of the profiled pass: sampling makes it a little slower. */
  readonly result: SchedulingResult;
  readonly costs: CycleCosts;
  readonly explained: readonly ExplainedAttempt[];
  readonly profile: CpuProfile;
}

export async function profileScheduling(
  spec: SchedulingSpec,
  surroundings: Omit<Surroundings, "timeMode" | "onWindow" | "onAttempt">,
  { explainedMax, intervalUs }: ProfileOptions,
): Promise<SchedulingProfile> {
  await runScheduling(spec, { ...surroundings, timeMode: "simulated" });
  const profiler = new WindowProfiler(intervalUs);
  const onWindow = (isOpen: boolean) => profiler.onWindow(isOpen);
  const result = await runScheduling(spec, { ...surroundings, timeMode: "real", onWindow });
  const profile = profiler.end();
  const explained = await explainAttempts(spec, surroundings, result.slowest.slice(0, explainedMax));
  return { result, costs: cycleCosts(result), explained, profile };
}
