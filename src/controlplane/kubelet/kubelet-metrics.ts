// Counters of all hollow kubelets together, by upstream's names.
// Source: kubernetes pkg/kubelet/metrics/metrics.go.
import type { NodeAgent } from "./node/node-agent.js";
import type { StatusManager } from "./status-manager.js";

export interface KubeletMetrics {
  readonly kubelet_running_pods: number;
  readonly kubelet_running_containers: number;
  readonly kubelet_desired_pods: number;
  readonly kubelet_started_pods_total: number;
  readonly kubelet_evictions: number;
  /** Writes of Pods' statuses, and those that failed and were tried again. */
  readonly pod_status_writes_total: number;
  readonly pod_status_write_errors_total: number;
}

/** Cost: O(Pods). */
export function kubeletMetrics(agents: Iterable<NodeAgent>, statuses: StatusManager): KubeletMetrics {
  let [runningPods, runningContainers, desiredPods, startedPods, evictions] = [0, 0, 0, 0, 0];
  for (const agent of agents) {
    startedPods += agent.startedPodsCount;
    evictions += agent.eviction.evictionsCount;
    desiredPods += agent.workers.size;
    for (const container of agent.runtime.containers) if (container.state === "running") runningContainers++;
    for (const worker of agent.workers.values()) if (!worker.isFinished) runningPods++;
  }
  return {
    kubelet_running_pods: runningPods,
    kubelet_running_containers: runningContainers,
    kubelet_desired_pods: desiredPods,
    kubelet_started_pods_total: startedPods,
    kubelet_evictions: evictions,
    pod_status_writes_total: statuses.writesCount,
    pod_status_write_errors_total: statuses.errorsCount,
  };
}
