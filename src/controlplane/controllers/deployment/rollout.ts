// What a Deployment does next: make the ReplicaSet of its template, size all of them, forget old ones, say how it stands.
// One pass makes one step; the changes it causes bring the next.
// Source: pkg/controller/deployment/{deployment_controller,sync,rolling,recreate}.go.
import type { Deployment, ReplicaSet } from "../../client/object-types.js";
import { DEPLOYMENTS, REPLICA_SETS } from "../../client/resources.js";
import type { Action } from "../harness/action.js";
import { withCondition } from "../harness/conditions.js";
import { canonicalText } from "../harness/template-hash.js";
import {
  countedStatus,
  type DeploymentStatus,
  isComplete,
  progressCheckInMs,
  progressing,
  progressingOf,
  REASONS,
  rolloutStatus,
  withPauseCondition,
} from "./deployment-status.js";
import {
  findNewSet,
  hasProgressDeadline,
  isRolling,
  maxRevision,
  newReplicaSet,
  REVISION,
  replicasOf,
  revisionOf,
  withRevision,
  withSizeAnnotations,
} from "./replica-sets.js";
import { isScaled, newSetSize, oldSetSizes, type Sizes, scaledSizes } from "./sizes.js";

export interface RolloutView {
  readonly deployment: Deployment;
  /** Those it controls. */
  readonly sets: readonly ReplicaSet[];
  /** Whether Pods of other sets than this may still run. Asked in a Recreate only. */
  readonly runsPodsBeside: (newSet: ReplicaSet | null) => boolean;
  readonly nowMs: number;
}

export interface RolloutPlan {
  readonly actions: readonly Action[];
  /** Look again then; null: when something changes. */
  readonly requeueMs: number | null;
}

export function planRollout(view: RolloutView): RolloutPlan {
  const plan = new Planning(view);
  const { deployment } = view;
  if (deployment.metadata.deletionTimestamp !== undefined) plan.reportCounts();
  else if (deployment.spec?.paused === true) {
    plan.scale();
    plan.forgetOldSets();
    plan.reportCounts();
  } else if (isScaled(deployment, view.sets)) {
    plan.scale();
    plan.reportCounts();
  } else if (isRolling(deployment)) plan.roll();
  else plan.recreate();
  return plan.result();
}

/** A plan in the making: sets as they will be, and what makes them so. */
class Planning {
  readonly #deployment: Deployment;
  readonly #view: RolloutView;
  readonly #statusBefore: DeploymentStatus;
  readonly #actions: Action[] = [];
  readonly #oldSets: ReplicaSet[];
  #newSet: ReplicaSet | null;
  /** As it stands after this pass. */
  #status: DeploymentStatus;
  #requeueMs: number | null = null;

  constructor(view: RolloutView) {
    this.#view = view;
    this.#deployment = view.deployment;
    this.#statusBefore = view.deployment.status ?? {};
    this.#status = withPauseCondition(view.deployment, view.nowMs);
    this.#newSet = findNewSet(view.deployment, view.sets);
    this.#oldSets = view.sets.filter((set) => set !== this.#newSet);
    this.#adoptRevision();
  }

  roll(): void {
    this.#makeNewSet();
    const newSet = this.#newSet as ReplicaSet;
    if (
      this.#resize(new Map([[newSet.metadata.name, newSetSize(this.#deployment, newSet, this.#oldSets)]]))
    ) {
      this.#reportRollout();
      return;
    }
    const active = this.#oldSets.filter((set) => replicasOf(set) > 0);
    const isShrinking = active.length > 0 && this.#resize(oldSetSizes(this.#deployment, newSet, active));
    if (!isShrinking && isComplete(this.#deployment, this.#statusBefore)) this.forgetOldSets();
    this.#reportRollout();
  }

  recreate(): void {
    const active = this.#oldSets.filter((set) => replicasOf(set) > 0);
    const isStopping = this.#resize(new Map(active.map((set) => [set.metadata.name, 0])));
    const hasOldPods = this.#oldSets.some((set) => (set.status?.replicas ?? 0) > 0);
    if (isStopping || hasOldPods || this.#view.runsPodsBeside(this.#newSet)) {
      this.#reportRollout();
      return;
    }
    this.#makeNewSet();
    const newSet = this.#newSet as ReplicaSet;
    this.#resize(new Map([[newSet.metadata.name, replicasOf(this.#deployment)]]));
    if (isComplete(this.#deployment, this.#statusBefore)) this.forgetOldSets();
    this.#reportRollout();
  }

  scale(): void {
    this.#resize(scaledSizes(this.#deployment, this.#newSet, this.#oldSets));
  }

  /** Deletes the oldest sets without Pods, beyond revisionHistoryLimit. */
  forgetOldSets(): void {
    const limit = this.#deployment.spec?.revisionHistoryLimit ?? 10;
    const sets = this.#oldSets
      .filter((set) => set.metadata.deletionTimestamp === undefined)
      .sort((left, right) => revisionOf(left) - revisionOf(right));
    for (const set of sets.slice(0, Math.max(0, sets.length - limit)))
      if (isUnused(set)) this.#actions.push({ kind: "delete", resource: REPLICA_SETS, object: set });
  }

  reportCounts(): void {
    this.#status = countedStatus(
      this.#deployment,
      this.#status,
      this.#newSet,
      this.#oldSets,
      this.#view.nowMs,
    );
  }

  result(): RolloutPlan {
    const { metadata } = this.#deployment;
    if (canonicalText(this.#status) !== canonicalText(this.#statusBefore)) {
      const object = { ...this.#deployment, status: this.#status };
      this.#actions.push({ kind: "updateStatus", resource: DEPLOYMENTS, object });
    }
    const revision = this.#newSet?.metadata.annotations?.[REVISION];
    if (revision !== undefined && metadata.annotations?.[REVISION] !== revision)
      this.#actions.push({
        kind: "patch",
        resource: DEPLOYMENTS,
        object: this.#deployment,
        type: "merge",
        patch: { metadata: { annotations: { [REVISION]: revision } } },
      });
    return { actions: this.#actions, requeueMs: this.#requeueMs };
  }

  /** A set that serves the template again becomes the newest revision. */
  #adoptRevision(): void {
    const found = this.#newSet;
    if (found === null || this.#deployment.metadata.deletionTimestamp !== undefined) return;
    const revised = withRevision(this.#deployment, found, maxRevision(this.#oldSets) + 1);
    if (revised !== found) {
      this.#newSet = revised;
      this.#update(revised);
    }
    if (hasProgressDeadline(this.#deployment) && progressingOf(this.#status) === undefined)
      this.#progress(REASONS.found, `Found new replica set "${found.metadata.name}"`);
  }

  #makeNewSet(): void {
    if (this.#newSet !== null) return;
    const size = newSetSize(this.#deployment, null, this.#oldSets);
    const set = newReplicaSet(this.#deployment, size, maxRevision(this.#oldSets) + 1);
    const { name } = set.metadata;
    this.#newSet = set;
    this.#actions.push({ kind: "create", resource: REPLICA_SETS, object: set });
    if (size > 0) this.#say(`Scaled up replica set ${name} from 0 to ${size}`);
    if (hasProgressDeadline(this.#deployment))
      this.#progress(REASONS.created, `Created new replica set "${name}"`);
  }

  /** @returns whether any set changes its size */
  #resize(sizes: Sizes): boolean {
    let isChanged = false;
    const resized = (set: ReplicaSet): ReplicaSet => {
      const size = sizes.get(set.metadata.name);
      if (size === undefined) return set;
      const before = replicasOf(set);
      const annotated = withSizeAnnotations(set, this.#deployment);
      if (size === before && annotated === set) return set;
      const spec = { ...(set.spec as NonNullable<ReplicaSet["spec"]>), replicas: size };
      const after = { ...annotated, spec };
      this.#update(after);
      if (size !== before) {
        isChanged = true;
        const direction = size > before ? "up" : "down";
        this.#say(`Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${size}`);
      }
      return after;
    };
    this.#oldSets.splice(0, this.#oldSets.length, ...this.#oldSets.map(resized));
    if (this.#newSet !== null) this.#newSet = resized(this.#newSet);
    return isChanged;
  }

  /** One write a set: a later change goes into the first. */
  #update(object: ReplicaSet): void {
    const index = this.#actions.findIndex(
      (action) =>
        (action.kind === "update" || action.kind === "create") &&
        action.object.metadata.name === object.metadata.name,
    );
    const earlier = this.#actions[index];
    if (earlier?.kind === "create" || earlier?.kind === "update")
      this.#actions[index] = { ...earlier, object };
    else this.#actions.push({ kind: "update", resource: REPLICA_SETS, object });
  }

  #say(message: string): void {
    this.#actions.push({
      kind: "event",
      subject: this.#deployment,
      type: "Normal",
      reason: "ScalingReplicaSet",
      message,
    });
  }

  #progress(reason: string, message: string): void {
    const condition = progressing("True", reason, message, this.#view.nowMs);
    this.#status = { ...this.#status, conditions: withCondition(this.#status.conditions, condition) };
  }

  #reportRollout(): void {
    const { nowMs } = this.#view;
    this.#status = rolloutStatus(this.#deployment, this.#status, this.#newSet, this.#oldSets, nowMs);
    this.#requeueMs = progressCheckInMs(this.#deployment, this.#status, nowMs);
  }
}

function isUnused(set: ReplicaSet): boolean {
  return (
    (set.status?.replicas ?? 0) === 0 &&
    replicasOf(set) === 0 &&
    (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0)
  );
}
