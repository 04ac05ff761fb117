// Keeps as many Pods as a ReplicaSet (or ReplicationController) asks for.
// Cost: O(Pods of the set) a reconcile. While many Pods change one after the other, changes are gathered for a time that
// grows with the size of the set, so that 30,000 Pods becoming ready do not cost 30,000 passes over 30,000 Pods.
// Source: pkg/controller/replicaset/replica_set.go.
import { matchesSelector } from "../../../api/selector.js";
import { wallMs } from "../../../base/timers.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { Pod, ReplicaSet } from "../../client/object-types.js";
import { clientOf, PODS } from "../../client/resources.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { Expectations } from "../harness/expectations.js";
import { gatherMs } from "../harness/gather.js";
import { createPods, deletePods, type PodOwner } from "../harness/owned-pods.js";
import {
  carryOutClaim,
  claim,
  controllerIn,
  controllerOf,
  dependentsOf,
  indexByController,
  orphansIn,
} from "../harness/owners.js";
import { podFromTemplate } from "../harness/pod-from-template.js";
import { isActive, isTerminal, isTerminating } from "../harness/pod-state.js";
import { isSameStatus, nextAvailableMs, replicaStatus } from "./replica-status.js";
import {
  REPLICA_SET_KIND,
  REPLICATION_CONTROLLER_KIND,
  type ReplicationKind,
  templateOf,
} from "./replication-kind.js";
import { chooseVictims } from "./victims.js";

/** Pods created or deleted in one reconcile, at most. */
const BURST_MAX = 500;

export const replicaSetController: Controller = controllerFor(REPLICA_SET_KIND);
export const replicationControllerController: Controller = controllerFor(REPLICATION_CONTROLLER_KIND);

function controllerFor(kind: ReplicationKind): Controller {
  return {
    name: kind.name,
    component: kind.component,
    workersCount: 5,
    start(context) {
      const shell = new ReplicationShell(kind, context);
      return (key) => shell.reconcile(key);
    },
  };
}

class ReplicationShell {
  readonly #kind: ReplicationKind;
  readonly #context: ControllerContext;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations;
  /** Active Pods at the last look, by key of the set. */
  readonly #sizes = new Map<string, number>();

  constructor(kind: ReplicationKind, context: ControllerContext) {
    this.#kind = kind;
    this.#context = context;
    this.#expectations = new Expectations(context.timers);
    this.#sets = context.informers.informer(kind.resource);
    this.#pods = context.informers.informer(PODS);
    indexByController(this.#sets);
    indexByController(this.#pods);
    const enqueue = (set: ReplicaSet): void => context.queue.add(keyOf(set));
    this.#sets.addHandler({ onAdd: enqueue, onUpdate: (_, set) => enqueue(set), onDelete: enqueue });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podAdded(pod),
      onUpdate: (before, pod) => this.#podUpdated(before, pod),
      onDelete: (pod) => this.#podGone(pod),
    });
  }

  async reconcile(key: string): Promise<void> {
    const set = this.#sets.lister.get(key);
    if (set === undefined) {
      this.#expectations.forget(key);
      this.#sizes.delete(key);
      return;
    }
    const isSettled = this.#expectations.isSatisfied(key);
    const { active, terminatingCount } = await this.#claimPods(set);
    this.#sizes.set(key, active.length);
    const isManaged = isSettled && set.metadata.deletionTimestamp === undefined;
    const error = isManaged ? await this.#manage(key, set, active) : null;
    const nowMs = wallMs(this.#context.timers);
    const status = replicaStatus(set, { active, terminatingCount }, error, nowMs);
    if (!isSameStatus(set, status))
      await clientOf(this.#context.client, this.#kind.resource, set.metadata.namespace ?? "").updateStatus({
        ...set,
        status,
      });
    if (error !== null) throw error;
    const nextMs = nextAvailableMs(set, active, nowMs);
    if (nextMs !== null) this.#context.queue.addAfter(key, nextMs);
  }

  async #claimPods(set: ReplicaSet): Promise<{ active: readonly Pod[]; terminatingCount: number | null }> {
    const { client } = this.#context;
    const { name, namespace = "" } = set.metadata;
    const selector = this.#kind.selectorOf(set);
    const dependents = dependentsOf(this.#pods, set);
    const orphans = orphansIn(this.#pods, namespace).filter(isActive);
    const claimed = claim(set, selector, dependents.filter(isActive), orphans);
    const active = await carryOutClaim(claimed, {
      owner: set,
      ownerKind: this.#kind,
      freshOwner: () => clientOf(client, this.#kind.resource, namespace).get(name),
      clientOf: (ofNamespace) => clientOf(client, PODS, ofNamespace),
    });
    if (!this.#kind.countsTerminating) return { active, terminatingCount: null };
    const leaving = dependents.filter(
      (pod) => isTerminating(pod) && !isTerminal(pod) && matchesSelector(pod.metadata.labels, selector),
    );
    return { active, terminatingCount: leaving.length };
  }

  /** @returns what creating or deleting failed with */
  #manage(key: string, set: ReplicaSet, active: readonly Pod[]): Promise<Error | null> {
    const missing = (set.spec?.replicas ?? 1) - active.length;
    if (missing > 0) return this.#create(key, set, Math.min(missing, BURST_MAX));
    if (missing < 0) return this.#delete(key, set, active, Math.min(-missing, BURST_MAX));
    return Promise.resolve(null);
  }

  #create(key: string, set: ReplicaSet, count: number): Promise<Error | null> {
    const pod = podFromTemplate(templateOf(set), set, this.#kind);
    this.#expectations.expect(key, count);
    return createPods(this.#asOwner(key, set), count, () => pod);
  }

  #delete(key: string, set: ReplicaSet, active: readonly Pod[], count: number): Promise<Error | null> {
    const victims = chooseVictims(active, this.#relatedPods(set), count, wallMs(this.#context.timers));
    this.#expectations.expect(key, 0, victims.map(keyOf));
    return deletePods(this.#asOwner(key, set), victims);
  }

  #asOwner(key: string, object: ReplicaSet): PodOwner {
    return { object, key, expectations: this.#expectations, context: this.#context };
  }

  /** Pods of all sets that have the same owner: those of a Deployment's other revisions crowd a node, too. */
  #relatedPods(set: ReplicaSet): Pod[] {
    const owner = controllerOf(set);
    if (owner === undefined) return dependentsOf(this.#pods, set);
    const ownerObject = { ...set, metadata: { name: owner.name, uid: owner.uid ?? "" } };
    return dependentsOf(this.#sets, ownerObject).flatMap((sibling) => dependentsOf(this.#pods, sibling));
  }

  #podAdded(pod: Pod): void {
    if (isTerminating(pod)) {
      this.#podGone(pod);
      return;
    }
    const set = this.#setOf(pod);
    if (set !== undefined) {
      const key = keyOf(set);
      this.#expectations.created(key);
      this.#podChanged(key);
    } else if (controllerOf(pod) === undefined) this.#orphanChanged(pod);
  }

  #podUpdated(before: Pod, pod: Pod): void {
    if (isTerminating(pod)) {
      this.#podGone(pod);
      return;
    }
    const set = this.#setOf(pod);
    const formerSet = controllerOf(before)?.uid === controllerOf(pod)?.uid ? undefined : this.#setOf(before);
    if (formerSet !== undefined) this.#podChanged(keyOf(formerSet));
    if (set !== undefined) this.#podChanged(keyOf(set));
    else if (controllerOf(pod) === undefined) this.#orphanChanged(pod);
  }

  #podGone(pod: Pod): void {
    const set = this.#setOf(pod);
    if (set === undefined) return;
    const key = keyOf(set);
    this.#expectations.deleted(key, keyOf(pod));
    this.#podChanged(key);
  }

  #podChanged(key: string): void {
    this.#context.queue.addAfter(key, gatherMs(this.#sizes.get(key) ?? 0));
  }

  #orphanChanged(pod: Pod): void {
    for (const set of this.#sets.lister.list(pod.metadata.namespace ?? ""))
      if (matchesSelector(pod.metadata.labels, this.#kind.selectorOf(set)))
        this.#context.queue.add(keyOf(set));
  }

  #setOf(pod: Pod): ReplicaSet | undefined {
    return controllerIn(this.#sets, pod, this.#kind);
  }
}
