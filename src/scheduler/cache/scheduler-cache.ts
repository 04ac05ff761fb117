// What runs where: nodes with their Pods, Pods that are promised to a node (assumed) before the API has said so, and the
// same as columns.
//
//            assume                  addPod (the binding is seen)
//   unknown ─────────► assumed ──────────────────────────► added ─── removePod ──► unknown
//                         │ forget (the binding failed)
//                         └──────────► unknown
//
// The snapshot is not a copy: a scheduling cycle is never interrupted by an event (scheduler.ts), so what it reads
// stays still. What upstream's incremental snapshot saves, the columns save by being written in place; the list of nodes
// is made anew only when nodes came, went or moved.
// Cost: Pods O(Pods on the node) to remove, O(1) to add; nodes O(columns in use).
// Source: kube-scheduler backend/cache/cache.go.
import { assert, present } from "../../base/assert.js";
import type { Node } from "../../api/types.js";
import { NodeColumns } from "../columns/node-columns.js";
import type { Snapshot } from "../framework/handle.js";
import type { ObjectLister } from "../objects.js";
import { ImageStates, type ImageState } from "./image-states.js";
import { NodeInfo } from "./node-info.js";
import { NodeTree } from "./node-tree.js";
import type { PodInfo } from "./pod-info.js";

interface Placed {
  pod: PodInfo;
  readonly nodeName: string;
  isAssumed: boolean;
}

const CAPACITY_MIN = 64;

export class SchedulerCache implements Snapshot {
  readonly #objects: ObjectLister;
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #bySlot: (NodeInfo | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #tree = new NodeTree();
  readonly #images = new ImageStates();
  readonly #placed = new Map<string, Placed>();
  /** Priority -> Pods that have a node. */
  readonly #byPriority = new Map<number, number>();
  /** Pods of nodes that are gone or have not come yet, by node name. */
  readonly #homeless = new Map<string, PodInfo[]>();
  #columns: NodeColumns;
  #treeList: readonly string[] = [];
  #list: readonly NodeInfo[] = [];
  #assumedCount = 0;

  constructor(objects: ObjectLister) {
    this.#objects = objects;
    this.#columns = new NodeColumns(CAPACITY_MIN, objects, this.#images);
  }

  /** Replaced when nodes outgrow it: hold it no longer than one cycle. */
  get columns(): NodeColumns {
    return this.#columns;
  }

  /** All nodes in the order of the tree; the same array until nodes come, go or move. */
  get nodes(): readonly NodeInfo[] {
    const names = this.#tree.list();
    if (names !== this.#treeList) {
      this.#treeList = names;
      this.#list = names.map((name) => present(this.#nodes.get(name), `node ${name}`));
    }
    return this.#list;
  }

  get assumedCount(): number {
    return this.#assumedCount;
  }

  get podCount(): number {
    return this.#placed.size;
  }

  get(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  nodeAt(slot: number): NodeInfo {
    return present(this.#bySlot[slot], `node in slot ${slot}`);
  }

  imageState(image: string): ImageState | undefined {
    return this.#images.get(image);
  }

  hasPodsBelow(priority: number): boolean {
    for (const present of this.#byPriority.keys()) if (present < priority) return true;
    return false;
  }

  /** The Pod as the cache knows it; undefined when it has no node. */
  pod(uid: string): PodInfo | undefined {
    return this.#placed.get(uid)?.pod;
  }

  isAssumed(uid: string): boolean {
    return this.#placed.get(uid)?.isAssumed === true;
  }

  addNode(node: Node): void {
    const { name } = node.metadata;
    if (this.#nodes.has(name)) {
      this.updateNode(node);
      return;
    }
    const info = new NodeInfo(node, this.#freeSlots.pop() ?? this.#bySlot.length);
    for (const pod of this.#homeless.get(name) ?? []) info.add(pod);
    this.#homeless.delete(name);
    this.#nodes.set(name, info);
    this.#bySlot[info.slot] = info;
    this.#tree.add(node);
    this.#images.add(node);
    if (info.slot >= this.#columns.capacity) this.#grow();
    else this.#columns.setNode(info);
  }

  updateNode(node: Node): void {
    const info = this.#nodes.get(node.metadata.name);
    if (info === undefined) {
      this.addNode(node);
      return;
    }
    this.#images.remove(info.node);
    this.#images.add(node);
    info.node = node;
    this.#tree.update(node);
    this.#columns.setNode(info);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#columns.removeNode(info);
    if (info.pods.length > 0) this.#homeless.set(name, [...info.pods]);
    this.#nodes.delete(name);
    this.#bySlot[info.slot] = undefined;
    this.#freeSlots.push(info.slot);
    this.#tree.remove(name);
    this.#images.remove(info.node);
  }

  assume(pod: PodInfo, nodeName: string): void {
    assert(!this.#placed.has(pod.uid), `Pod ${pod.key} has a node already`);
    this.#place(pod, nodeName, true);
  }

  /** Takes an assumed Pod back. False when it is none, any more. */
  forget(uid: string): boolean {
    const placed = this.#placed.get(uid);
    if (placed?.isAssumed !== true) return false;
    this.#unplace(placed);
    return true;
  }

  /** A Pod that the API shows on a node; confirms an assumed one. */
  addPod(pod: PodInfo): void {
    const nodeName = pod.pod.spec?.nodeName ?? "";
    const known = this.#placed.get(pod.uid);
    if (known === undefined) {
      this.#place(pod, nodeName, false);
    } else if (known.nodeName === nodeName && looksAlike(known.pod, pod)) {
      if (known.isAssumed) this.#assumedCount--;
      known.isAssumed = false;
      this.#exchange(known, pod);
    } else {
      this.#unplace(known);
      this.#place(pod, nodeName, false);
    }
  }

  updatePod(pod: PodInfo): void {
    this.addPod(pod);
  }

  removePod(uid: string): void {
    const placed = this.#placed.get(uid);
    if (placed !== undefined) this.#unplace(placed);
  }

  #place(pod: PodInfo, nodeName: string, isAssumed: boolean): void {
    this.#placed.set(pod.uid, { pod, nodeName, isAssumed });
    this.#byPriority.set(pod.priority, (this.#byPriority.get(pod.priority) ?? 0) + 1);
    if (isAssumed) this.#assumedCount++;
    const node = this.#nodes.get(nodeName);
    if (node === undefined) {
      const waiting = this.#homeless.get(nodeName);
      if (waiting === undefined) this.#homeless.set(nodeName, [pod]);
      else waiting.push(pod);
      return;
    }
    node.add(pod);
    this.#columns.addPod(node, pod);
  }

  #unplace({ pod, nodeName, isAssumed }: Placed): void {
    this.#placed.delete(pod.uid);
    const others = (this.#byPriority.get(pod.priority) ?? 0) - 1;
    if (others > 0) this.#byPriority.set(pod.priority, others);
    else this.#byPriority.delete(pod.priority);
    if (isAssumed) this.#assumedCount--;
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) {
      node.remove(pod);
      this.#columns.removePod(node, pod);
      return;
    }
    const left = (this.#homeless.get(nodeName) ?? []).filter(({ uid }) => uid !== pod.uid);
    if (left.length > 0) this.#homeless.set(nodeName, left);
    else this.#homeless.delete(nodeName);
  }

  /** The new object in the place of the old: nothing that is counted has changed. */
  #exchange(placed: Placed, pod: PodInfo): void {
    const node = this.#nodes.get(placed.nodeName);
    const pods = node === undefined ? this.#homeless.get(placed.nodeName) : node.pods;
    if (node !== undefined) node.exchange(placed.pod, pod);
    else pods?.splice(pods.indexOf(placed.pod), 1, pod);
    placed.pod = pod;
  }

  #grow(): void {
    const columns = new NodeColumns(this.#columns.capacity * 2, this.#objects, this.#images);
    this.#columns = columns;
    for (const info of this.#nodes.values()) columns.setNode(info);
  }
}

/** Whether one can stand for the other in every sum. Terms are shared by equal Pods. */
function looksAlike(a: PodInfo, b: PodInfo): boolean {
  return (
    a.spec === b.spec &&
    a.labelSet === b.labelSet &&
    a.terms === b.terms &&
    a.isTerminating === b.isTerminating &&
    a.priority === b.priority &&
    a.pod.spec?.volumes === b.pod.spec?.volumes
  );
}
