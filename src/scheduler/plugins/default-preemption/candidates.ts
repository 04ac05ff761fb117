// Looks for nodes where preemption helps, from a random node on, and stops when there are enough to choose from: dry
// runs are dear, and a good choice among some hundred is nearly as good as the best.
// Cost: one dry run per node looked at.
// Source: kube-scheduler framework/preemption/preemption.go (DryRunPreemption), plugins/defaultpreemption.
import type { DefaultPreemptionArgs } from "../../config/configuration.js";
import { failure, type Status } from "../../framework/status.js";
import type { Victims } from "./victims.js";

export interface Candidate extends Victims {
  readonly nodeName: string;
}

export interface CandidateSearch {
  /** Those that break no disruption budget come first. */
  readonly candidates: readonly Candidate[];
  /** Nodes that were looked at in vain. */
  readonly statuses: ReadonlyMap<string, Status>;
}

/** How many candidates are enough for `nodeCount` nodes. */
export function candidatesWanted(nodeCount: number, args: DefaultPreemptionArgs): number {
  const share = Math.trunc((nodeCount * args.minCandidateNodesPercentage) / 100);
  return Math.min(nodeCount, Math.max(share, args.minCandidateNodesAbsolute));
}

export function findCandidates(
  nodeNames: readonly string[],
  range: { readonly offset: number; readonly wanted: number },
  dryRun: (nodeName: string) => Victims | Status,
): CandidateSearch {
  const harmless: Candidate[] = [];
  const violating: Candidate[] = [];
  const statuses = new Map<string, Status>();
  for (let step = 0; step < nodeNames.length; step++) {
    const nodeName = nodeNames[(range.offset + step) % nodeNames.length] as string;
    const result = dryRun(nodeName);
    if ("code" in result) {
      statuses.set(nodeName, result);
    } else if (result.pods.length === 0) {
      statuses.set(nodeName, failure("DefaultPreemption", noVictimMessage(nodeName)));
    } else {
      const group = result.violations === 0 ? harmless : violating;
      if (group.length < range.wanted) group.push({ nodeName, ...result });
      if (harmless.length > 0 && harmless.length + violating.length >= range.wanted) break;
    }
  }
  return { candidates: [...harmless, ...violating], statuses };
}

/** The Pod fits now, though it did not a moment ago; or so an extender says. */
export function noVictimMessage(nodeName: string): string {
  return `expected at least one victim pod on node "${nodeName}"`;
}
