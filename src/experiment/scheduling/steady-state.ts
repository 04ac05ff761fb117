// createPods with steadyState: keeps `count` Pods coming and going. Each is deleted once it is seen to have a node, and
// another one made, until the time is over.
// Source: kubernetes/kubernetes test/integration/scheduler_perf/executor.go (createPodsSteadily).
import { objectKey } from "../../scheduler/objects.js";
import type { MadePod } from "../../workload/scheduler-perf/make-pods.js";
import type { WorkloadCluster } from "./workload-cluster.js";

export interface SteadyState {
  readonly count: number;
  readonly durationMs: number;
  readonly make: (index: number) => MadePod;
}

export async function keepSteady(
  cluster: WorkloadCluster,
  { count, durationMs, make }: SteadyState,
): Promise<void> {
  const { agenda, timeline } = cluster;
  const indexOf = new Map<string, number>();
  const add = (index: number): Promise<void> => {
    const made = make(index);
    indexOf.set(objectKey(made.pod), index);
    return cluster.createPod(made);
  };
  const stopWatching = cluster.onPod(({ after, isBound }) => {
    if (after === null || !isBound) return;
    const key = objectKey(after);
    const index = indexOf.get(key);
    if (index === undefined) return;
    indexOf.delete(key);
    // Not from within the binding: all others are to see it first.
    agenda.at(timeline.now(), () => {
      void cluster.deletePod(after);
      void add(index);
    });
  });
  let isOver = false;
  agenda.at(timeline.now() + durationMs, () => {
    isOver = true;
  });
  await cluster.inBulk(count, add);
  await cluster.runUntil(() => isOver, { timeoutMs: durationMs + 60_000, waitingFor: () => "the end" });
  stopWatching();
}
