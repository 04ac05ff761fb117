// What a plugin may use of the scheduler it runs in; handed to it when it is made.
import type { Prng } from "../../base/prng.js";
import type { ImageState } from "../cache/image-states.js";
import type { NodeInfo } from "../cache/node-info.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { ObjectLister } from "../objects.js";
import type { CycleState } from "./cycle-state.js";
import type { Status } from "./status.js";

/** The nodes as this cycle sees them. */
export interface Snapshot {
  /** In the order of the node tree. */
  readonly nodes: readonly NodeInfo[];
  get(name: string): NodeInfo | undefined;
  /** Size of an image and how many nodes have it; undefined when none has. */
  imageState(image: string): ImageState | undefined;
  /** Whether any Pod that has a node is less important: without one, preemption need not look. */
  hasPodsBelow(priority: number): boolean;
}

export interface NominatedPods {
  /** Pods that wait for room on this node. */
  nominatedOn(nodeName: string): readonly PodInfo[];
}

export interface FrameworkHandle {
  readonly snapshot: Snapshot;
  readonly objects: ObjectLister;
  readonly nominated: NominatedPods;
  readonly prng: Prng;
  /** Wall clock, ms. */
  now(): number;
  /**
   * Runs all Filter plugins on a node as it would be, nominated Pods of equal or higher priority included.
   * State and node are not changed.
   */
  filterWithNominatedPods(state: CycleState, pod: PodInfo, node: NodeInfo): Status | null;
  /** AddPod and RemovePod of all PreFilter plugins that did not skip. */
  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void;
  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void;
}
