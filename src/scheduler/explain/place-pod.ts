// Promises a Pod to the node that was decided for it, without binding: the next Pod sees its requests, its ports and its
// volumes. What the scheduling cycle does between its decision and the binding.
// Source: kube-scheduler schedule_one.go (assume, RunReservePluginsReserve).
import type { PodCycle } from "../cycle/pod-cycle.js";
import type { Status } from "../framework/status.js";

/** @returns why a Reserve plugin refused, in which case nothing has changed; else null */
export function placePod(cycle: PodCycle, nodeName: string): Status | null {
  const { framework, cache, state, pod } = cycle;
  cache.assume(pod, nodeName);
  for (const plugin of framework.reserve) {
    const status = plugin.reserve(state, pod, nodeName);
    if (status === null) continue;
    takeBack(cycle, nodeName);
    return { ...status, plugin: plugin.name };
  }
  return null;
}

export function takeBack({ framework, cache, state, pod }: PodCycle, nodeName: string): void {
  for (const plugin of [...framework.reserve].reverse()) plugin.unreserve(state, pod, nodeName);
  cache.forget(pod.uid);
}
