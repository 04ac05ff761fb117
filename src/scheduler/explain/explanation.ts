// One scheduling decision in full: what every node was told, what every plugin gave it, and what followed. Plain data,
// in the shape that the peer program in bench/peers/kube-scheduler prints, so that the two can be compared field by field.
import type { Code, Status } from "../framework/status.js";

export interface Verdict {
  readonly code: Code | "Success";
  /** "" for a node that no Filter saw, because PreFilter named others. */
  readonly plugin: string;
  readonly reasons: readonly string[];
}

export interface NodeExplanation extends Verdict {
  readonly name: string;
  /** Plugin -> normalised score, 0..100, before weights; null for a node that was turned down. */
  readonly scores: Readonly<Record<string, number>> | null;
  /** Weighted sum of the scores. */
  readonly total: number | null;
}

export interface PreemptionExplanation {
  /** Success: `victims` on `node` make room. */
  readonly code: Code | "Success";
  readonly node: string | null;
  /** "namespace/name", sorted. */
  readonly victims: readonly string[];
  /** Nodes where as little harm is done, by name; `node` is the first of them. */
  readonly tied: readonly string[];
  /** Why preempting is of no use; "" with Success. */
  readonly message: string;
}

export interface Explanation {
  /** "namespace/name". */
  readonly pod: string;
  /** Why the Pod fits nowhere, whatever the node; `nodes` is then empty. */
  readonly preFilter: Verdict | null;
  /** Plugins whose Filter has nothing to say about this Pod, sorted. */
  readonly preFilterSkip: readonly string[];
  /** Every node in the order of the snapshot. */
  readonly nodes: readonly NodeExplanation[];
  /** The same for Score. */
  readonly preScoreSkip: readonly string[];
  /** The best node; of equals the first by name. */
  readonly chosen: string | null;
  /** null when a node fits, or nothing preempts. */
  readonly preemption: PreemptionExplanation | null;
  /** The text of the FailedScheduling event. */
  readonly message: string | null;
  /** What broke in a plugin. */
  readonly error: string | null;
}

export function verdictOf(status: Status | null): Verdict {
  if (status === null) return { code: "Success", plugin: "", reasons: [] };
  const { code, plugin, reasons } = status;
  return { code, plugin, reasons };
}
