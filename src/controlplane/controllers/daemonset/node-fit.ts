// Whether a node is one for a DaemonSet's Pod, and whether a Pod that is there may stay.
// Source: pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod), pkg/controller/daemon/util.
import { type NodeDemands, requiredNodeAffinityMatches } from "../../../api/node-selector.js";
import type { Taint, Toleration } from "../../../api/scheduling.js";
import type { DaemonSet, Node, PodTemplateSpec } from "../../client/object-types.js";

type Effect = Taint["effect"];

/** What every Pod of a DaemonSet tolerates: it is there to serve nodes that are not well, too. */
const TOLERATIONS: readonly Toleration[] = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" },
];
const HOST_NETWORK_TOLERATION: Toleration = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
};

export function daemonTolerations(template: PodTemplateSpec): readonly Toleration[] {
  const own = (template.spec?.tolerations ?? []) as readonly Toleration[];
  const added = template.spec?.hostNetwork === true ? [...TOLERATIONS, HOST_NETWORK_TOLERATION] : TOLERATIONS;
  const isNew = (toleration: Toleration): boolean =>
    !own.some((each) => each.key === toleration.key && each.effect === toleration.effect);
  return [...own, ...added.filter(isNew)];
}

export interface NodeFit {
  readonly shouldRun: boolean;
  /** A Pod that is there already is let be. */
  readonly mayStay: boolean;
}

export function fitOf(set: DaemonSet, node: Node): NodeFit {
  const template = set.spec?.template ?? {};
  const { nodeName } = template.spec ?? {};
  const isMeant = nodeName === undefined || nodeName === "" || nodeName === node.metadata.name;
  if (!isMeant || !requiredNodeAffinityMatches(template.spec as NodeDemands | undefined, node))
    return { shouldRun: false, mayStay: false };
  const tolerations = daemonTolerations(template);
  const taints = taintsOf(node);
  const isFree = (effects: readonly Effect[]): boolean =>
    taints.every(
      (taint) => !effects.includes(taint.effect) || tolerations.some((each) => tolerates(each, taint)),
    );
  return { shouldRun: isFree(["NoExecute", "NoSchedule"]), mayStay: isFree(["NoExecute"]) };
}

function taintsOf(node: Node): readonly Taint[] {
  const taints = (node.spec?.taints ?? []) as readonly Taint[];
  if (node.spec?.unschedulable !== true) return taints;
  return [...taints, { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }];
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key = "", operator = "Equal", value = "", effect = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  return operator === "Exists" || (key !== "" && value === (taint.value ?? ""));
}
