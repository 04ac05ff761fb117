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

/** A Pod that has a node and is not bound before all plugins have let it go that said Wait at Permit. */
export interface WaitingPod {
  readonly pod: PodInfo;
  readonly nodeName: string;
  /** Plugins that have not let it go yet, in the order in which they run. */
  pendingPlugins(): readonly string[];
  /** This plugin lets it go; once all have, it is bound. */
  allow(plugin: string): void;
  /** It is turned down, as by this plugin at Permit. False when the wait was over already. */
  reject(plugin: string, message: string): boolean;
  /** It gives up its node and is tried again soon: nothing is wrong with it. False when the wait was over already. */
  preempt(plugin: string, message: string): boolean;
}

/**
 * All waiting Pods, over all profiles; iterated in the order in which their waits began. What is decided about them is
 * carried out when the scheduler's step is over in which it was decided, or at the next tick.
 */
export interface WaitingPods extends Iterable<WaitingPod> {
  get(uid: string): WaitingPod | undefined;
  /** Rejects a Pod as "removed". False when it does not wait. */
  reject(uid: string): boolean;
}

export interface FrameworkHandle {
  readonly snapshot: Snapshot;
  readonly objects: ObjectLister;
  readonly nominated: NominatedPods;
  readonly waitingPods: WaitingPods;
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
