// What came of one attempt to schedule a Pod.
import type { PodInfo } from "./cache/pod-info.js";

interface AttemptBase {
  readonly pod: PodInfo;
  /** Candidates that were looked at. */
  readonly evaluatedNodes: number;
  readonly feasibleNodes: number;
  /** From taking the Pod out of the queue to the decision, ms. */
  readonly cycleMs: number;
  /** How often the Pod has been tried, this time included. */
  readonly attempts: number;
}

export type Attempt =
  /** It has a node and is on its way there: what waits in Permit and PreBind, and the binding, may still fail. */
  | (AttemptBase & { readonly result: "scheduled"; readonly nodeName: string })
  | (AttemptBase & {
      readonly result: "unschedulable" | "error";
      readonly message: string;
      /** The node that preemption makes room on; null for none. */
      readonly nominatedNodeName: string | null;
    })
  /** The Pod was being deleted or had a node already. */
  | (AttemptBase & { readonly result: "skipped" });
