// createPods with steadyState: keeps `count` Pods coming and going. Each is deleted once it is seen to have a node, and
// another one made, until the time is over.
// Source: kubernetes/kubernetes test/integration/scheduler_perf/executor.go (createPodsSteadily).
import type { MadePod } from "../../workload/scheduler-perf/make-pods.js";
import type { Simulation } from "./simulation.js";

export interface SteadyState {
  readonly count: number;
  readonly durationMs: number;
  readonly make: (index: number) => MadePod;
  /** @returns the Pod's uid */
  readonly create: (made: MadePod) => string;
}

export async function keepSteady(
  { api, agenda, timeline, driver }: Simulation,
  { count, durationMs, make, create }: SteadyState,
): Promise<void> {
  const indexOf = new Map<string, number>();
  const add = (index: number) => indexOf.set(create(make(index)), index);
  const stopWatching = api.onPod(({ after, isBound }) => {
    const uid = after?.metadata.uid ?? "";
    const index = indexOf.get(uid);
    if (index === undefined || !isBound) return;
    indexOf.delete(uid);
    // Not from within the binding: all others are to see it first.
    agenda.at(timeline.now(), () => {
      api.deletePod(uid);
      add(index);
    });
  });
  for (let index = 0; index < count; index++) add(index);
  let isOver = false;
  agenda.at(timeline.now() + durationMs, () => {
    isOver = true;
  });
  await driver.runUntil(() => isOver, { timeoutMs: durationMs + 60_000, waitingFor: () => "the end" });
  stopWatching();
}
