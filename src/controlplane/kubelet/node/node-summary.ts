// The stats summary of one hollow node, added up when somebody asks.
import { amountOf } from "../pod/resources.js";
import { timestamp } from "../pod/pod.js";
import type { NodeAgent } from "./node-agent.js";
import { nodeCapacity } from "./node-object.js";
import {
  NODE_INODES,
  NODE_PIDS,
  SYSTEM_CPU_MILLI,
  SYSTEM_DISK_BYTES,
  SYSTEM_INODES,
  SYSTEM_MEMORY_BYTES,
  SYSTEM_PIDS,
} from "./node-spec.js";
import {
  containerStats,
  cpuStats,
  type FsStats,
  memoryStats,
  type PodStats,
  podStats,
  type StatsSummary,
} from "./stats-summary.js";

export function nodeSummary(agent: NodeAgent): StatsSummary {
  const nowMs = agent.wallMs();
  const { usage } = agent.runtime;
  const capacity = nodeCapacity(agent.spec);
  const disk = amountOf("ephemeral-storage", capacity["ephemeral-storage"]);
  const imageBytes = agent.runtime.images.imageFsUsedBytes();
  const fs = (usedBytes: number): FsStats => ({
    time: timestamp(nowMs),
    capacityBytes: disk,
    availableBytes: Math.max(0, disk - SYSTEM_DISK_BYTES - usage.diskBytes - imageBytes),
    usedBytes,
    inodes: NODE_INODES,
    inodesFree: Math.max(0, NODE_INODES - SYSTEM_INODES - usage.inodes),
    inodesUsed: SYSTEM_INODES + usage.inodes,
  });
  const memory = SYSTEM_MEMORY_BYTES + usage.memoryBytes;
  return {
    node: {
      nodeName: agent.nodeName,
      startTime: timestamp(agent.startedAtMs),
      cpu: cpuStats(SYSTEM_CPU_MILLI + usage.cpuMilli, nowMs - agent.startedAtMs, nowMs),
      memory: memoryStats(memory, nowMs, amountOf("memory", capacity["memory"])),
      fs: fs(SYSTEM_DISK_BYTES + usage.diskBytes + imageBytes),
      runtime: { imageFs: fs(imageBytes) },
      rlimit: { time: timestamp(nowMs), maxpid: NODE_PIDS, curproc: SYSTEM_PIDS + usage.pids },
    },
    pods: podsOf(agent, nowMs),
  };
}

function podsOf(agent: NodeAgent, nowMs: number): readonly PodStats[] {
  return [...agent.workers.values()].flatMap((worker) => {
    const running = worker.containers().filter((container) => container.state === "running");
    if (running.length === 0) return [];
    const { name, namespace } = worker.pod.metadata;
    const uid = worker.apiPod?.metadata.uid ?? worker.uid;
    const containers = running.map((container) => containerStats(container, nowMs));
    return [podStats({ name, namespace, uid }, worker.startedAtMs, containers, nowMs)];
  });
}
