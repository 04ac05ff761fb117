// Keeps a Pod of each DaemonSet on each node that is one for it.
// Source: pkg/controller/daemon/daemon_controller.go.
import type { LabelSelector } from "../../../api/meta.js";
import { matchesSelector } from "../../../api/selector.js";
import { wallMs } from "../../../base/timers.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { ControllerRevision, DaemonSet, Node, Pod } from "../../client/object-types.js";
import { CONTROLLER_REVISIONS, clientOf, DAEMON_SETS, NODES, PODS } from "../../client/resources.js";
import { carryOut } from "../harness/action.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { Expectations } from "../harness/expectations.js";
import { gatherMs } from "../harness/gather.js";
import { deletePods } from "../harness/owned-pods.js";
import {
  carryOutClaim,
  claim,
  controllerIn,
  controllerOf,
  dependentsOf,
  indexByController,
  orphansIn,
} from "../harness/owners.js";
import { availableInMs, isTerminating } from "../harness/pod-state.js";
import { forgetRevisions, planRevision, REVISION_LABEL, writeRevision } from "../harness/revisions.js";
import { slowStart } from "../harness/slow-start.js";
import { writeStatus } from "../harness/write-status.js";
import { DAEMON_SET_KIND, hashOf, newDaemonPod, nodeNameOf } from "./daemon-pod.js";
import { type DaemonPlan, type DaemonStatus, planDaemonSet } from "./daemon-plan.js";

const BURST_MAX = 250;
/** A node whose Pods fail gets the next one later and later. */
const FAILURE_FIRST_MS = 1000;
const FAILURE_MAX_MS = 15 * 60_000;

export const daemonSetController: Controller = {
  name: "daemonset",
  component: "daemonset-controller",
  workersCount: 2,
  start(context) {
    const shell = new DaemonSetShell(context);
    return (key) => shell.reconcile(key);
  },
};

class DaemonSetShell {
  readonly #context: ControllerContext;
  readonly #sets: Informer<DaemonSet>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #expectations: Expectations;
  readonly #failures = new Map<string, { waitMs: number; untilMs: number }>();

  constructor(context: ControllerContext) {
    this.#context = context;
    const { informers, queue } = context;
    this.#expectations = new Expectations(context.timers);
    this.#sets = informers.informer(DAEMON_SETS);
    this.#pods = informers.informer(PODS);
    this.#nodes = informers.informer(NODES);
    this.#revisions = informers.informer(CONTROLLER_REVISIONS);
    indexByController(this.#pods);
    indexByController(this.#revisions);
    const enqueue = (set: DaemonSet): void => queue.add(keyOf(set));
    this.#sets.addHandler({ onAdd: enqueue, onUpdate: (_, set) => enqueue(set), onDelete: enqueue });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podChanged(pod, true),
      onUpdate: (_, pod) => this.#podChanged(pod, false),
      onDelete: (pod) => this.#podGone(pod),
    });
    this.#nodes.addHandler({
      onAdd: () => this.#nodesChanged(),
      onUpdate: (before, node) => {
        if (placementText(before) !== placementText(node)) this.#nodesChanged();
      },
      onDelete: () => this.#nodesChanged(),
    });
  }

  async reconcile(key: string): Promise<void> {
    const set = this.#sets.lister.get(key);
    if (set === undefined) {
      this.#expectations.forget(key);
      return;
    }
    const isSettled = this.#expectations.isSatisfied(key);
    const pods = await this.#claimPods(set);
    const { hash, forget } = await this.#revise(set, pods);
    const nowMs = wallMs(this.#context.timers);
    const plan = planDaemonSet({
      set,
      nodes: this.#nodes.lister.list(),
      pods,
      hash,
      isBackingOff: (pod) => this.#isBackingOff(key, pod, nowMs),
      nowMs,
    });
    const error = isSettled ? await this.#carryOut(key, set, plan, hash) : null;
    await this.#writeStatus(set, plan.status);
    if (error !== null) throw error;
    await forget();
    for (const pod of pods) {
      const waitMs = availableInMs(pod, set.spec?.minReadySeconds ?? 0, nowMs);
      if (waitMs > 0 && waitMs !== Number.POSITIVE_INFINITY) this.#context.queue.addAfter(key, waitMs);
    }
  }

  #claimPods(set: DaemonSet): Promise<Pod[]> {
    const { client } = this.#context;
    const { name, namespace = "" } = set.metadata;
    const selector = set.spec?.selector as LabelSelector;
    return carryOutClaim(
      claim(set, selector, dependentsOf(this.#pods, set), orphansIn(this.#pods, namespace)),
      {
        owner: set,
        ownerKind: DAEMON_SET_KIND,
        freshOwner: () => clientOf(client, DAEMON_SETS, namespace).get(name),
        clientOf: (ofNamespace) => clientOf(client, PODS, ofNamespace),
      },
    );
  }

  /** The hash of the template as it is, its revision written; `forget` deletes old ones. */
  async #revise(
    set: DaemonSet,
    pods: readonly Pod[],
  ): Promise<{ hash: string; forget: () => Promise<void> }> {
    const revisions = dependentsOf(this.#revisions, set);
    const collisionCount = set.status?.collisionCount ?? 0;
    const plan = planRevision(
      {
        object: set,
        ownerKind: DAEMON_SET_KIND,
        template: set.spec?.template ?? {},
        collisionCount,
        hashLabel: REVISION_LABEL,
      },
      revisions,
    );
    await writeRevision(plan, this.#context, () =>
      this.#writeStatus(set, { ...(set.status as DaemonStatus), collisionCount: collisionCount + 1 }),
    );
    const hash = plan.update.metadata.labels?.[REVISION_LABEL] ?? "";
    const forget = async (): Promise<void> => {
      const hashes = new Set([hash, ...pods.map(hashOf)]);
      const live = revisions.filter(({ metadata }) => hashes.has(metadata.labels?.[REVISION_LABEL] ?? ""));
      const names = new Set(live.map(({ metadata }) => metadata.name));
      await carryOut(forgetRevisions(revisions, names, set.spec?.revisionHistoryLimit ?? 10), this.#context);
    };
    return { hash, forget };
  }

  async #carryOut(key: string, set: DaemonSet, plan: DaemonPlan, hash: string): Promise<Error | null> {
    const { client, events } = this.#context;
    const pods = clientOf(client, PODS, set.metadata.namespace ?? "");
    const create = plan.create.slice(0, BURST_MAX);
    const remove = plan.remove.slice(0, BURST_MAX);
    if (create.length + remove.length === 0) return null;
    this.#expectations.expect(key, create.length, remove.map(keyOf));
    this.#reportEnded(set, plan.ended);
    const { successCount, error } = await slowStart(create.length, async (index) => {
      try {
        const created = await pods.create(newDaemonPod(set, create[index] ?? "", hash));
        events.record(set, "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
      } catch (failure) {
        events.record(set, "Warning", "FailedCreate", `Error creating: ${(failure as Error).message}`);
        throw failure;
      }
    });
    for (let skipped = successCount; skipped < create.length; skipped++) this.#expectations.created(key);
    const owner = { object: set, key, expectations: this.#expectations, context: this.#context };
    const failure = await deletePods(owner, remove);
    return error ?? failure;
  }

  #reportEnded(set: DaemonSet, ended: readonly Pod[]): void {
    for (const pod of ended) {
      const hasFailed = pod.status?.phase === "Failed";
      const found = `Found ${hasFailed ? "failed" : "succeeded"} daemon pod ${keyOf(pod)} on node ${nodeNameOf(pod)}`;
      if (hasFailed)
        this.#context.events.record(set, "Warning", "FailedDaemonPod", `${found}, will try to kill it`);
      else
        this.#context.events.record(set, "Normal", "SucceededDaemonPod", `${found}, will try to delete it`);
    }
  }

  /** The first failure on a node is replaced at once; one soon after it waits. */
  #isBackingOff(key: string, pod: Pod, nowMs: number): boolean {
    const id = `${key} ${nodeNameOf(pod)}`;
    const failure = this.#failures.get(id);
    if (failure !== undefined && nowMs < failure.untilMs) {
      this.#context.queue.addAfter(key, failure.untilMs - nowMs);
      return true;
    }
    const isOld = failure === undefined || nowMs - failure.untilMs > FAILURE_MAX_MS;
    const waitMs = isOld ? FAILURE_FIRST_MS : Math.min(FAILURE_MAX_MS, failure.waitMs * 2);
    this.#failures.set(id, { waitMs, untilMs: nowMs + waitMs });
    return false;
  }

  #writeStatus(set: DaemonSet, status: DaemonStatus): Promise<void> {
    return writeStatus(this.#context.client, DAEMON_SETS, set, status);
  }

  #nodesChanged(): void {
    const waitMs = gatherMs(this.#nodes.lister.size);
    for (const set of this.#sets.lister.list()) this.#context.queue.addAfter(keyOf(set), waitMs);
  }

  #podChanged(pod: Pod, isNew: boolean): void {
    if (isTerminating(pod)) {
      this.#podGone(pod);
      return;
    }
    const set = this.#setOf(pod);
    if (set !== undefined) {
      if (isNew) this.#expectations.created(keyOf(set));
      this.#enqueue(set);
    } else if (controllerOf(pod) === undefined) {
      for (const each of this.#sets.lister.list(pod.metadata.namespace ?? ""))
        if (matchesSelector(pod.metadata.labels, each.spec?.selector as LabelSelector)) this.#enqueue(each);
    }
  }

  #podGone(pod: Pod): void {
    const set = this.#setOf(pod);
    if (set === undefined) return;
    this.#expectations.deleted(keyOf(set), keyOf(pod));
    this.#enqueue(set);
  }

  #enqueue(set: DaemonSet): void {
    this.#context.queue.addAfter(keyOf(set), gatherMs(this.#nodes.lister.size));
  }

  #setOf(pod: Pod): DaemonSet | undefined {
    return controllerIn(this.#sets, pod, DAEMON_SET_KIND);
  }
}

/** What of a node decides who may run there. */
function placementText({ metadata, spec }: Node): string {
  return JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable]);
}
