// Which Pods wait for room on which node: after a preemption, or because someone outside named the node.
// Scheduling counts them as if they were there. Kept here, not in the Pod objects, because a nomination holds from
// the moment it is made, before the API server has heard of it.
// Cost: O(Pods nominated on that node). Lists are replaced, never changed: a reader may keep one.
// Source: kube-scheduler backend/queue/nominator.go.
import type { PodInfo } from "../cache/pod-info.js";
import type { NominatedPods } from "../framework/handle.js";

/** Override: this node, "" for none. Keep: the node that the Pod's status names, if any. */
export type Nomination = { readonly mode: "override"; readonly nodeName: string } | { readonly mode: "keep" };

const NOBODY: readonly PodInfo[] = [];

export class Nominator implements NominatedPods {
  readonly #nodeByUid = new Map<string, string>();
  readonly #podsByNode = new Map<string, readonly PodInfo[]>();

  nominatedOn(nodeName: string): readonly PodInfo[] {
    return this.#podsByNode.get(nodeName) ?? NOBODY;
  }

  /** undefined when the Pod has no nomination. */
  nodeOf(uid: string): string | undefined {
    return this.#nodeByUid.get(uid);
  }

  /** How many Pods have a nomination. */
  get size(): number {
    return this.#nodeByUid.size;
  }

  /** Nodes that Pods wait for. */
  nodeNames(): Iterable<string> {
    return this.#podsByNode.keys();
  }

  /** The Pod must exist and not run yet. An earlier nomination ends. */
  add(pod: PodInfo, nomination: Nomination): void {
    this.delete(pod.uid);
    const nodeName = nomination.mode === "override" ? nomination.nodeName : statedNode(pod);
    if (nodeName === "") return;
    this.#nodeByUid.set(pod.uid, nodeName);
    this.#podsByNode.set(nodeName, [...this.nominatedOn(nodeName), pod]);
  }

  /** A nomination that was made here and that the status does not show yet outlives the update. */
  update(before: PodInfo, after: PodInfo): void {
    const madeHere = this.#nodeByUid.get(before.uid);
    const isUnstated = statedNode(before) === "" && statedNode(after) === "";
    this.delete(before.uid);
    this.add(
      after,
      isUnstated && madeHere !== undefined ? { mode: "override", nodeName: madeHere } : { mode: "keep" },
    );
  }

  delete(uid: string): void {
    const nodeName = this.#nodeByUid.get(uid);
    if (nodeName === undefined) return;
    this.#nodeByUid.delete(uid);
    const others = this.nominatedOn(nodeName).filter((pod) => pod.uid !== uid);
    if (others.length === 0) this.#podsByNode.delete(nodeName);
    else this.#podsByNode.set(nodeName, others);
  }
}

function statedNode({ pod }: PodInfo): string {
  return pod.status?.nominatedNodeName ?? "";
}
