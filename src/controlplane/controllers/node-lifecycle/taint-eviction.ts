// Deletes Pods from nodes whose NoExecute taints they do not tolerate, or not for so long.
// Source: pkg/controller/tainteviction/taint_eviction.go.
import { isStatus } from "../../../api/status.js";
import { wallMs } from "../../../base/timers.js";
import type { Informer } from "../../client/informer.js";
import { keyOf } from "../../client/object-store.js";
import type { Node, Pod } from "../../client/object-types.js";
import { clientOf, NODES, PODS } from "../../client/resources.js";
import { withCondition } from "../harness/conditions.js";
import type { Controller, ControllerContext } from "../harness/controller.js";
import { isTerminating } from "../harness/pod-state.js";
import { indexByNode, podsOn } from "../harness/pods-by-node.js";
import { timeNow } from "../harness/times.js";
import { type Taint, taintsOf } from "./node-taints.js";

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

/** How long a Pod may stay under NoExecute taints, ms; 0: not at all; Infinity: for ever. */
export function stayMs(taints: readonly Taint[], tolerations: readonly Toleration[]): number {
  let shortestMs = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return 0;
    for (const { tolerationSeconds } of matching)
      if (tolerationSeconds !== undefined && tolerationSeconds !== null)
        shortestMs = Math.min(shortestMs, Math.max(0, tolerationSeconds) * 1000);
  }
  return shortestMs;
}

function tolerates(
  { key = "", operator = "Equal", value = "", effect = "" }: Toleration,
  taint: Taint,
): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return key !== "" && value === (taint.value ?? "");
}

export const taintEvictionController: Controller = {
  name: "taint-eviction-controller",
  component: "taint-eviction-controller",
  workersCount: 8,
  start(context) {
    const shell = new TaintEviction(context);
    return (key) => shell.reconcile(key);
  },
};

/** Keys: a Pod's "namespace/name". */
class TaintEviction {
  readonly #context: ControllerContext;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  /** Since when Pods are under the taints they are to be deleted for, ms. */
  readonly #since = new Map<string, number>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#pods = context.informers.informer(PODS);
    this.#nodes = context.informers.informer(NODES);
    indexByNode(this.#pods);
    this.#pods.addHandler({
      onAdd: (pod) => this.#lookAt(pod),
      onUpdate: (before, pod) => {
        const isMoved = before.spec?.nodeName !== pod.spec?.nodeName;
        if (isMoved || before.spec?.tolerations?.length !== pod.spec?.tolerations?.length) this.#lookAt(pod);
      },
      onDelete: (pod) => {
        if (this.#since.delete(keyOf(pod))) this.#tellOfCancel(pod);
      },
    });
    const lookAtPodsOf = ({ metadata }: Node): void => {
      for (const pod of podsOn(this.#pods, metadata.name)) context.queue.add(keyOf(pod));
    };
    this.#nodes.addHandler({
      onAdd: (node) => {
        if (drivingTaints(node).length > 0) lookAtPodsOf(node);
      },
      onUpdate: (before, node) => {
        if (JSON.stringify(drivingTaints(before)) !== JSON.stringify(drivingTaints(node))) lookAtPodsOf(node);
      },
      // What becomes of its Pods is the business of the Pod garbage collector.
      onDelete: (node) => {
        for (const pod of podsOn(this.#pods, node.metadata.name)) this.#since.delete(keyOf(pod));
      },
    });
  }

  async reconcile(key: string): Promise<void> {
    const pod = this.#pods.lister.get(key);
    if (pod === undefined || isTerminating(pod)) {
      this.#since.delete(key);
      return;
    }
    const node = this.#nodes.lister.get(pod.spec?.nodeName ?? "");
    const taints = node === undefined ? [] : drivingTaints(node);
    const ms = stayMs(taints, (pod.spec?.tolerations ?? []) as readonly Toleration[]);
    if (taints.length === 0 || ms === Number.POSITIVE_INFINITY) {
      if (this.#since.delete(key)) this.#tellOfCancel(pod);
      return;
    }
    const nowMs = wallMs(this.#context.timers);
    const sinceMs = this.#since.get(key) ?? nowMs;
    this.#since.set(key, sinceMs);
    const leftMs = sinceMs + ms - nowMs;
    if (leftMs > 0) {
      this.#context.queue.addAfter(key, leftMs);
      return;
    }
    await this.#evict(pod);
    this.#since.delete(key);
  }

  async #evict(pod: Pod): Promise<void> {
    const { name, namespace = "", uid } = pod.metadata;
    const pods = clientOf(this.#context.client, PODS, namespace);
    const message = `Marking for deletion Pod ${namespace}/${name}`;
    this.#context.events.record(pod, "Normal", "TaintManagerEviction", message);
    const conditions = withCondition(pod.status?.conditions, {
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
      lastTransitionTime: timeNow(this.#context.timers),
    });
    try {
      await pods.patch(
        name,
        "merge",
        { metadata: { uid }, status: { conditions } },
        { subresource: "status" },
      );
      await pods.delete(name, uid === undefined ? {} : { preconditions: { uid } });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }

  #lookAt(pod: Pod): void {
    const node = this.#nodes.lister.get(pod.spec?.nodeName ?? "");
    // Most Pods are on nodes without such taints: they cost no reconcile.
    const isConcerned = node === undefined ? !!pod.spec?.nodeName : drivingTaints(node).length > 0;
    if (isConcerned || this.#since.has(keyOf(pod))) this.#context.queue.add(keyOf(pod));
  }

  #tellOfCancel(pod: Pod): void {
    const message = `Cancelling deletion of Pod ${keyOf(pod)}`;
    this.#context.events.record(pod, "Normal", "TaintManagerEviction", message);
  }
}

function drivingTaints(node: Node): readonly Taint[] {
  return taintsOf(node).filter(({ effect }) => effect === "NoExecute");
}
