// What a StatefulSet does next. Ordered: one Pod at a time, lowest ordinal first, each available before the next; scaled
// down and updated from the highest ordinal. Parallel: all at once, but updates still one after the other.
// Source: pkg/controller/statefulset/stateful_set_control.go.
import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
} from "../../client/object-types.js";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../client/resources.js";
import type { Action } from "../harness/action.js";
import { isTerminal, isTerminating } from "../harness/pod-state.js";
import { templateOfRevision } from "../harness/revisions.js";
import {
  claimNamesOf,
  claimOwners,
  isInRange,
  isRunningAndAvailable,
  isRunningAndReady,
  isStaleClaim,
  isUnavailable,
  newClaims,
  newStatefulPod,
  ordinalOf,
  replicasOf,
  revisionNameOf,
  startOrdinal,
} from "./stateful-pod.js";

export interface StatefulView {
  readonly set: StatefulSet;
  /** Those it controls. */
  readonly pods: readonly Pod[];
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  readonly claimNamed: (name: string) => PersistentVolumeClaim | undefined;
  readonly nowMs: number;
}

export interface StatefulPlan {
  readonly actions: readonly Action[];
  readonly status: StatefulStatus;
}

export interface StatefulStatus {
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly currentReplicas: number;
  readonly updatedReplicas: number;
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly collisionCount: number;
}

export function planStatefulSet(view: StatefulView): StatefulPlan {
  const actions: Action[] = [];
  const places = placesOf(view);
  if (view.set.metadata.deletionTimestamp === undefined) decide(view, places, actions);
  return { actions, status: completed(view.set, countPods(view, actions)) };
}

interface Places {
  /** By ordinal from the start; null: there is none. */
  readonly replicas: readonly (Pod | null)[];
  /** Out of range, highest ordinal first. */
  readonly condemned: readonly Pod[];
  /** Lowest first, of all. */
  readonly firstUnavailable: Pod | null;
}

function placesOf({ set, pods, nowMs }: StatefulView): Places {
  const minReady = set.spec?.minReadySeconds ?? 0;
  const replicas = Array<Pod | null>(replicasOf(set)).fill(null);
  const condemned: Pod[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod);
    if (isInRange(set, ordinal)) replicas[ordinal - startOrdinal(set)] = pod;
    else if (ordinal >= 0) condemned.push(pod);
  }
  condemned.sort((left, right) => ordinalOf(set, right) - ordinalOf(set, left));
  const firstUnavailable =
    [...replicas, ...condemned.toReversed()].find((pod) => isUnavailable(pod, minReady, nowMs)) ?? null;
  return { replicas, condemned, firstUnavailable };
}

/** Each step goes on to the next only when nothing is left to wait for. */
function decide(view: StatefulView, places: Places, actions: Action[]): void {
  const isOrdered = view.set.spec?.podManagementPolicy !== "Parallel";
  for (const [index, pod] of places.replicas.entries()) {
    const mustWait = decideReplica(view, index + startOrdinal(view.set), pod, isOrdered, actions);
    if (mustWait && isOrdered) return;
  }
  for (const pod of places.condemned) fixClaims(view, pod, actions);
  for (const pod of places.condemned) {
    const mustWait = decideCondemned(view, pod, places.firstUnavailable, isOrdered, actions);
    if (mustWait && isOrdered) return;
  }
  if (view.set.spec?.updateStrategy?.type !== "OnDelete") decideUpdate(view, places, actions);
}

/** @returns whether an ordered set must wait for it */
function decideReplica(
  view: StatefulView,
  ordinal: number,
  pod: Pod | null,
  isOrdered: boolean,
  actions: Action[],
): boolean {
  const { set, nowMs } = view;
  if (pod === null) {
    createPod(view, ordinal, actions);
    return true;
  }
  if (isTerminal(pod)) {
    if (!isTerminating(pod)) deletePod(set, pod, actions);
    return true;
  }
  if (pod.status?.phase === "Pending") createClaims(view, ordinal, pod, actions);
  const isAvailable = isRunningAndAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
  if (isOrdered && (isTerminating(pod) || !isAvailable)) return true;
  fixClaims(view, pod, actions);
  return false;
}

function createPod(view: StatefulView, ordinal: number, actions: Action[]): void {
  const { set } = view;
  const revision = revisionForNewPod(view, ordinal);
  const pod = newStatefulPod(set, ordinal, templateOfRevision(revision), revision.metadata.name);
  const claims = claimNamesOf(set, ordinal).map(view.claimNamed);
  const mayGo = set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled === "Delete";
  if (mayGo && claims.some((claim) => claim !== undefined && isStaleClaim(pod, claim))) return;
  createClaims(view, ordinal, pod, actions);
  actions.push({ kind: "create", resource: PODS, object: pod });
  say(
    set,
    "SuccessfulCreate",
    `Create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
    actions,
  );
}

/** Below the partition, or where the old revision still counts, a Pod comes back as it was. */
function revisionForNewPod({ set, current, update }: StatefulView, ordinal: number): ControllerRevision {
  const strategy = set.spec?.updateStrategy;
  if (strategy?.type === "OnDelete") return update;
  const partition = strategy?.rollingUpdate?.partition;
  const kept = partition ?? (strategy?.rollingUpdate === undefined ? (set.status?.currentReplicas ?? 0) : 0);
  return ordinal < startOrdinal(set) + kept ? current : update;
}

function createClaims(view: StatefulView, ordinal: number, pod: Pod, actions: Action[]): void {
  for (const claim of newClaims(view.set, ordinal)) {
    const { name } = claim.metadata;
    if (view.claimNamed(name) !== undefined) continue;
    const owners = pod.metadata.uid === undefined ? null : claimOwners(view.set, pod, claim);
    const object =
      owners === null ? claim : { ...claim, metadata: { ...claim.metadata, ownerReferences: owners } };
    actions.push({ kind: "create", resource: PERSISTENT_VOLUME_CLAIMS, object });
    const subject = `Create Claim ${name} Pod ${pod.metadata.name} in StatefulSet ${view.set.metadata.name}`;
    say(view.set, "SuccessfulCreate", `${subject} success`, actions);
  }
}

/** Gives the Pod's claims the owners that the retention policy wants. */
function fixClaims(view: StatefulView, pod: Pod, actions: Action[]): void {
  for (const name of claimNamesOf(view.set, ordinalOf(view.set, pod))) {
    const claim = view.claimNamed(name);
    const ownerReferences = claim === undefined ? null : claimOwners(view.set, pod, claim);
    if (claim === undefined || ownerReferences === null) continue;
    const { uid, resourceVersion } = claim.metadata;
    actions.push({
      kind: "patch",
      resource: PERSISTENT_VOLUME_CLAIMS,
      object: claim,
      type: "merge",
      patch: { metadata: { uid, resourceVersion, ownerReferences } },
    });
  }
}

/** @returns whether an ordered set must wait for it */
function decideCondemned(
  view: StatefulView,
  pod: Pod,
  firstUnavailable: Pod | null,
  isOrdered: boolean,
  actions: Action[],
): boolean {
  if (isTerminating(pod)) return true;
  const { set, nowMs } = view;
  const isAvailable = isRunningAndAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
  if (isOrdered && !isAvailable && pod !== firstUnavailable) return true;
  deletePod(set, pod, actions);
  return true;
}

/** The highest ordinal that is not of the new revision goes, when all above it are available. */
function decideUpdate({ set, update, nowMs }: StatefulView, { replicas }: Places, actions: Action[]): void {
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (let index = replicas.length - 1; index >= partition; index--) {
    const pod = replicas[index] ?? null;
    if (pod !== null && revisionNameOf(pod) !== update.metadata.name && !isTerminating(pod)) {
      if (!isTerminal(pod)) deletePod(set, pod, actions);
      return;
    }
    if (isUnavailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)) return;
  }
}

function deletePod(set: StatefulSet, pod: Pod, actions: Action[]): void {
  actions.push({ kind: "delete", resource: PODS, object: pod });
  say(
    set,
    "SuccessfulDelete",
    `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
    actions,
  );
}

function say(subject: StatefulSet, reason: string, message: string, actions: Action[]): void {
  actions.push({ kind: "event", subject, type: "Normal", reason, message });
}

function countPods(
  { set, pods, current, update, nowMs }: StatefulView,
  actions: readonly Action[],
): StatefulStatus {
  const leaving = new Set(
    actions.filter((action) => action.kind === "delete").map((action) => action.object.metadata.name),
  );
  const counted = pods.filter((pod) => ordinalOf(set, pod) >= 0);
  const isHere = (pod: Pod): boolean => !isTerminating(pod) && !leaving.has(pod.metadata.name);
  const ofRevision = ({ metadata }: ControllerRevision): number =>
    counted.filter((pod) => isHere(pod) && revisionNameOf(pod) === metadata.name).length;
  const ready = counted.filter(isRunningAndReady);
  const minReady = set.spec?.minReadySeconds ?? 0;
  return {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: counted.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isRunningAndAvailable(pod, minReady, nowMs)).length,
    currentReplicas: ofRevision(current),
    updatedReplicas: ofRevision(update),
    currentRevision: current.metadata.name,
    updateRevision: update.metadata.name,
    collisionCount: set.status?.collisionCount ?? 0,
  };
}

/** When all Pods are of the new revision and ready, it is the current one. */
function completed(set: StatefulSet, status: StatefulStatus): StatefulStatus {
  const isRolling = set.spec?.updateStrategy?.type !== "OnDelete";
  const isDone = status.updatedReplicas === status.replicas && status.readyReplicas === status.replicas;
  if (!isRolling || !isDone) return status;
  return { ...status, currentReplicas: status.updatedReplicas, currentRevision: status.updateRevision };
}
