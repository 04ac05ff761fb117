// Which nodes get a DaemonSet's Pod and which Pods go: first what is missing or too much; once that is settled, what a
// rolling update may replace.
// Cost: O(nodes + Pods).
// Source: pkg/controller/daemon/{daemon_controller,update}.go.
import type { DaemonSet, Node, Pod } from "../../client/object-types.js";
import { scaled } from "../harness/int-or-percent.js";
import { isAvailable, isReady, isTerminating } from "../harness/pod-state.js";
import { timeMs } from "../harness/times.js";
import { hashOf, nodeNameOf } from "./daemon-pod.js";
import { fitOf, type NodeFit } from "./node-fit.js";

export interface DaemonView {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  /** Those it controls. */
  readonly pods: readonly Pod[];
  /** Of the template as it is. */
  readonly hash: string;
  /** Whether a Pod that failed is replaced later only. */
  readonly isBackingOff: (pod: Pod) => boolean;
  readonly nowMs: number;
}

export interface DaemonPlan {
  /** Names of nodes. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Those of `remove` that ended by themselves. */
  readonly ended: readonly Pod[];
  readonly status: DaemonStatus;
}

export interface DaemonStatus {
  readonly currentNumberScheduled: number;
  readonly numberMisscheduled: number;
  readonly desiredNumberScheduled: number;
  readonly numberReady: number;
  readonly updatedNumberScheduled: number;
  readonly numberAvailable: number;
  readonly numberUnavailable: number;
  readonly observedGeneration: number;
  readonly collisionCount?: number;
}

/** A node and the Pods on it, oldest first. */
interface Place {
  readonly nodeName: string;
  readonly fit: NodeFit;
  readonly pods: readonly Pod[];
}

interface Changes {
  readonly create: string[];
  readonly remove: Pod[];
  readonly ended: Pod[];
}

export function planDaemonSet(view: DaemonView): DaemonPlan {
  const { places, strays } = placesOf(view);
  const changes: Changes = { create: [], remove: strays, ended: [] };
  if (view.set.metadata.deletionTimestamp === undefined) {
    const surge = maxSurge(view.set, places);
    for (const place of places) settle(view, place, surge > 0, changes);
    const isSettled = changes.create.length === 0 && changes.remove.length === 0;
    if (isSettled && view.set.spec?.updateStrategy?.type !== "OnDelete") {
      if (surge > 0) surgeUpdate(view, places, surge, changes);
      else replaceUpdate(view, places, changes);
    }
  }
  return { ...changes, status: countPlaces(view, places) };
}

/** Pods that wait for a node that is gone are strays. */
function placesOf({ set, nodes, pods }: DaemonView): { readonly places: Place[]; readonly strays: Pod[] } {
  const byNode = new Map<string, Pod[]>(nodes.map(({ metadata }) => [metadata.name, []]));
  const strays: Pod[] = [];
  for (const pod of pods) {
    const here = byNode.get(nodeNameOf(pod));
    if (here !== undefined) here.push(pod);
    else if ((pod.spec?.nodeName ?? "") === "" && !isTerminating(pod)) strays.push(pod);
  }
  const places = nodes.map((node) => {
    const nodeName = node.metadata.name;
    return { nodeName, fit: fitOf(set, node), pods: (byNode.get(nodeName) ?? []).sort(byCreation) };
  });
  return { places, strays };
}

function byCreation(left: Pod, right: Pod): number {
  const isAssigned = (pod: Pod): boolean => (pod.spec?.nodeName ?? "") !== "";
  return (
    timeMs(left.metadata.creationTimestamp) - timeMs(right.metadata.creationTimestamp) ||
    Number(isAssigned(right)) - Number(isAssigned(left)) ||
    (left.metadata.name < right.metadata.name ? -1 : 1)
  );
}

function desiredCount(places: readonly Place[]): number {
  return places.filter(({ fit }) => fit.shouldRun).length;
}

function maxSurge(set: DaemonSet, places: readonly Place[]): number {
  const { type, rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type === "OnDelete") return 0;
  const { maxSurge: asked } = (rollingUpdate ?? {}) as { maxSurge?: number | string };
  return scaled(asked ?? 0, desiredCount(places), "up");
}

function maxUnavailable(set: DaemonSet, places: readonly Place[]): number {
  const asked = set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  return scaled(asked, desiredCount(places), "up");
}

/** One Pod where there is to be one (of each template, while surging), none elsewhere. */
function settle(view: DaemonView, place: Place, isSurging: boolean, changes: Changes): void {
  const { fit, nodeName, pods } = place;
  if (!fit.mayStay) {
    changes.remove.push(...pods.filter((pod) => !isTerminating(pod)));
    return;
  }
  if (fit.shouldRun && pods.length === 0) {
    changes.create.push(nodeName);
    return;
  }
  const running: Pod[] = [];
  for (const pod of pods) {
    if (isTerminating(pod)) continue;
    const { phase } = pod.status ?? {};
    if (phase === "Succeeded" || phase === "Failed") {
      if (phase === "Failed" && view.isBackingOff(pod)) continue;
      changes.remove.push(pod);
      changes.ended.push(pod);
    } else running.push(pod);
  }
  if (isSurging) settleSurge(view, running, changes);
  else changes.remove.push(...running.slice(1));
}

function settleSurge({ set, hash, nowMs }: DaemonView, running: readonly Pod[], changes: Changes): void {
  const [newPod, ...moreNew] = running.filter((pod) => hashOf(pod) === hash);
  const [oldPod, ...moreOld] = running.filter((pod) => hashOf(pod) !== hash);
  changes.remove.push(...moreNew, ...moreOld);
  if (newPod === undefined || oldPod === undefined) return;
  const minReady = set.spec?.minReadySeconds ?? 0;
  if (!isReady(oldPod) || isAvailable(newPod, minReady, nowMs)) changes.remove.push(oldPod);
}

/** Old Pods go, those that do not serve first, as long as few enough are missing; `settle` brings the new ones. */
function replaceUpdate(view: DaemonView, places: readonly Place[], changes: Changes): void {
  const minReady = view.set.spec?.minReadySeconds ?? 0;
  let unavailable = 0;
  const candidates: Pod[] = [];
  for (const { fit, pods } of places) {
    if (!fit.shouldRun) continue;
    const [pod, ...more] = pods.filter((each) => !isTerminating(each));
    const serves = pod !== undefined && more.length === 0 && isAvailable(pod, minReady, view.nowMs);
    if (!serves) unavailable++;
    if (pod === undefined || more.length > 0 || hashOf(pod) === view.hash) continue;
    if (serves) candidates.push(pod);
    else changes.remove.push(pod);
  }
  const room = Math.max(0, maxUnavailable(view.set, places) - unavailable);
  changes.remove.push(...candidates.slice(0, room));
}

/** New Pods come beside old ones, on as many nodes at a time as the surge lets; `settle` ends the old ones. */
function surgeUpdate(view: DaemonView, places: readonly Place[], surge: number, changes: Changes): void {
  const minReady = view.set.spec?.minReadySeconds ?? 0;
  let surging = 0;
  const candidates: string[] = [];
  for (const { fit, nodeName, pods } of places) {
    if (!fit.shouldRun) continue;
    const newPod = pods.find((pod) => hashOf(pod) === view.hash && !isTerminating(pod));
    const oldPod = pods.find((pod) => hashOf(pod) !== view.hash);
    if (oldPod === undefined) continue;
    if (newPod !== undefined) surging++;
    else if (!isAvailable(oldPod, minReady, view.nowMs)) changes.create.push(nodeName);
    else candidates.push(nodeName);
  }
  changes.create.push(...candidates.slice(0, Math.max(0, surge - surging)));
}

function countPlaces({ set, hash, nowMs }: DaemonView, places: readonly Place[]): DaemonStatus {
  const minReady = set.spec?.minReadySeconds ?? 0;
  const wanted = places.filter(({ fit }) => fit.shouldRun);
  const filled = wanted.flatMap(({ pods }) => pods.slice(0, 1));
  const available = filled.filter((pod) => isAvailable(pod, minReady, nowMs)).length;
  const { collisionCount } = set.status ?? {};
  return {
    currentNumberScheduled: filled.length,
    numberMisscheduled: places.filter(({ fit, pods }) => !fit.shouldRun && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: filled.filter(isReady).length,
    updatedNumberScheduled: filled.filter((pod) => hashOf(pod) === hash).length,
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
    observedGeneration: set.metadata.generation ?? 0,
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
}
