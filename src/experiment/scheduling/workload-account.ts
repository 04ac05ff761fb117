// What a workload asks for, and what the cluster shows of it at the end: a run in which they differ has measured something
// else. Nodes; Pods by namespace; those of them that operations waited for, and that therefore must have got a node.
// Objects of churn and of a steady state come and go as fast as they can: nobody can say how many there are to be.
// Cost: O(Pods) at the end; while Pods are scheduled, one test per change.
import type { KubeObject, Pod } from "../../api/types.js";
import { objectKey } from "../../scheduler/objects.js";
import { isBound } from "./pod-objects.js";
import { isInScope, type PodScope } from "./pod-scope.js";
import type { AppliedWorkload } from "./scheduling-types.js";
import type { WorkloadCluster } from "./workload-cluster.js";

interface AskedPod {
  readonly key: string;
  readonly pod: Pod;
  /** An operation has seen it with a node. */
  isAwaited: boolean;
}

/** The Pods of one operation. */
export type AskedPods = readonly AskedPod[];

export class WorkloadAccount {
  readonly #cluster: Pick<WorkloadCluster, "scheduler" | "pods" | "onPod">;
  readonly #nodes = new Set<string>();
  readonly #pods = new Map<string, AskedPod>();
  /** Key -> whether it had a node, of those that were there. */
  readonly #gone = new Map<string, boolean>();

  constructor(cluster: Pick<WorkloadCluster, "scheduler" | "pods" | "onPod">) {
    this.#cluster = cluster;
    cluster.onPod(({ before, after, wasBound }) => {
      if (after !== null || before === null) return;
      const key = objectKey(before);
      if (this.#pods.has(key)) this.#gone.set(key, wasBound);
    });
  }

  askNodes(nodes: readonly KubeObject[]): void {
    for (const { metadata } of nodes) this.#nodes.add(metadata.name);
  }

  /** @param pods with their namespace */
  askPods(pods: readonly Pod[]): AskedPods {
    const asked = pods.map((pod): AskedPod => ({ key: objectKey(pod), pod, isAwaited: false }));
    for (const each of asked) this.#pods.set(each.key, each);
    return asked;
  }

  /** Whether all of them have, or had, a node; if so, they are held to it. Cost: O(Pods). */
  haveNodes(asked: AskedPods): boolean {
    const boundOf = this.#boundOf();
    if (!asked.every(({ key }) => boundOf.get(key) === true)) return false;
    for (const each of asked) each.isAwaited = true;
    return true;
  }

  /** An operation has seen that all of a scope have nodes. */
  awaited(scope: PodScope): void {
    for (const asked of this.#pods.values()) if (isInScope(asked.pod, scope)) asked.isAwaited = true;
  }

  result(): AppliedWorkload {
    const { scheduler } = this.#cluster;
    const boundOf = this.#boundOf();
    const requested = new Tally();
    const applied = new Tally();
    requested.add("nodes", this.#nodes.size);
    applied.add("nodes", [...this.#nodes].filter((name) => scheduler.cache.get(name) !== undefined).length);
    for (const { key, pod, isAwaited } of this.#pods.values()) {
      const namespace = pod.metadata.namespace ?? "";
      const isPlaced = boundOf.get(key);
      requested.add(`pods of ${namespace}`, 1);
      applied.add(`pods of ${namespace}`, isPlaced === undefined ? 0 : 1);
      // One that was taken away before it got a node is waited for no longer.
      const isWanted = isAwaited && this.#gone.get(key) !== false;
      requested.add(`scheduled of ${namespace}`, isWanted ? 1 : 0);
      applied.add(`scheduled of ${namespace}`, isWanted && isPlaced === true ? 1 : 0);
    }
    return { requested: requested.counts, applied: applied.counts };
  }

  /** Key -> whether it has, or had, a node; of all that are there, and of those asked for that were. */
  #boundOf(): ReadonlyMap<string, boolean> {
    const boundOf = new Map(this.#gone);
    for (const pod of this.#cluster.pods()) boundOf.set(objectKey(pod), isBound(pod));
    return boundOf;
  }
}

class Tally {
  readonly counts: Record<string, number> = {};

  add(what: string, count: number): void {
    this.counts[what] = (this.counts[what] ?? 0) + count;
  }
}
