// Keeps the status of PodDisruptionBudgets, from which the server decides evictions.
// Cost: O(Pods of the namespace) a reconcile; changes of Pods are gathered for a moment.
// Source: pkg/controller/disruption/disruption.go.
import type { KubeObject } from "../../../api/meta.js";
import { matchesSelector } from "../../../api/selector.js";
import { wallMs } from "../../../base/timers.js";
import { POD_DISRUPTION_BUDGETS, type PodDisruptionBudget } from "../../client/cluster-resources.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { Deployment, OwnerReference, Pod, ReplicaSet } from "../../client/object-types.js";
import {
  clientOf,
  DEPLOYMENTS,
  PODS,
  REPLICA_SETS,
  REPLICATION_CONTROLLERS,
  STATEFUL_SETS,
} from "../../client/resources.js";
import { conditionOf, withCondition } from "../harness/conditions.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { controllerOf } from "../harness/owners.js";
import { isReady, isTerminating } from "../harness/pod-state.js";
import { timeMs, timeText } from "../harness/times.js";
import {
  budgetDecision,
  type BudgetStatus,
  failedStatus,
  isSameBudgetStatus,
  needsScale,
} from "./budget-status.js";

/** Pods often change together. */
const GATHER_MS = 20;
/** A Pod that was to be evicted and still runs after this time was not. */
const STALE_DISRUPTION_MS = 120_000;
const STALE = "stale:";

export const disruptionController: Controller = {
  name: "disruption",
  component: "controllermanager",
  workersCount: 2,
  start(context) {
    const shell = new Disruption(context);
    return (key) => shell.reconcile(key);
  },
};

interface Scaled extends KubeObject {
  readonly spec?: { readonly replicas?: number };
}

class Disruption {
  readonly #context: ControllerContext;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #pods: Informer<Pod>;
  readonly #deployments: Informer<Deployment>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #others: ReadonlyMap<string, Informer<KubeObject>>;

  constructor(context: ControllerContext) {
    const { informers } = context;
    this.#context = context;
    this.#budgets = informers.informer(POD_DISRUPTION_BUDGETS);
    this.#pods = informers.informer(PODS);
    this.#deployments = informers.informer(DEPLOYMENTS);
    this.#replicaSets = informers.informer(REPLICA_SETS);
    const sets = informers.informer(STATEFUL_SETS);
    const controllers = informers.informer(REPLICATION_CONTROLLERS);
    this.#others = new Map<string, Informer<KubeObject>>([
      ["StatefulSet", sets as unknown as Informer<KubeObject>],
      ["ReplicationController", controllers as unknown as Informer<KubeObject>],
    ]);
    const look = (budget: PodDisruptionBudget): void => context.queue.add(keyOf(budget));
    this.#budgets.addHandler({ onAdd: look, onUpdate: (_, budget) => look(budget) });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podChanged(pod),
      onUpdate: (before, pod) => {
        if (!isNoticed(before, pod)) return;
        if (before.metadata.labels !== pod.metadata.labels) this.#podChanged(before);
        this.#podChanged(pod);
      },
      onDelete: (pod) => this.#podChanged(pod),
    });
    this.#watchScales();
  }

  #watchScales(): void {
    const handler = {
      onUpdate: (before: Scaled, after: Scaled): void => {
        if (before.spec?.replicas !== after.spec?.replicas) this.#lookIn(after.metadata.namespace ?? "");
      },
    };
    this.#deployments.addHandler(handler);
    this.#replicaSets.addHandler(handler);
    for (const informer of this.#others.values()) informer.addHandler(handler);
  }

  #lookIn(namespace: string): void {
    for (const budget of this.#budgets.lister.list(namespace))
      this.#context.queue.addAfter(keyOf(budget), GATHER_MS);
  }

  #podChanged(pod: Pod): void {
    for (const budget of this.#budgets.lister.list(pod.metadata.namespace ?? ""))
      if (selects(budget, pod)) this.#context.queue.addAfter(keyOf(budget), GATHER_MS);
    const sinceMs = staleDisruption(pod);
    if (sinceMs === null) return;
    const leftMs = sinceMs + STALE_DISRUPTION_MS - wallMs(this.#context.timers);
    this.#context.queue.addAfter(STALE + keyOf(pod), Math.max(0, leftMs));
  }

  async reconcile(key: string): Promise<void> {
    if (key.startsWith(STALE)) return this.#clearStale(key.slice(STALE.length));
    const budget = this.#budgets.lister.get(key);
    if (budget === undefined) return;
    const { events, queue, timers } = this.#context;
    const nowMs = wallMs(timers);
    const pods = this.#pods.lister
      .list(budget.metadata.namespace ?? "")
      .filter((pod) => selects(budget, pod));
    if (pods.length === 0) events.record(budget, "Normal", "NoPods", "No matching pods found");
    const scale = needsScale(budget) ? this.#scaleOf(pods) : { total: null, unmanaged: 0 };
    if (typeof scale === "string") {
      const message = `Failed to calculate the number of expected pods: ${scale}`;
      events.record(budget, "Warning", "CalculateExpectedPodCountFailed", message);
      return this.#write(budget, failedStatus(budget, scale, nowMs));
    }
    if (scale.unmanaged > 0) events.record(budget, "Warning", "UnmanagedPods", unmanagedMessage(budget));
    const { status, recheckMs, notDeleted } = budgetDecision({ budget, pods, scale: scale.total, nowMs });
    const { name, namespace } = budget.metadata;
    for (const pod of notDeleted)
      events.record(
        pod,
        "Warning",
        "NotDeleted",
        `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`,
      );
    await this.#write(budget, status);
    if (recheckMs !== null) queue.addAfter(key, recheckMs);
  }

  async #write(budget: PodDisruptionBudget, status: BudgetStatus): Promise<void> {
    if (isSameBudgetStatus(budget, status)) return;
    const budgets = clientOf(this.#context.client, POD_DISRUPTION_BUDGETS, budget.metadata.namespace ?? "");
    await budgets.updateStatus({ ...budget, status });
  }

  /** @returns what the Pods' controllers want, each counted once; or why that cannot be told */
  #scaleOf(pods: readonly Pod[]): { readonly total: number; readonly unmanaged: number } | string {
    const scales = new Map<string, number>();
    let unmanaged = 0;
    for (const pod of pods) {
      const owner = controllerOf(pod);
      if (owner === undefined) unmanaged++;
      else if (!scales.has(owner.uid ?? "")) {
        const found = this.#scaleOfOwner(pod.metadata.namespace ?? "", owner);
        if (found === null) return `found no controllers for pod "${pod.metadata.name}"`;
        scales.set(found.uid, found.replicas);
        if (found.uid !== owner.uid) scales.set(owner.uid ?? "", 0);
      }
    }
    return { total: [...scales.values()].reduce((sum, each) => sum + each, 0), unmanaged };
  }

  #scaleOfOwner(
    namespace: string,
    owner: OwnerReference,
  ): { readonly uid: string; readonly replicas: number } | null {
    const key = `${namespace}/${owner.name}`;
    if (owner.kind !== "ReplicaSet") return scaleOf(this.#others.get(owner.kind)?.lister.get(key), owner);
    const set = this.#replicaSets.lister.get(key);
    const above = set === undefined ? undefined : controllerOf(set);
    if (above?.kind !== "Deployment") return scaleOf(set, owner);
    return scaleOf(this.#deployments.lister.get(`${namespace}/${above.name}`), above);
  }

  /** It was to be evicted, but runs on: the condition must not stay. */
  async #clearStale(key: string): Promise<void> {
    const pod = this.#pods.lister.get(key);
    const sinceMs = pod === undefined ? null : staleDisruption(pod);
    const nowMs = wallMs(this.#context.timers);
    if (pod === undefined || sinceMs === null || nowMs < sinceMs + STALE_DISRUPTION_MS) return;
    const { name, namespace = "", uid } = pod.metadata;
    const conditions = withCondition(pod.status?.conditions, {
      type: "DisruptionTarget",
      status: "False",
      lastTransitionTime: timeText(nowMs),
    });
    const patch = { metadata: { uid }, status: { conditions } };
    const pods = clientOf(this.#context.client, PODS, namespace);
    await pods.patch(name, "merge", patch, { subresource: "status" });
  }
}

/** An empty selector of a budget selects all, none selects nothing. */
function selects({ spec, metadata }: PodDisruptionBudget, pod: Pod): boolean {
  const selector = spec?.selector as Parameters<typeof matchesSelector>[1] | undefined;
  if (selector === undefined || metadata.namespace !== pod.metadata.namespace) return false;
  return matchesSelector(pod.metadata.labels, selector);
}

function scaleOf(object: KubeObject | undefined, owner: OwnerReference) {
  if (object === undefined || object.metadata.uid !== owner.uid) return null;
  return { uid: owner.uid ?? "", replicas: (object as Scaled).spec?.replicas ?? 1 };
}

function isNoticed(before: Pod, after: Pod): boolean {
  return (
    isReady(before) !== isReady(after) ||
    isTerminating(before) !== isTerminating(after) ||
    staleDisruption(before) !== staleDisruption(after) ||
    JSON.stringify(before.metadata.labels) !== JSON.stringify(after.metadata.labels) ||
    controllerOf(before)?.uid !== controllerOf(after)?.uid
  );
}

/** Since when a Pod that is not being deleted is said to be about to be, ms. */
function staleDisruption(pod: Pod): number | null {
  const condition = conditionOf(pod.status?.conditions, "DisruptionTarget");
  const isEnding = isTerminating(pod) || ["Succeeded", "Failed"].includes(pod.status?.phase ?? "");
  return condition?.status !== "True" || isEnding ? null : timeMs(condition.lastTransitionTime);
}

function unmanagedMessage({ spec }: PodDisruptionBudget): string {
  const selector = JSON.stringify(spec?.selector ?? {});
  return `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
}
