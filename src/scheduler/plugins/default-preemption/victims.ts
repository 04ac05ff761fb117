// Which Pods of a node must go so that a Pod fits: take away all of lower priority, and if that helps, give back as
// many as possible, the most important first; Pods whose disruption budget would be broken are given back before the others.
// What cannot be given back is the answer. It is not the smallest set there is, but the most important Pods stay.
// Cost: one Filter run, and one more for each Pod of lower priority; copies of the cycle state and the node.
// Source: kube-scheduler plugins/defaultpreemption/default_preemption.go (SelectVictimsOnNode), util/utils.go.
import type { Pod } from "../../../api/types.js";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { CycleState } from "../../framework/cycle-state.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import { type Status, unresolvable } from "../../framework/status.js";
import { type DisruptionBudgets, splitByBudgets } from "./disruption-budgets.js";

export interface Victims {
  /** By decreasing importance; none when the Pod fits with every Pod given back. */
  readonly pods: readonly PodInfo[];
  /** How many of them break their disruption budget. */
  readonly violations: number;
}

/** What a dry run on any node needs. */
export interface DryRun {
  readonly handle: FrameworkHandle;
  readonly state: CycleState;
  readonly pod: PodInfo;
  readonly budgets: DisruptionBudgets;
  readonly nowMs: number;
}

export const NO_VICTIMS = unresolvable("DefaultPreemption", "No preemption victims found for incoming pod");

/** @returns a status when taking away every Pod of lower priority does not help */
export function selectVictims(
  { handle, state, pod, budgets, nowMs }: DryRun,
  node: NodeInfo,
): Victims | Status {
  const removed = node.pods.filter(({ priority }) => priority < pod.priority);
  if (removed.length === 0) return NO_VICTIMS;
  const dryState = state.clone();
  const dryNode = node.clone(({ priority }) => priority >= pod.priority);
  for (const each of removed) handle.removePod(dryState, pod, each, dryNode);
  const status = handle.filterWithNominatedPods(dryState, pod, dryNode);
  if (status !== null) return status;

  const { violating, others } = splitByBudgets(byImportance(removed, nowMs), budgets);
  const cannotStay = (each: PodInfo): boolean => {
    dryNode.add(each);
    handle.addPod(dryState, pod, each, dryNode);
    if (handle.filterWithNominatedPods(dryState, pod, dryNode) === null) return false;
    dryNode.remove(each);
    handle.removePod(dryState, pod, each, dryNode);
    return true;
  };
  const breaking = violating.filter(cannotStay);
  const victims = [...breaking, ...others.filter(cannotStay)];
  const isMixed = violating.length > 0 && others.length > 0;
  return { pods: isMixed ? byImportance(victims, nowMs) : victims, violations: breaking.length };
}

/** Higher priority first, then the one that runs longer. */
export function byImportance(pods: readonly PodInfo[], nowMs: number): PodInfo[] {
  const start = ({ pod }: PodInfo) => startTimeMs(pod, nowMs);
  return pods.toSorted((a, b) => b.priority - a.priority || start(a) - start(b));
}

/** Dates read once: parsing them again for every dry run took a third of its time. */
const startTimes = new WeakMap<Pod, number>();

/** A Pod that has not started counts as starting now. */
export function startTimeMs(pod: Pod, nowMs: number): number {
  const text = pod.status?.startTime;
  if (text === undefined) return nowMs;
  let startMs = startTimes.get(pod);
  if (startMs === undefined) {
    startMs = Date.parse(text);
    startTimes.set(pod, startMs);
  }
  return startMs;
}
