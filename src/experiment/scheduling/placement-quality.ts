// What came of a case, seen from its end: how full and even the nodes are, and a fingerprint of who lies where.
import { createHash } from "node:crypto";
import type { Pod } from "../../api/types.js";
import { podKey } from "../../scheduler/cache/pod-info.js";
import type { SchedulerCache } from "../../scheduler/cache/scheduler-cache.js";
import { imbalance, resourcesOf, utilisation } from "./cluster-use.js";
import type { PlacementQuality } from "./scheduling-types.js";

export interface PodCounts {
  readonly placed: number;
  /** Of those that asked. */
  readonly asked: number;
}

export function placementQuality(
  { nodes, columns }: SchedulerCache,
  { placed, asked }: PodCounts,
  fragmentation: number | null,
): PlacementQuality {
  const resources = resourcesOf(nodes);
  return {
    utilisation: utilisation(columns, resources),
    imbalance: imbalance(nodes, resources),
    placedShare: asked === 0 ? 1 : placed / asked,
    emptyNodes: nodes.filter(({ pods }) => pods.length === 0).length,
    fragmentation,
  };
}

/** "namespace/pod=node" */
export function placementLine(pod: Pod): string {
  return `${podKey(pod)}=${pod.spec?.nodeName ?? ""}`;
}

/** SHA-256 over the sorted lines: equal for equal placements, whatever the order they were made in. */
export function placementDigest(lines: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const line of [...lines].sort()) hash.update(`${line}\n`);
  return hash.digest("hex");
}
