// The control group of a container as the kubelet would make it: where in the tree, with what weight and limits.
// Source: kubernetes pkg/kubelet/cm/pod_container_manager_linux.go, helpers_linux.go; runc's conversion of shares.
import type { Container, PodSpec } from "./pod.js";
import { qosClass } from "./qos.js";
import { containerAmount } from "./resources.js";

const QUOTA_PERIOD_US = 100_000;
const QUOTA_MIN_US = 1000;
const SHARES_MIN = 2;
const SHARES_MAX = 262_144;
const SHARES_PER_CPU = 1024;

export interface ContainerCgroup {
  /** "/kubepods/burstable/pod<uid>/web" */
  readonly path: string;
  /** cgroup v2's, 1..10000. */
  readonly cpuWeight: number;
  /** µs in each 100 ms; null: no limit. */
  readonly cpuQuotaUs: number | null;
  readonly memoryLimitBytes: number | null;
}

export function containerCgroup(podUid: string, spec: PodSpec, container: Container): ContainerCgroup {
  const qos = qosClass(spec);
  const cpuLimit = containerAmount(container, "limits", "cpu");
  const memoryLimit = containerAmount(container, "limits", "memory");
  const parent = qos === "Guaranteed" ? "/kubepods" : `/kubepods/${qos.toLowerCase()}`;
  return {
    path: `${parent}/pod${podUid}/${container.name}`,
    cpuWeight: weightOf(cpuShares(containerAmount(container, "requests", "cpu") || cpuLimit)),
    cpuQuotaUs:
      cpuLimit === 0 ? null : Math.max(QUOTA_MIN_US, Math.floor((cpuLimit * QUOTA_PERIOD_US) / 1000)),
    memoryLimitBytes: memoryLimit === 0 ? null : memoryLimit,
  };
}

/** Thousandths of a core to cgroup v1 shares. */
function cpuShares(milli: number): number {
  return Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((milli * SHARES_PER_CPU) / 1000)));
}

function weightOf(shares: number): number {
  return 1 + Math.floor(((shares - SHARES_MIN) * 9999) / (SHARES_MAX - SHARES_MIN));
}
