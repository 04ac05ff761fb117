// A node whose containers use more memory than there is: the kernel ends one at once, before eviction gets to choose.
// Its order: share of memory in thousandths plus oom_score_adj, the highest first.
// Source: linux mm/oom_kill.c; kubernetes pkg/kubelet/oom/oom_watcher_linux.go.
import type { EventType } from "../events.js";
import type { Pod } from "../pod/pod.js";
import { oomScoreAdjust } from "../pod/qos.js";
import type { SimContainer } from "../runtime/sim-container.js";
import type { SimulatedRuntime } from "../runtime/simulated-runtime.js";
import { SYSTEM_MEMORY_BYTES } from "./node-spec.js";

interface OomNode {
  readonly memoryCapacityBytes: number;
  readonly runtime: SimulatedRuntime;
  readonly workers: ReadonlyMap<string, { readonly pod: Pod }>;
  reportNode(type: EventType, reason: string, message: string): void;
}

export function relieveSystemOom(node: OomNode): void {
  const capacity = node.memoryCapacityBytes;
  while (SYSTEM_MEMORY_BYTES + node.runtime.usage.memoryBytes > capacity) {
    const victim = worstContainer(node, capacity);
    if (victim === null) return;
    node.reportNode("Warning", "SystemOOM", `System OOM encountered, victim process: ${victim.name}`);
    victim.finish(137, "OOMKilled");
  }
}

function worstContainer(node: OomNode, capacity: number): SimContainer | null {
  let worst: SimContainer | null = null;
  let worstScore = Number.NEGATIVE_INFINITY;
  for (const container of node.runtime.containers) {
    const pod = node.workers.get(container.podUid)?.pod;
    if (container.state !== "running" || pod === undefined) continue;
    const score = (1000 * container.memoryBytes) / capacity + oomScoreAdjust(pod, container.spec, capacity);
    if (score <= worstScore) continue;
    worst = container;
    worstScore = score;
  }
  return worst;
}
