// What a node and its Pods use, as /stats/summary says it; metrics-server reads no more than this.
// Source: k8s.io/kubelet pkg/apis/stats/v1alpha1.
import { timestamp } from "../pod/pod.js";
import type { ContainerUsage } from "../runtime/runtime-service.js";

export interface CpuStats {
  readonly time: string;
  readonly usageNanoCores: number;
  readonly usageCoreNanoSeconds: number;
}

export interface MemoryStats {
  readonly time: string;
  readonly availableBytes?: number;
  readonly usageBytes: number;
  readonly workingSetBytes: number;
  readonly rssBytes: number;
}

export interface FsStats {
  readonly time: string;
  readonly availableBytes: number;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  readonly inodesFree: number;
  readonly inodes: number;
  readonly inodesUsed: number;
}

export interface ContainerStats {
  readonly name: string;
  readonly startTime: string;
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly rootfs: Pick<FsStats, "time" | "usedBytes" | "inodesUsed">;
  readonly logs: Pick<FsStats, "time" | "usedBytes">;
}

export interface PodStats {
  readonly podRef: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly startTime: string;
  readonly containers: readonly ContainerStats[];
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly process_stats: { readonly process_count: number };
}

export interface StatsSummary {
  readonly node: {
    readonly nodeName: string;
    readonly startTime: string;
    readonly cpu: CpuStats;
    readonly memory: MemoryStats;
    readonly fs: FsStats;
    readonly runtime: { readonly imageFs: FsStats };
    readonly rlimit: { readonly time: string; readonly maxpid: number; readonly curproc: number };
  };
  readonly pods: readonly PodStats[];
}

export function cpuStats(milli: number, runningMs: number, nowMs: number): CpuStats {
  return {
    time: timestamp(nowMs),
    usageNanoCores: Math.round(milli * 1e6),
    usageCoreNanoSeconds: Math.round(milli * 1e3 * runningMs),
  };
}

export function memoryStats(bytes: number, nowMs: number, capacityBytes?: number): MemoryStats {
  return {
    time: timestamp(nowMs),
    ...(capacityBytes === undefined ? {} : { availableBytes: Math.max(0, capacityBytes - bytes) }),
    usageBytes: bytes,
    workingSetBytes: bytes,
    rssBytes: bytes,
  };
}

export function containerStats(
  container: {
    readonly name: string;
    readonly startedAtMs: number;
    usage(): ContainerUsage;
    ageMs(): number;
  },
  nowMs: number,
): ContainerStats {
  const usage = container.usage();
  const time = timestamp(nowMs);
  return {
    name: container.name,
    startTime: timestamp(container.startedAtMs),
    cpu: cpuStats(usage.cpuMilli, container.ageMs(), nowMs),
    memory: memoryStats(usage.memoryBytes, nowMs),
    rootfs: { time, usedBytes: usage.diskBytes, inodesUsed: usage.inodes },
    logs: { time, usedBytes: usage.logBytes },
  };
}

/** The Pod's own cgroup: the sum of its containers. */
export function podStats(
  podRef: PodStats["podRef"],
  startedAtMs: number,
  containers: readonly ContainerStats[],
  nowMs: number,
): PodStats {
  const sum = (of: (container: ContainerStats) => number) =>
    containers.reduce((total, each) => total + of(each), 0);
  const time = timestamp(nowMs);
  const bytes = sum((each) => each.memory.workingSetBytes);
  return {
    podRef,
    startTime: timestamp(startedAtMs),
    containers,
    cpu: {
      time,
      usageNanoCores: sum((each) => each.cpu.usageNanoCores),
      usageCoreNanoSeconds: sum((each) => each.cpu.usageCoreNanoSeconds),
    },
    memory: memoryStats(bytes, nowMs),
    process_stats: { process_count: containers.length },
  };
}
