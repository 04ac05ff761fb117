// How large each ReplicaSet of a Deployment is to be next: the steps of a rollout, and scaling in its midst.
// All functions are pure: name of a set -> its new size, only where it changes.
// Source: pkg/controller/deployment/{rolling,recreate,sync}.go.
import type { Deployment, ReplicaSet } from "../../client/object-types.js";
import {
  byCreation,
  desiredReplicasOf,
  isRolling,
  maxReplicasOf,
  maxSurge,
  maxUnavailable,
  replicasOf,
  totalAvailable,
  totalReplicas,
} from "./replica-sets.js";

export type Sizes = ReadonlyMap<string, number>;

/** Of the newest set: as many as the surge lets. */
export function newSetSize(
  deployment: Deployment,
  newSet: ReplicaSet | null,
  oldSets: readonly ReplicaSet[],
): number {
  const wanted = replicasOf(deployment);
  const size = newSet === null ? 0 : replicasOf(newSet);
  if (size >= wanted || !isRolling(deployment)) return wanted;
  const room = wanted + maxSurge(deployment) - totalReplicas(oldSets) - size;
  return room <= 0 ? size : size + Math.min(room, wanted - size);
}

/**
 * Old sets in a rolling update: Pods that serve nobody go first, then as many as the new set's available Pods and
 * maxUnavailable let go.
 */
export function oldSetSizes(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): Sizes {
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const newUnavailable = replicasOf(newSet) - (newSet.status?.availableReplicas ?? 0);
  const all = [...oldSets, newSet];
  const spare = totalReplicas(all) - minAvailable - newUnavailable;
  const sizes = new Map<string, number>();
  if (spare <= 0) return sizes;
  const ordered = oldSets.filter((set) => replicasOf(set) > 0).sort(byCreation);
  let unhealthySpare = spare;
  for (const set of ordered) {
    const unhealthy = replicasOf(set) - (set.status?.availableReplicas ?? 0);
    const removed = Math.min(unhealthySpare, unhealthy);
    if (removed <= 0) continue;
    sizes.set(set.metadata.name, replicasOf(set) - removed);
    unhealthySpare -= removed;
  }
  let availableSpare = totalAvailable(all) - minAvailable;
  for (const set of ordered) {
    const size = sizes.get(set.metadata.name) ?? replicasOf(set);
    const removed = Math.min(size, availableSpare);
    if (removed <= 0) continue;
    sizes.set(set.metadata.name, size - removed);
    availableSpare -= removed;
  }
  return sizes;
}

/** Whether sets carry the size of a Deployment that has since been scaled. */
export function isScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets.some((set) => {
    const desired = replicasOf(set) > 0 ? desiredReplicasOf(set) : null;
    return desired !== null && desired !== replicasOf(deployment);
  });
}

/**
 * Sizes after the Deployment was scaled, or while it is paused: one set follows; several, in the midst of a rollout,
 * share the difference in proportion to their sizes, the largest taking what rounding leaves.
 */
export function scaledSizes(
  deployment: Deployment,
  newSet: ReplicaSet | null,
  oldSets: readonly ReplicaSet[],
): Sizes {
  const all = newSet === null ? [...oldSets] : [...oldSets, newSet];
  const active = all.filter((set) => replicasOf(set) > 0);
  const wanted = replicasOf(deployment);
  if (active.length <= 1) {
    const only = active[0] ?? newSet ?? [...oldSets].sort(byCreation).at(-1);
    return only === undefined || replicasOf(only) === wanted
      ? new Map()
      : new Map([[only.metadata.name, wanted]]);
  }
  if (newSet !== null && isSaturated(deployment, newSet))
    return new Map(active.filter((set) => set !== newSet).map((set) => [set.metadata.name, 0]));
  return isRolling(deployment) ? proportionalSizes(deployment, active) : new Map();
}

/** The new set serves all alone. */
function isSaturated(deployment: Deployment, newSet: ReplicaSet): boolean {
  const wanted = replicasOf(deployment);
  return (
    replicasOf(newSet) === wanted &&
    desiredReplicasOf(newSet) === wanted &&
    (newSet.status?.availableReplicas ?? 0) === wanted
  );
}

function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const wanted = replicasOf(deployment);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const toAdd = allowed - totalReplicas(active);
  const newestFirst = toAdd > 0;
  const ordered = [...active].sort(
    (left, right) =>
      replicasOf(right) - replicasOf(left) ||
      (newestFirst ? byCreation(right, left) : byCreation(left, right)),
  );
  const sizes = new Map<string, number>();
  let added = 0;
  for (const set of ordered) {
    const share = toAdd === 0 ? 0 : shareOf(deployment, set, toAdd - added, toAdd > 0);
    sizes.set(set.metadata.name, replicasOf(set) + share);
    added += share;
  }
  const [largest] = ordered;
  if (largest !== undefined && toAdd !== 0) {
    const { name } = largest.metadata;
    sizes.set(name, Math.max(0, (sizes.get(name) ?? 0) + toAdd - added));
  }
  return sizes;
}

/** @param left still to be shared out; never overdrawn */
function shareOf(deployment: Deployment, set: ReplicaSet, left: number, isGrowing: boolean): number {
  if (left === 0) return 0;
  const share = fractionOf(deployment, set);
  return isGrowing ? Math.min(share, left) : Math.max(share, left);
}

function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  const size = replicasOf(set);
  const wanted = replicasOf(deployment);
  if (wanted === 0) return -size;
  const before = maxReplicasOf(set) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((size * (wanted + maxSurge(deployment))) / before) - size;
}
