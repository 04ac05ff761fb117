// Which Pods go when there are too many: those that serve least first.
// Order: unassigned; pending, unknown, running; not ready; lower deletion cost; more of the same workload on the node;
// ready for less long; more restarts; younger. Times count on a scale of powers of two; ties go by uid, which is chance.
// Cost: O(n log n); keys are computed once a Pod, not once a comparison.
// Source: pkg/controller/controller_utils.go (ActivePodsWithRanks).
import type { Pod } from "../../client/object-types.js";
import { isActive, isReady, readySinceMs } from "../harness/pod-state.js";
import { timeMs } from "../harness/times.js";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASE_RANKS: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

interface Ranked {
  readonly pod: Pod;
  readonly uid: string;
  readonly phaseRank: number;
  readonly isReady: boolean;
  readonly deletionCost: number;
  readonly neighbours: number;
  readonly readyMs: number;
  readonly restarts: number;
  readonly sidecarRestarts: number;
  readonly createdMs: number;
}

/**
 * @param pods active ones of one workload
 * @param related active or not, of all workloads that have the same owner; `pods` among them
 * @param count 0..pods.length
 */
export function chooseVictims(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  nowMs: number,
): readonly Pod[] {
  if (count >= pods.length) return pods;
  const podsOnNode = countByNode(related);
  const ranked = pods.map((pod) => rank(pod, podsOnNode));
  ranked.sort((left, right) => compare(left, right, nowMs));
  return ranked.slice(0, count).map(({ pod }) => pod);
}

function countByNode(pods: readonly Pod[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    if (!isActive(pod)) continue;
    const node = pod.spec?.nodeName ?? "";
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}

function rank(pod: Pod, podsOnNode: ReadonlyMap<string, number>): Ranked {
  const { uid = "", creationTimestamp, annotations } = pod.metadata;
  const sidecars = new Set(
    (pod.spec?.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy === "Always")
      .map(({ name }) => name),
  );
  const initStatuses = pod.status?.initContainerStatuses ?? [];
  return {
    pod,
    uid,
    phaseRank: PHASE_RANKS[pod.status?.phase ?? ""] ?? 0,
    isReady: isReady(pod),
    deletionCost: costOf(annotations?.[DELETION_COST]),
    neighbours: podsOnNode.get(pod.spec?.nodeName ?? "") ?? 0,
    readyMs: readySinceMs(pod),
    restarts: maxRestarts(pod.status?.containerStatuses ?? []),
    sidecarRestarts: maxRestarts(initStatuses.filter(({ name }) => sidecars.has(name))),
    createdMs: timeMs(creationTimestamp),
  };
}

/** What is no int32 counts as 0. */
function costOf(text: string | undefined): number {
  return text !== undefined && /^(0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
}

function maxRestarts(statuses: readonly { readonly restartCount: number }[]): number {
  return statuses.reduce((most, { restartCount }) => Math.max(most, restartCount), 0);
}

function compare(left: Ranked, right: Ranked, nowMs: number): number {
  return (
    Number(isAssigned(left)) - Number(isAssigned(right)) ||
    left.phaseRank - right.phaseRank ||
    Number(left.isReady) - Number(right.isReady) ||
    left.deletionCost - right.deletionCost ||
    right.neighbours - left.neighbours ||
    (left.isReady ? compareAges(left.readyMs, right.readyMs, left, right, nowMs) : 0) ||
    right.restarts - left.restarts ||
    right.sidecarRestarts - left.sidecarRestarts ||
    compareAges(left.createdMs, right.createdMs, left, right, nowMs)
  );
}

function isAssigned({ pod }: Ranked): boolean {
  return (pod.spec?.nodeName ?? "") !== "";
}

/** Younger first; no time is younger than any; about as old: by uid. */
function compareAges(leftMs: number, rightMs: number, left: Ranked, right: Ranked, nowMs: number): number {
  if (leftMs === rightMs) return 0;
  if (leftMs === 0 || rightMs === 0) return leftMs === 0 ? -1 : 1;
  return ageRank(nowMs - leftMs) - ageRank(nowMs - rightMs) || (left.uid < right.uid ? -1 : 1);
}

/** Of nanoseconds, as upstream's. */
function ageRank(ageMs: number): number {
  return ageMs > 0 ? Math.trunc(Math.log2(ageMs * 1e6)) : -1;
}
