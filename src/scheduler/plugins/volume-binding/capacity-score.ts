// Scores a node by how full its volumes, or the pools they will be made from, come to be: per StorageClass the
// utilization in percent, read off a piecewise linear shape; the node's score is the mean over classes. Shapes that rise prefer the
// tightest fit, which is also the default.
// Source: kube-scheduler plugins/volumebinding/scorer.go, gate StorageCapacityScoring.
import type { Shape } from "../../config/configuration.js";
import { mulDiv } from "../../framework/integer-division.js";
import { scoreAtUtilization } from "../../framework/utilization-shape.js";
import { storageClassOf } from "../volume-claims.js";
import type { PodVolumes } from "./binder.js";
import type { SizeOf } from "./match-volume.js";

interface Usage {
  requested: number;
  capacity: number;
}

const UTILIZATION_MAX = 100;

export function capacityScore(volumes: PodVolumes, shape: Shape, sizeOf: SizeOf): number {
  const usages = volumes.bindings.length > 0 ? boundUsage(volumes, sizeOf) : poolUsage(volumes, sizeOf);
  if (usages.size === 0) return 0;
  let sum = 0;
  for (const { requested, capacity } of usages.values()) {
    const isFull = capacity === 0 || requested > capacity;
    sum += scoreAtUtilization(shape, isFull ? UTILIZATION_MAX : mulDiv(requested, UTILIZATION_MAX, capacity));
  }
  return Math.round(sum / usages.size);
}

function boundUsage({ bindings }: PodVolumes, sizeOf: SizeOf): Map<string, Usage> {
  const usages = new Map<string, Usage>();
  for (const { claim, volume } of bindings) {
    const usage = usageOf(usages, storageClassOf(volume));
    usage.requested += sizeOf(claim.spec?.resources?.requests?.["storage"]);
    usage.capacity += sizeOf(volume.spec.capacity?.["storage"]);
  }
  return usages;
}

/** The pool is one however many volumes come from it. */
function poolUsage({ provisions }: PodVolumes, sizeOf: SizeOf): Map<string, Usage> {
  const usages = new Map<string, Usage>();
  for (const { claim, capacity } of provisions) {
    if (capacity === null) continue;
    const usage = usageOf(usages, storageClassOf(claim));
    usage.requested += sizeOf(claim.spec?.resources?.requests?.["storage"]);
    usage.capacity = sizeOf(capacity.capacity);
  }
  return usages;
}

function usageOf(usages: Map<string, Usage>, storageClass: string): Usage {
  let usage = usages.get(storageClass);
  if (usage === undefined) {
    usage = { requested: 0, capacity: 0 };
    usages.set(storageClass, usage);
  }
  return usage;
}
