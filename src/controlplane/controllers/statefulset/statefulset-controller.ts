// Keeps the Pods of StatefulSets in their places: reads what there is, has planStatefulSet decide, carries that out.
// Names are fixed, so that a stale cache leads to AlreadyExists, never to a second Pod.
// Source: pkg/controller/statefulset/stateful_set.go.
import type { LabelSelector } from "../../../api/meta.js";
import { matchesSelector } from "../../../api/selector.js";
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  StatefulSet,
} from "../../client/object-types.js";
import {
  CONTROLLER_REVISIONS,
  clientOf,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  STATEFUL_SETS,
} from "../../client/resources.js";
import { type Action, carryOut } from "../harness/action.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import {
  carryOutClaim,
  claim,
  controllerIn,
  controllerOf,
  dependentsOf,
  indexByController,
  isControlledBy,
  orphansIn,
} from "../harness/owners.js";
import { availableInMs } from "../harness/pod-state.js";
import { forgetRevisions, planRevision, writeRevision } from "../harness/revisions.js";
import { writeStatus } from "../harness/write-status.js";
import { ordinalOf, revisionNameOf, STATEFUL_SET_KIND } from "./stateful-pod.js";
import { planStatefulSet, type StatefulStatus } from "./stateful-plan.js";

/** A claim that is about to be deleted is looked at again then. */
const STALE_CLAIM_MS = 1000;

export const statefulSetController: Controller = {
  name: "statefulset",
  component: "statefulset-controller",
  workersCount: 5,
  start(context) {
    const shell = new StatefulSetShell(context);
    return (key) => shell.reconcile(key);
  },
};

class StatefulSetShell {
  readonly #context: ControllerContext;
  readonly #sets: Informer<StatefulSet>;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #revisions: Informer<ControllerRevision>;

  constructor(context: ControllerContext) {
    this.#context = context;
    const { informers, queue } = context;
    this.#sets = informers.informer(STATEFUL_SETS);
    this.#pods = informers.informer(PODS);
    this.#claims = informers.informer(PERSISTENT_VOLUME_CLAIMS);
    this.#revisions = informers.informer(CONTROLLER_REVISIONS);
    indexByController(this.#pods);
    indexByController(this.#revisions);
    const enqueue = (set: StatefulSet): void => queue.add(keyOf(set));
    this.#sets.addHandler({ onAdd: enqueue, onUpdate: (_, set) => enqueue(set), onDelete: enqueue });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podChanged(pod),
      onUpdate: (before, pod) => {
        if (controllerOf(before)?.uid !== controllerOf(pod)?.uid) this.#podChanged(before);
        this.#podChanged(pod);
      },
      onDelete: (pod) => this.#podChanged(pod),
    });
  }

  async reconcile(key: string): Promise<void> {
    const set = this.#sets.lister.get(key);
    if (set === undefined) return;
    const pods = await this.#claimPods(set);
    const revisions = dependentsOf(this.#revisions, set);
    const revision = planRevision(
      {
        object: set,
        ownerKind: STATEFUL_SET_KIND,
        template: set.spec?.template ?? {},
        collisionCount: set.status?.collisionCount ?? 0,
        hashLabel: "controller.kubernetes.io/hash",
      },
      revisions,
    );
    const { update } = revision;
    await writeRevision(revision, this.#context, () => {
      const collisionCount = (set.status?.collisionCount ?? 0) + 1;
      return this.#writeStatus(set, { ...(set.status as StatefulStatus), collisionCount });
    });
    const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
    const nowMs = wallMs(this.#context.timers);
    const plan = planStatefulSet({
      set,
      pods,
      current,
      update,
      claimNamed: (name) => this.#claims.lister.get(`${set.metadata.namespace}/${name}`),
      nowMs,
    });
    const error = await this.#carryOut(set, plan.actions);
    await this.#writeStatus(set, plan.status);
    if (error !== null) throw error;
    const live = new Set([current.metadata.name, update.metadata.name, ...pods.map(revisionNameOf)]);
    await carryOut(forgetRevisions(revisions, live, set.spec?.revisionHistoryLimit ?? 10), this.#context);
    this.#lookAgain(key, set, pods, nowMs);
  }

  #claimPods(set: StatefulSet): Promise<Pod[]> {
    const { client } = this.#context;
    const { name, namespace = "" } = set.metadata;
    const orphans = orphansIn(this.#pods, namespace).filter((pod) => ordinalOf(set, pod) >= 0);
    const selector = set.spec?.selector as LabelSelector;
    return carryOutClaim(claim(set, selector, dependentsOf(this.#pods, set), orphans), {
      owner: set,
      ownerKind: STATEFUL_SET_KIND,
      freshOwner: () => clientOf(client, STATEFUL_SETS, namespace).get(name),
      clientOf: (ofNamespace) => clientOf(client, PODS, ofNamespace),
    });
  }

  /** @returns what it stopped at */
  async #carryOut(set: StatefulSet, actions: readonly Action[]): Promise<Error | null> {
    for (const action of actions) {
      try {
        await carryOut([action], this.#context);
      } catch (error) {
        if (isStatus(error, "AlreadyExists"))
          return (await this.#isOwnPod(set, action)) ? null : (error as Error);
        this.#reportFailure(set, action, error as Error);
        return error as Error;
      }
    }
    return null;
  }

  /** A Pod that is ours was only not seen yet: its event brings the next pass. */
  async #isOwnPod(set: StatefulSet, action: Action): Promise<boolean> {
    if (action.kind !== "create" || action.object.kind !== "Pod") return false;
    const { name, namespace = "" } = action.object.metadata;
    const pod = await clientOf(this.#context.client, PODS, namespace).get(name);
    return isControlledBy(pod, set);
  }

  #reportFailure(set: StatefulSet, action: Action, failure: Error): void {
    if (action.kind === "event") return;
    const verb = action.kind === "create" ? "Create" : action.kind === "delete" ? "Delete" : "Update";
    const subject = `Pod ${action.object.metadata.name} in StatefulSet ${set.metadata.name}`;
    const message = `${verb} ${subject} failed error: ${failure.message}`;
    this.#context.events.record(set, "Warning", `Failed${verb}`, message);
  }

  #writeStatus(set: StatefulSet, status: StatefulStatus): Promise<void> {
    return writeStatus(this.#context.client, STATEFUL_SETS, set, status);
  }

  #lookAgain(key: string, set: StatefulSet, pods: readonly Pod[], nowMs: number): void {
    const minReady = set.spec?.minReadySeconds ?? 0;
    for (const pod of pods) {
      const waitMs = availableInMs(pod, minReady, nowMs);
      if (waitMs > 0 && waitMs !== Number.POSITIVE_INFINITY) this.#context.queue.addAfter(key, waitMs);
    }
    const mayGo = set.spec?.persistentVolumeClaimRetentionPolicy?.whenScaled === "Delete";
    if (mayGo && pods.length < (set.spec?.replicas ?? 1)) this.#context.queue.addAfter(key, STALE_CLAIM_MS);
  }

  #podChanged(pod: Pod): void {
    const { namespace = "", labels } = pod.metadata;
    if (controllerOf(pod) !== undefined) {
      const set = controllerIn(this.#sets, pod, STATEFUL_SET_KIND);
      if (set !== undefined) this.#context.queue.add(keyOf(set));
      return;
    }
    for (const set of this.#sets.lister.list(namespace))
      if (ordinalOf(set, pod) >= 0 && matchesSelector(labels, set.spec?.selector as LabelSelector))
        this.#context.queue.add(keyOf(set));
  }
}
