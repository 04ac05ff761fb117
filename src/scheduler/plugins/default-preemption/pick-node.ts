// Chooses among candidates: least harm first, each rule deciding only what the ones before it left equal.
//   1. fewest broken disruption budgets     4. fewest victims
//   2. lowest priority of the top victim    5. top victims that started last (of the earliest of each node)
//   3. lowest sum of priorities             6. the first
// Cost: O(victims of all candidates).
// Source: kube-scheduler framework/preemption/preemption.go (pickOneNodeForPreemption). Rule 6 is random there.
import { assert } from "../../../base/assert.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { Candidate } from "./candidates.js";
import { startTimeMs } from "./victims.js";

/** Makes every priority positive, so that more victims never sum to less. */
const PRIORITY_OFFSET = 2 ** 31;

/** @param candidates at least one, each with at least one victim, the most important first */
export function pickNode(candidates: readonly Candidate[], nowMs: number): Candidate {
  const [first] = leastHarmful(candidates, nowMs);
  assert(first !== undefined, "no candidate to pick from");
  return first;
}

/** Those between which only chance decides, in their order. */
export function leastHarmful(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const harms: readonly ((candidate: Candidate) => number)[] = [
    ({ violations }) => violations,
    ({ pods }) => (pods[0] as PodInfo).priority,
    ({ pods }) => pods.reduce((sum, { priority }) => sum + priority + PRIORITY_OFFSET, 0),
    ({ pods }) => pods.length,
    ({ pods }) => -earliestStartMs(pods, nowMs),
  ];
  let left = candidates;
  for (const harm of harms) {
    if (left.length === 1) break;
    left = least(left, harm);
  }
  return left;
}

function least(candidates: readonly Candidate[], harm: (candidate: Candidate) => number): Candidate[] {
  let lowest = Number.POSITIVE_INFINITY;
  let found: Candidate[] = [];
  for (const candidate of candidates) {
    const value = harm(candidate);
    if (value < lowest) {
      lowest = value;
      found = [];
    }
    if (value === lowest) found.push(candidate);
  }
  return found;
}

/** Of the victims with the highest priority. */
function earliestStartMs(victims: readonly PodInfo[], nowMs: number): number {
  const highest = Math.max(...victims.map(({ priority }) => priority));
  const top = victims.filter(({ priority }) => priority === highest);
  return Math.min(...top.map(({ pod }) => startTimeMs(pod, nowMs)));
}
