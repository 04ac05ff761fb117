// Pods of a StatefulSet have a place: an ordinal that is in their name, hostname and claims, and outlives them.
// Source: pkg/controller/statefulset/stateful_set_utils.go.
import type { KubeObject } from "../../../api/meta.js";
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet } from "../../client/object-types.js";
import { controllerReference, type OwnerKind } from "../harness/owners.js";
import { podFromTemplate } from "../harness/pod-from-template.js";
import { isAvailable, isReady, isTerminating } from "../harness/pod-state.js";
import { REVISION_LABEL } from "../harness/revisions.js";

export const STATEFUL_SET_KIND: OwnerKind = { apiVersion: "apps/v1", kind: "StatefulSet" };
const POD_KIND: OwnerKind = { apiVersion: "v1", kind: "Pod" };

/** -1: its name is not of the set. */
export function ordinalOf(set: StatefulSet, pod: KubeObject): number {
  const prefix = `${set.metadata.name}-`;
  const { name } = pod.metadata;
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : -1;
}

export function startOrdinal(set: StatefulSet): number {
  return set.spec?.ordinals?.start ?? 0;
}

export function replicasOf(set: StatefulSet): number {
  return set.spec?.replicas ?? 1;
}

export function isInRange(set: StatefulSet, ordinal: number): boolean {
  return ordinal >= startOrdinal(set) && ordinal < startOrdinal(set) + replicasOf(set);
}

export function revisionNameOf(pod: Pod): string {
  return pod.metadata.labels?.[REVISION_LABEL] ?? "";
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === "Running" && isReady(pod);
}

export function isRunningAndAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return isRunningAndReady(pod) && isAvailable(pod, minReadySeconds, nowMs);
}

/** Counts against the order: later Pods wait for it. */
export function isUnavailable(pod: Pod | null, minReadySeconds: number, nowMs: number): boolean {
  return pod === null || !isRunningAndAvailable(pod, minReadySeconds, nowMs) || isTerminating(pod);
}

export function newStatefulPod(
  set: StatefulSet,
  ordinal: number,
  template: PodTemplateSpec,
  revisionName: string,
): Pod {
  const pod = podFromTemplate(template, set, STATEFUL_SET_KIND);
  const name = `${set.metadata.name}-${ordinal}`;
  const { generateName: _, ...metadata } = pod.metadata;
  const claimed = claimNames(set, ordinal).map(({ volume, claim }) => ({
    name: volume,
    persistentVolumeClaim: { claimName: claim, readOnly: false },
  }));
  const taken = new Set(claimed.map((volume) => volume.name));
  const others = (template.spec?.volumes ?? []).filter((volume) => !taken.has(volume.name));
  const volumes = [...claimed, ...others];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata,
      name,
      labels: {
        ...metadata.labels,
        "apps.kubernetes.io/pod-index": String(ordinal),
        [REVISION_LABEL]: revisionName,
        "statefulset.kubernetes.io/pod-name": name,
      },
    },
    spec: {
      ...(template.spec ?? { containers: [] }),
      hostname: name,
      subdomain: set.spec?.serviceName ?? "",
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
}

function claimNames(set: StatefulSet, ordinal: number): { volume: string; claim: string }[] {
  return (set.spec?.volumeClaimTemplates ?? []).map(({ metadata }) => {
    const volume = metadata?.name ?? "";
    return { volume, claim: `${volume}-${set.metadata.name}-${ordinal}` };
  });
}

export function claimNamesOf(set: StatefulSet, ordinal: number): string[] {
  return claimNames(set, ordinal).map(({ claim }) => claim);
}

/** The claims of a Pod; they are kept when it goes. */
export function newClaims(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template, index) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      name: claimNamesOf(set, ordinal)[index] ?? "",
      namespace: set.metadata.namespace ?? "default",
      labels: { ...template.metadata?.labels, ...set.spec?.selector.matchLabels },
    },
    spec: template.spec ?? {},
  }));
}

/**
 * Owners that a claim is to have by the retention policy: the Pod when it is scaled away and that deletes the claim, the
 * set when its deletion does, else neither. null: leave it as it is.
 */
export function claimOwners(
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
): NonNullable<PersistentVolumeClaim["metadata"]["ownerReferences"]> | null {
  const { whenScaled = "Retain", whenDeleted = "Retain" } =
    set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  const owners = claim.metadata.ownerReferences ?? [];
  const isOurs = (uid: string | undefined): boolean => uid === set.metadata.uid || uid === pod.metadata.uid;
  const others = owners.filter(({ uid }) => !isOurs(uid));
  if (others.some(({ controller }) => controller === true)) return null;
  const isScaledAway = !isInRange(set, ordinalOf(set, pod));
  let wanted: (typeof owners)[number] | null = null;
  if (whenScaled === "Delete" && isScaledAway) wanted = controllerReference(pod, POD_KIND);
  else if (whenDeleted === "Delete") wanted = controllerReference(set, STATEFUL_SET_KIND);
  const ours = owners.filter(({ uid }) => isOurs(uid));
  const isRight =
    wanted === null
      ? ours.length === 0
      : ours.length === 1 && ours[0]?.uid === wanted.uid && ours[0]?.controller === true;
  if (isRight) return null;
  return wanted === null ? others : [...others, wanted];
}

/** It waits for the deletion that an earlier Pod of that name brought on. */
export function isStaleClaim(pod: KubeObject, claim: PersistentVolumeClaim): boolean {
  return (claim.metadata.ownerReferences ?? []).some(
    ({ kind, name, uid }) => kind === "Pod" && name === pod.metadata.name && uid !== pod.metadata.uid,
  );
}
