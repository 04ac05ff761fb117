// What the eviction manager sees of its node: signals and candidates, out of the simulation.
import type { EvictionCandidate, EvictionHost } from "../eviction/eviction-manager.js";
import type { Observations, Starved } from "../eviction/signals.js";
import type { DueTimes } from "../due-times.js";
import type { EventType } from "../events.js";
import type { Pod } from "../pod/pod.js";
import type { Verdict } from "../pod/pod-status.js";
import { isCritical } from "../pod/qos.js";
import { amountOf, podRequest } from "../pod/resources.js";
import type { SimContainer } from "../runtime/sim-container.js";
import type { SimulatedRuntime } from "../runtime/simulated-runtime.js";
import { IMAGE_GC, imagesToRemove, type ImageUse, unusedImages } from "./image-gc.js";
import { nodeCapacity } from "./node-object.js";
import {
  NODE_INODES,
  NODE_PIDS,
  type NodeSpec,
  SYSTEM_DISK_BYTES,
  SYSTEM_INODES,
  SYSTEM_MEMORY_BYTES,
  SYSTEM_PIDS,
} from "./node-spec.js";

interface EvictedPod {
  readonly pod: Pod;
  readonly isTerminating: boolean;
  containers(): readonly SimContainer[];
  evict(verdict: Verdict, graceSeconds: number): void;
  report(container: null, type: EventType, reason: string, message: string): void;
}

/** What is needed of a node. */
interface StarvedNode {
  readonly spec: NodeSpec;
  readonly due: DueTimes;
  readonly runtime: SimulatedRuntime;
  readonly workers: ReadonlyMap<string, EvictedPod>;
  reportNode(type: EventType, reason: string, message: string): void;
}

export function evictionHost(node: StarvedNode, onPressureChanged: () => void): EvictionHost {
  const capacity = nodeCapacity(node.spec);
  const memory = amountOf("memory", capacity["memory"]);
  const disk = amountOf("ephemeral-storage", capacity["ephemeral-storage"]);
  return {
    due: node.due,
    observe: () => {
      collectImages(node, disk);
      return observe(node, memory, disk);
    },
    candidates: () =>
      [...node.workers.values()]
        .filter((worker) => !worker.isTerminating)
        .map((worker) => candidateOf(worker)),
    reclaimImages: () => removeImages(node, unusedImages(imageUses(node))),
    onPressureChanged,
    report: (reason, message) => node.reportNode("Warning", reason, message),
  };
}

function observe({ runtime }: StarvedNode, memory: number, disk: number): Observations {
  const { usage } = runtime;
  const diskFree = { available: disk - diskUsed(runtime), capacity: disk };
  const inodesFree = { available: NODE_INODES - SYSTEM_INODES - usage.inodes, capacity: NODE_INODES };
  return {
    "memory.available": { available: memory - SYSTEM_MEMORY_BYTES - usage.memoryBytes, capacity: memory },
    "nodefs.available": diskFree,
    "nodefs.inodesFree": inodesFree,
    "imagefs.available": diskFree,
    "imagefs.inodesFree": inodesFree,
    "pid.available": { available: NODE_PIDS - SYSTEM_PIDS - usage.pids, capacity: NODE_PIDS },
  };
}

function diskUsed(runtime: SimulatedRuntime): number {
  return SYSTEM_DISK_BYTES + runtime.usage.diskBytes + runtime.images.imageFsUsedBytes();
}

/** Images go before Pods suffer: from 85% of the disk down to 80%. */
function collectImages(node: StarvedNode, disk: number): void {
  const usedBytes = diskUsed(node.runtime);
  if (usedBytes * 100 < IMAGE_GC.highPercent * disk) return;
  const usage = { usedBytes, capacityBytes: disk, nowMs: node.due.now() };
  removeImages(node, imagesToRemove(imageUses(node), usage, IMAGE_GC));
}

function imageUses({ runtime }: StarvedNode): readonly ImageUse[] {
  const used = new Set<string>();
  for (const container of runtime.containers) used.add(container.spec.image ?? "");
  return [...runtime.images.entries()].map(([image, { status, pulledAtMs, lastUsedAtMs }]) => ({
    image,
    sizeBytes: status.sizeBytes,
    isUsed: used.has(image),
    lastUsedAtMs,
    pulledAtMs,
  }));
}

function removeImages({ runtime }: StarvedNode, images: readonly ImageUse[]): number {
  for (const { image } of images) runtime.images.removeImage(image);
  return images.reduce((sum, image) => sum + image.sizeBytes, 0);
}

function candidateOf(worker: EvictedPod): EvictionCandidate {
  const containers = worker
    .containers()
    .map((container) => ({ spec: container.spec, used: usedBy(container) }));
  const total = (resource: Starved) => containers.reduce((sum, { used }) => sum + used[resource], 0);
  const { spec } = worker.pod;
  return {
    priority: spec.priority ?? 0,
    isCritical: isCritical(worker.pod),
    containers,
    used: {
      memory: total("memory"),
      "ephemeral-storage": total("ephemeral-storage"),
      inodes: total("inodes"),
      pids: total("pids"),
    },
    requested: {
      memory: podRequest(spec, "memory"),
      "ephemeral-storage": podRequest(spec, "ephemeral-storage"),
      inodes: 0,
      pids: 0,
    },
    evict: (verdict, graceSeconds) => {
      worker.report(null, "Warning", verdict.reason, verdict.message);
      worker.evict(verdict, graceSeconds);
    },
  };
}

function usedBy(container: SimContainer): Readonly<Record<Starved, number>> {
  const { memoryBytes, diskBytes, logBytes, inodes, pids } = container.usage();
  return { memory: memoryBytes, "ephemeral-storage": diskBytes + logBytes, inodes, pids };
}
