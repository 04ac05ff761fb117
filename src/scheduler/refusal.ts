// Why an attempt failed, as the queue and the user are told.
// Source: kube-scheduler schedule_one.go (handleSchedulingFailure), framework/types.go (Diagnosis).
import type { Diagnosis } from "./cycle/diagnosis.js";
import { countReasons, fitErrorMessage } from "./cycle/fit-error.js";
import type { PodCycle } from "./cycle/pod-cycle.js";
import { isRejected, type Status } from "./framework/status.js";

export interface Refusal {
  readonly result: "unschedulable" | "error";
  readonly message: string;
  readonly plugins: ReadonlySet<string>;
  readonly pendingPlugins: ReadonlySet<string>;
  /** From preemption: a node, "" to clear an earlier one, null to leave things as they are. */
  readonly nominatedNodeName: string | null;
}

const NOBODY: ReadonlySet<string> = new Set();

/** No node takes the Pod as things are. `messages`: what PostFilter plugins say, of interest when they do not help. */
export function misfit(
  { nodes }: PodCycle,
  { preFilterMessage, reasons, plugins, pendingPlugins }: Diagnosis,
  { nominatedNodeName, messages }: { nominatedNodeName: string | null; messages: readonly string[] },
): Refusal {
  const isPreempting = nominatedNodeName !== null && nominatedNodeName !== "";
  const postFilterMessage = isPreempting ? "" : messages.join(", ");
  const message = fitErrorMessage(nodes.length, reasons, { preFilterMessage, postFilterMessage });
  return { result: "unschedulable", message, plugins, pendingPlugins, nominatedNodeName };
}

export function refusalOf(status: Status): Refusal {
  const message = status.reasons.join(", ");
  const isRejection = isRejected(status);
  const plugins = isRejection && status.plugin !== "" ? new Set([status.plugin]) : NOBODY;
  return {
    result: isRejection ? "unschedulable" : "error",
    message,
    plugins,
    pendingPlugins: status.code === "Pending" ? plugins : NOBODY,
    // What broke may have been on the nominated node: the Pod looks everywhere again.
    nominatedNodeName: "",
  };
}

/**
 * A plugin has turned down the node that was chosen, at Reserve or Permit: to the user, one node of one does not fit.
 * A Pod that "" turned down was removed; no event brings it back.
 */
export function refusalOfNode(status: Status): Refusal {
  if (!isRejected(status)) return refusalOf(status);
  const reasons = countReasons([[status, 1]]);
  const message = fitErrorMessage(1, reasons, { preFilterMessage: "", postFilterMessage: "" });
  return { ...refusalOf(status), message, plugins: new Set([status.plugin]) };
}
