// Quality of service: who is killed last when a node runs out.
// Source: kubernetes pkg/apis/core/v1/helper/qos, pkg/kubelet/qos/policy.go.
import { type Container, isMirrorPod, isSidecar, type Pod, type PodSpec } from "./pod.js";
import { containerAmount } from "./resources.js";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const COUNTED = ["cpu", "memory"] as const;

export function qosClass(spec: PodSpec): QosClass {
  const requests: Record<string, number> = {};
  const limits: Record<string, number> = {};
  let isGuaranteed = true;
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    for (const resource of COUNTED) {
      const request = containerAmount(container, "requests", resource);
      const limit = containerAmount(container, "limits", resource);
      if (request > 0) requests[resource] = (requests[resource] ?? 0) + request;
      if (limit > 0) limits[resource] = (limits[resource] ?? 0) + limit;
      else isGuaranteed = false;
    }
  }
  const requested = Object.keys(requests);
  if (requested.length === 0 && Object.keys(limits).length === 0) return "BestEffort";
  // Defaulting fills requests from limits, so both name the same resources when limits are complete.
  const isEqual = requested.every((resource) => limits[resource] === requests[resource]);
  return isGuaranteed && isEqual && requested.length === Object.keys(limits).length
    ? "Guaranteed"
    : "Burstable";
}

const OOM_GUARANTEED = -997;
const OOM_BEST_EFFORT = 1000;
/** Lowest priority value of system-node-critical. */
const NODE_CRITICAL_PRIORITY = 2_000_001_000;

/** oom_score_adj of a container's processes: higher is killed sooner. */
export function oomScoreAdjust(pod: Pod, container: Container, memoryCapacityBytes: number): number {
  if (isNodeCritical(pod)) return OOM_GUARANTEED;
  const qos = qosClass(pod.spec);
  if (qos === "Guaranteed") return OOM_GUARANTEED;
  if (qos === "BestEffort") return OOM_BEST_EFFORT;
  const scoreOf = (bytes: number) => 1000 - Math.floor((1000 * bytes) / memoryCapacityBytes);
  let score = scoreOf(containerAmount(container, "requests", "memory"));
  if (isSidecar(container)) {
    const least = Math.min(...pod.spec.containers.map((each) => containerAmount(each, "requests", "memory")));
    score = Math.min(score, scoreOf(least));
  }
  return Math.min(Math.max(score, 1000 + OOM_GUARANTEED), OOM_BEST_EFFORT - 1);
}

function isNodeCritical(pod: Pod): boolean {
  return isCritical(pod) && (pod.spec.priority ?? 0) >= NODE_CRITICAL_PRIORITY;
}

/** Static, mirror and system-critical Pods are neither evicted nor turned away lightly. */
export function isCritical(pod: Pod): boolean {
  return isMirrorPod(pod) || (pod.spec.priority ?? 0) >= 2_000_000_000;
}
