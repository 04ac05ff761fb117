// What a Deployment makes of its ReplicaSets: which is new, what revision they are, how large they may be together.
// Source: pkg/controller/deployment/util/deployment_util.go.
import type { Deployment, ReplicaSet } from "../../client/object-types.js";
import { scaled } from "../harness/int-or-percent.js";
import { canonicalText, templateHash } from "../harness/template-hash.js";
import { controllerReference, type OwnerKind } from "../harness/owners.js";
import { timeMs } from "../harness/times.js";

export const DEPLOYMENT_KIND: OwnerKind = { apiVersion: "apps/v1", kind: "Deployment" };

const HASH_LABEL = "pod-template-hash";
export const REVISION = "deployment.kubernetes.io/revision";
const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";
/** Annotations of a Deployment that its ReplicaSets do not get. */
const OWN_ANNOTATIONS = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]);
const HISTORY_CHARS_MAX = 2000;
const NAME_CHARS_MAX = 253;

type Annotations = Readonly<Record<string, string>>;

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec?.replicas ?? 1;
}

export function isRolling(deployment: Deployment): boolean {
  return deployment.spec?.strategy?.type !== "Recreate";
}

/** How many Pods more than asked for there may be. */
export function maxSurge(deployment: Deployment): number {
  if (!isRolling(deployment)) return 0;
  return scaled(deployment.spec?.strategy?.rollingUpdate?.maxSurge ?? "25%", replicasOf(deployment), "up");
}

/** How many of those asked for may be missing. At least one, when there may be no surge either. */
export function maxUnavailable(deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (!isRolling(deployment) || replicas === 0) return 0;
  const asked = deployment.spec?.strategy?.rollingUpdate?.maxUnavailable ?? "25%";
  const unavailable = scaled(asked, replicas, "down");
  return Math.min(replicas, unavailable === 0 && maxSurge(deployment) === 0 ? 1 : unavailable);
}

export function hasProgressDeadline(deployment: Deployment): boolean {
  return (deployment.spec?.progressDeadlineSeconds ?? 2 ** 31 - 1) !== 2 ** 31 - 1;
}

/** Oldest first; of the same second: by name. */
export function byCreation(left: ReplicaSet, right: ReplicaSet): number {
  return (
    timeMs(left.metadata.creationTimestamp) - timeMs(right.metadata.creationTimestamp) ||
    (left.metadata.name < right.metadata.name ? -1 : 1)
  );
}

/** The oldest whose template is the Deployment's. */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | null {
  const wanted = canonicalText(deployment.spec?.template ?? {});
  const isNew = (set: ReplicaSet): boolean => canonicalText(templateWithoutHash(set)) === wanted;
  return [...sets].sort(byCreation).find(isNew) ?? null;
}

const WITHOUT_HASH = new WeakMap<ReplicaSet, object>();

function templateWithoutHash(set: ReplicaSet): object {
  const known = WITHOUT_HASH.get(set);
  if (known !== undefined) return known;
  const template = set.spec?.template ?? {};
  const { [HASH_LABEL]: _, ...labels } = template.metadata?.labels ?? {};
  const without = { ...template, metadata: { ...template.metadata, labels } };
  WITHOUT_HASH.set(set, without);
  return without;
}

/** A ReplicaSet for the Deployment's template, without Pods yet. */
export function newReplicaSet(deployment: Deployment, replicas: number, revision: number): ReplicaSet {
  const { name, namespace = "default" } = deployment.metadata;
  const template = deployment.spec?.template ?? {};
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  const selector = deployment.spec?.selector ?? {};
  const set: ReplicaSet = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name.slice(0, NAME_CHARS_MAX - hash.length - 1)}-${hash}`,
      namespace,
      labels,
      ownerReferences: [controllerReference(deployment, DEPLOYMENT_KIND)],
    },
    spec: {
      replicas,
      ...minReadyOf(deployment),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  return withSizeAnnotations(withRevision(deployment, set, revision), deployment);
}

function minReadyOf(deployment: Deployment): { minReadySeconds?: number } {
  const { minReadySeconds } = deployment.spec ?? {};
  return minReadySeconds === undefined ? {} : { minReadySeconds };
}

/** With the Deployment's annotations, minReadySeconds and a revision no lower than this; the same object if it had. */
export function withRevision(deployment: Deployment, set: ReplicaSet, revision: number): ReplicaSet {
  const before: Annotations = set.metadata.annotations ?? {};
  const annotations: Record<string, string> = { ...before };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {}))
    if (!OWN_ANNOTATIONS.has(key)) annotations[key] = value;
  if (revisionOf(set) < revision) {
    annotations[REVISION] = String(revision);
    const history = extendedHistory(before[REVISION_HISTORY], before[REVISION]);
    if (history !== undefined) annotations[REVISION_HISTORY] = history;
  }
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const isSame =
    (set.spec?.minReadySeconds ?? 0) === minReadySeconds &&
    canonicalText(annotations) === canonicalText(before);
  if (isSame) return set;
  const spec = { ...(set.spec as NonNullable<ReplicaSet["spec"]>), minReadySeconds };
  return { ...set, metadata: { ...set.metadata, annotations }, spec };
}

/** A revision that comes back keeps the numbers it had; oldest ones go when the text grows too long. */
function extendedHistory(history: string | undefined, left: string | undefined): string | undefined {
  if (left === undefined || left === "") return history;
  const revisions = history === undefined || history === "" ? [] : history.split(",");
  revisions.push(left);
  while (revisions.join(",").length > HISTORY_CHARS_MAX) revisions.shift();
  return revisions.join(",");
}

export function revisionOf(object: ReplicaSet | Deployment): number {
  const revision = Number(object.metadata.annotations?.[REVISION] ?? 0);
  return Number.isSafeInteger(revision) ? revision : 0;
}

export function maxRevision(sets: readonly ReplicaSet[]): number {
  return sets.reduce((most, set) => Math.max(most, revisionOf(set)), 0);
}

/** Sizes that the Deployment had when it last set this one: they tell a scaling from a rollout. */
export function withSizeAnnotations(set: ReplicaSet, deployment: Deployment): ReplicaSet {
  const annotations = set.metadata.annotations ?? {};
  const desired = String(replicasOf(deployment));
  const most = String(replicasOf(deployment) + maxSurge(deployment));
  if (annotations[DESIRED_REPLICAS] === desired && annotations[MAX_REPLICAS] === most) return set;
  const changed = { ...annotations, [DESIRED_REPLICAS]: desired, [MAX_REPLICAS]: most };
  return { ...set, metadata: { ...set.metadata, annotations: changed } };
}

export function desiredReplicasOf(set: ReplicaSet): number | null {
  return countOf(set.metadata.annotations?.[DESIRED_REPLICAS]);
}

export function maxReplicasOf(set: ReplicaSet): number | null {
  return countOf(set.metadata.annotations?.[MAX_REPLICAS]);
}

function countOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : null;
}

/** Asked for, not there. */
export function totalReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((total, set) => total + replicasOf(set), 0);
}

export function totalAvailable(sets: readonly ReplicaSet[]): number {
  return sets.reduce((total, set) => total + (set.status?.availableReplicas ?? 0), 0);
}
