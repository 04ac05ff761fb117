// The extension points of the scheduling framework, in the order a Pod meets them. One interface each; a plugin
// implements those it needs and says so with `satisfies`. This is the slow, obvious form: one node at a time, on
// objects. Plugins whose Filter or Score is hot have a second form over columns (columns/column-plugin.ts), held to
// this one by tests.
// Source: kube-scheduler framework/interface.go.
import type { NodeInfo } from "../cache/node-info.js";
import type { PodInfo } from "../cache/pod-info.js";
import type { ExtenderReply, ExtenderRequest } from "../extender/extender.js";
import type { Action } from "./action.js";
import type { EventRegistration } from "./cluster-event.js";
import type { CycleState } from "./cycle-state.js";
import type { QueuedPod } from "./queued-pod.js";
import type { Status } from "./status.js";

export interface Plugin {
  readonly name: string;
  /** Which events can make a Pod schedulable that this plugin rejected. Absent: any event may. */
  eventsToRegister?(): readonly EventRegistration[];
}

export interface PreEnqueuePlugin extends Plugin {
  /** Null lets the Pod into the active queue; a rejection keeps it gated. */
  preEnqueue(pod: PodInfo): Status | null;
}

export interface QueueSortPlugin extends Plugin {
  /** Whether `a` is to be scheduled before `b`. */
  less(a: QueuedPod, b: QueuedPod): boolean;
}

export interface PreFilterResult {
  readonly status: Status | null;
  /** Names of the only nodes that can do; null for all. */
  readonly nodeNames: ReadonlySet<string> | null;
}

/** `status: SKIP` switches the plugin's Filter off for this Pod. */
export interface PreFilterPlugin extends Plugin {
  preFilter(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): PreFilterResult;
  /** Changes the state as if `added` ran on `node`; for preemption's dry runs and nominated Pods. */
  addPod?(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void;
  removePod?(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void;
}

export interface FilterPlugin extends Plugin {
  filter(state: CycleState, pod: PodInfo, node: NodeInfo): Status | null;
}

/** Node name -> why it was turned down. */
export type NodeStatuses = ReadonlyMap<string, Status>;

export interface PostFilterResult {
  /** null: nothing helps. `nodeName` "" clears an earlier nomination. */
  readonly nominatedNodeName: string | null;
  readonly status: Status | null;
  readonly actions: readonly Action[];
}

/** Extenders are asked about victims: each yielded request is answered before the run goes on. */
export type PostFiltering = Generator<ExtenderRequest, PostFilterResult, ExtenderReply>;

export interface PostFilterPlugin extends Plugin {
  postFilter(state: CycleState, pod: PodInfo, statuses: NodeStatuses): PostFiltering;
  /** All deletions that postFilter asked for on behalf of the Pod with this uid have been sent. */
  deletionsSent?(uid: string): void;
}

export interface PreScorePlugin extends Plugin {
  /** SKIP switches the plugin's Score off for this Pod. */
  preScore(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): Status | null;
}

export interface ScorePlugin extends Plugin {
  /** Raw score of a feasible node; an integer. */
  score(state: CycleState, pod: PodInfo, node: NodeInfo): number;
  /** Brings raw scores, in the order of `nodes`, to 0..100 in place. Absent: they already are. */
  normalize?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], scores: number[]): void;
}

export interface ReservePlugin extends Plugin {
  reserve(state: CycleState, pod: PodInfo, nodeName: string): Status | null;
  /** Undoes reserve; called on every Reserve plugin, also on those whose reserve was not reached. */
  unreserve(state: CycleState, pod: PodInfo, nodeName: string): void;
}

export interface PermitPlugin extends Plugin {
  /** Code Wait holds the binding until handle.waitingPods says otherwise, for at most `timeoutMs`, capped at 15 min. */
  permit(
    state: CycleState,
    pod: PodInfo,
    nodeName: string,
  ): { readonly status: Status | null; readonly timeoutMs: number };
}

/** Work that must be done before binding: API calls, and a condition to wait for. */
export interface PreBindWork {
  readonly actions: readonly Action[];
  /** Asked again after every event until it says so. A status ends the binding. */
  isDone(): boolean | Status;
  readonly timeoutMs: number;
}

export interface PreBindPlugin extends Plugin {
  /** null: nothing to do. */
  preBind(state: CycleState, pod: PodInfo, nodeName: string): PreBindWork | Status | null;
}

export interface BindPlugin extends Plugin {
  /** null: this plugin leaves the Pod to the next one. */
  bind(state: CycleState, pod: PodInfo, nodeName: string): Action | null;
}

export interface PostBindPlugin extends Plugin {
  postBind(state: CycleState, pod: PodInfo, nodeName: string): void;
}
