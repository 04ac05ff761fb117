// Why a Pod fits nowhere, in the words that users see in kubectl describe pod:
//   0/5000 nodes are available: 12 Insufficient cpu, 4988 node(s) had untolerated taint(s). preemption: ...
// Source: kube-scheduler framework/types.go (FitError).
import type { Status } from "../framework/status.js";

/** How many nodes gave each reason. */
export type ReasonCounts = ReadonlyMap<string, number>;

export const NO_NODES = "no nodes available to schedule pods";

/** A node with two reasons counts for both. */
export function countReasons(statuses: Iterable<readonly [Status, number]>): ReasonCounts {
  const counts = new Map<string, number>();
  for (const [{ reasons }, nodes] of statuses)
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + nodes);
  return counts;
}

/**
 * @param preFilterMessage why no node was even looked at; "" when they were
 * @param postFilterMessage what preemption says; "" for nothing
 */
export function fitErrorMessage(
  nodes: number,
  reasons: ReasonCounts,
  { preFilterMessage, postFilterMessage }: { preFilterMessage: string; postFilterMessage: string },
): string {
  let message = `0/${nodes} nodes are available:`;
  if (preFilterMessage !== "") message += ` ${preFilterMessage}.`;
  else if (reasons.size > 0) {
    // Sorted as text, the count included: "10 x" comes before "2 y".
    const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
    message += ` ${parts.join(", ")}.`;
  }
  return postFilterMessage === "" ? message : `${message} ${postFilterMessage}`;
}
