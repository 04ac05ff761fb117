// The scheduler's state as columns in WASM memory: every node has a slot, every column one element per slot.
// Filled from NodeInfos and kept in step with them by the cache; when the slots run out, made anew with twice as many.
//
//   slot           0     1     2    ...                  list of candidates, in tree order: slots
//   podCount     [ 12 |  3  |  0  | ... ]                verdict, reason: what the filters of one cycle said
//   cpu used     [ .. ]                                  feasible, scores, total: by position in `feasible`
//   label zone   [  1 |  2  |  1  | ... ]
//
// Cost: 60 bytes a node and 4 more for each label key, selector and term in use.
import { assert } from "../../base/assert.js";
import type { ImageStates } from "../cache/image-states.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { ObjectLister } from "../objects.js";
import { CarriedTerms } from "./carried-terms.js";
import { ColumnMemory } from "./column-memory.js";
import { ImageColumns } from "./image-columns.js";
import { LabelColumns } from "./label-columns.js";
import { NodeMasks } from "./node-masks.js";
import { PodCounts } from "./pod-counts.js";
import { PortColumns } from "./port-columns.js";
import { ResourceColumns } from "./resource-columns.js";
import { Scratch } from "./scratch.js";
import { TaintColumns } from "./taint-columns.js";

/** One u32 for each number that a u8 can be. */
export const TALLY_BYTES = 256 * 4;

export class NodeColumns {
  readonly memory = new ColumnMemory();
  readonly scratch = new Scratch(this.memory);
  readonly resources: ResourceColumns;
  readonly labels: LabelColumns;
  readonly taints: TaintColumns;
  readonly masks: NodeMasks;
  readonly ports: PortColumns;
  readonly podCounts: PodCounts;
  readonly carriedTerms: CarriedTerms;
  readonly images: ImageColumns;
  /** u32 per position: slots of all nodes in the order of the node tree. */
  readonly list: number;
  /** u8 per slot. */
  readonly verdict: number;
  /** u32 per slot. */
  readonly reason: number;
  /** u32 per position. */
  readonly feasible: number;
  /** f64 per position in `feasible`: weighted sums, and the scores of one plugin at a time. */
  readonly total: number;
  readonly score: number;
  /** u32: how many feasible nodes were found, and how many candidates the last call looked at. */
  readonly counts: number;
  /** u32 per verdict: candidates that got it in this cycle. */
  readonly tally: number;
  readonly capacity: number;
  readonly #nodes = new Map<number, NodeInfo>();
  #listed: readonly NodeInfo[] = [];
  readonly #positions: Uint32Array;

  /** @param capacity nodes it can hold; a multiple of 8 */
  constructor(capacity: number, objects: ObjectLister, images: ImageStates) {
    assert(capacity % 8 === 0, `capacity ${capacity} is not a multiple of 8`);
    const { memory } = this;
    this.capacity = capacity;
    this.#positions = new Uint32Array(capacity);
    this.resources = new ResourceColumns(memory, capacity);
    this.labels = new LabelColumns(memory, capacity, this.#nodes);
    this.taints = new TaintColumns(memory, capacity);
    this.masks = new NodeMasks(memory, capacity, this.labels);
    this.ports = new PortColumns(memory, capacity);
    this.podCounts = new PodCounts(memory, capacity, this.#nodes);
    this.carriedTerms = new CarriedTerms(memory, capacity, objects.namespaceLabels);
    this.images = new ImageColumns(memory, capacity, this.#nodes, images);
    this.list = memory.allocate(capacity * 4);
    this.verdict = memory.allocate(capacity);
    this.reason = memory.allocate(capacity * 4);
    this.feasible = memory.allocate(capacity * 4);
    this.total = memory.allocate(capacity * 8);
    this.score = memory.allocate(capacity * 8);
    this.counts = memory.allocate(8);
    this.tally = memory.allocate(TALLY_BYTES);
  }

  /** A new node with the Pods on it, or one whose object changed. */
  setNode(node: NodeInfo): void {
    assert(node.slot < this.capacity, `slot ${node.slot} not below capacity ${this.capacity}`);
    const isNew = !this.#nodes.has(node.slot);
    this.#nodes.set(node.slot, node);
    this.resources.setNode(node);
    this.labels.setNode(node);
    this.taints.setNode(node);
    this.masks.setNode(node);
    if (isNew) for (const pod of node.pods) this.#count(node.slot, pod, 1);
  }

  removeNode({ slot, pods }: NodeInfo): void {
    for (const pod of pods) this.#count(slot, pod, -1);
    this.#nodes.delete(slot);
    for (const part of [this.resources, this.labels, this.taints, this.masks, this.ports, this.images])
      part.clearNode(slot);
    this.podCounts.clearNode(slot);
    this.carriedTerms.clearNode(slot);
  }

  addPod(node: NodeInfo, pod: PodInfo): void {
    this.#count(node.slot, pod, 1);
  }

  removePod(node: NodeInfo, pod: PodInfo): void {
    this.#count(node.slot, pod, -1);
  }

  /** Writes the order of the nodes, unless it is the one that was written last. */
  setList(nodes: readonly NodeInfo[]): void {
    if (nodes === this.#listed) return;
    this.#listed = nodes;
    this.writeSlots(this.list, nodes);
    for (let position = 0; position < nodes.length; position++)
      this.#positions[(nodes[position] as NodeInfo).slot] = position;
  }

  /** Where a node stands in `list`. */
  positionOf({ slot }: NodeInfo): number {
    return this.#positions[slot] as number;
  }

  writeSlots(at: number, nodes: readonly NodeInfo[]): void {
    const { u32 } = this.memory;
    for (let index = 0; index < nodes.length; index++)
      u32[(at >> 2) + index] = (nodes[index] as NodeInfo).slot;
  }

  #count(slot: number, pod: PodInfo, times: 1 | -1): void {
    this.resources.count(slot, pod, times);
    this.ports.count(slot, pod, times);
    this.podCounts.count(slot, pod, times);
    this.carriedTerms.count(slot, pod, times);
  }
}
