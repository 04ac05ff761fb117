// The control groups of a Pod as the kubelet would make them: where in the tree, and with what shares and limits.
// Source: kubernetes pkg/kubelet/cm/pod_container_manager_linux.go, helpers_linux.go.
import type { PodSpec } from "./pod.js";
import { qosClass } from "./qos.js";
import { containerAmount, podRequest } from "./resources.js";

const QUOTA_PERIOD_US = 100_000;
const SHARES_MIN = 2;
const SHARES_MAX = 262_144;
const SHARES_PER_CPU = 1024;

export interface PodCgroup {
  /** "/kubepods/burstable/pod<uid>" */
  readonly path: string;
  readonly cpuShares: number;
  /** µs in each 100 ms; null: no limit. */
  readonly cpuQuotaUs: number | null;
  readonly memoryLimitBytes: number | null;
}

export function podCgroup(uid: string, spec: PodSpec): PodCgroup {
  const qos = qosClass(spec);
  const cpuLimit = limitOfAll(spec, "cpu");
  const memoryLimit = limitOfAll(spec, "memory");
  const parent = qos === "Guaranteed" ? "/kubepods" : `/kubepods/${qos.toLowerCase()}`;
  return {
    path: `${parent}/pod${uid}`,
    cpuShares: qos === "BestEffort" ? SHARES_MIN : cpuShares(podRequest(spec, "cpu")),
    cpuQuotaUs: cpuLimit === null ? null : cpuQuotaUs(cpuLimit),
    memoryLimitBytes: memoryLimit,
  };
}

/** Thousandths of a core to cgroup v1 shares. */
export function cpuShares(milli: number): number {
  if (milli === 0) return SHARES_MIN;
  return Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((milli * SHARES_PER_CPU) / 1000)));
}

export function cpuQuotaUs(milli: number): number {
  return Math.max(1000, Math.floor((milli * QUOTA_PERIOD_US) / 1000));
}

/** A Pod is limited when all of its containers are. */
function limitOfAll(spec: PodSpec, resource: string): number | null {
  const limits = spec.containers.map((container) => containerAmount(container, "limits", resource));
  return limits.some((limit) => limit === 0) ? null : limits.reduce((sum, limit) => sum + limit, 0);
}
