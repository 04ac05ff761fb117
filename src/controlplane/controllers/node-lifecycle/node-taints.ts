// Taints that follow from what a node says of itself.
// Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go (doNoScheduleTaintingPass, processTaintBaseEviction).
import type { Node } from "../../client/object-types.js";
import { conditionOf } from "../harness/conditions.js";

export interface Taint {
  readonly key: string;
  readonly effect: string;
  readonly value?: string;
  readonly timeAdded?: string;
}

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";

/** Condition and its status -> taint. */
const CONDITION_TAINTS: readonly (readonly [type: string, status: string, key: string])[] = [
  ["Ready", "False", NOT_READY],
  ["Ready", "Unknown", UNREACHABLE],
  ["MemoryPressure", "True", "node.kubernetes.io/memory-pressure"],
  ["DiskPressure", "True", "node.kubernetes.io/disk-pressure"],
  ["NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"],
  ["PIDPressure", "True", "node.kubernetes.io/pid-pressure"],
];
const OWN_KEYS: readonly string[] = [UNSCHEDULABLE, ...CONDITION_TAINTS.map(([, , key]) => key)];

export function taintsOf({ spec }: Node): readonly Taint[] {
  return spec?.taints ?? [];
}

/** Keeps new Pods away. @returns all taints; null when they are right */
export function scheduleTaints(node: Node, now: string): readonly Taint[] | null {
  const wanted = CONDITION_TAINTS.filter(
    ([type, status]) => conditionOf(node.status?.conditions, type)?.status === status,
  ).map(([, , key]) => key);
  if (node.spec?.unschedulable === true) wanted.push(UNSCHEDULABLE);
  const isOwn = ({ key, effect }: Taint): boolean => effect === "NoSchedule" && OWN_KEYS.includes(key);
  const kept = taintsOf(node).filter((taint) => !isOwn(taint) || wanted.includes(taint.key));
  const missing = wanted.filter((key) => !kept.some((taint) => isOwn(taint) && taint.key === key));
  if (missing.length === 0 && kept.length === taintsOf(node).length) return null;
  return [...kept, ...missing.map((key) => ({ key, effect: "NoSchedule", timeAdded: now }))];
}

/** The taint that drives Pods away, by the Ready condition; null: none. */
export function evictionTaintOf(node: Node): string | null {
  const status = conditionOf(node.status?.conditions, "Ready")?.status;
  if (status === "False") return NOT_READY;
  return status === "Unknown" ? UNREACHABLE : null;
}

export function hasEvictionTaint(node: Node, key: string): boolean {
  return taintsOf(node).some((taint) => taint.key === key && taint.effect === "NoExecute");
}

/** With this one of the two that drive Pods away, or (null) neither. @returns null when that is so */
export function withEvictionTaint(node: Node, key: string | null, now: string): readonly Taint[] | null {
  const isOther = (taint: Taint): boolean =>
    taint.effect === "NoExecute" &&
    (taint.key === NOT_READY || taint.key === UNREACHABLE) &&
    taint.key !== key;
  const kept = taintsOf(node).filter((taint) => !isOther(taint));
  const isMissing = key !== null && !hasEvictionTaint(node, key);
  if (!isMissing && kept.length === taintsOf(node).length) return null;
  return isMissing ? [...kept, { key, effect: "NoExecute", timeAdded: now }] : kept;
}

/** Stable and beta name of the same label: the stable one says what is true. */
const LABEL_TWINS: readonly (readonly [string, string])[] = [
  ["kubernetes.io/os", "beta.kubernetes.io/os"],
  ["kubernetes.io/arch", "beta.kubernetes.io/arch"],
];

/** @returns labels to set; null: none */
export function missingLabels({ metadata }: Node): Readonly<Record<string, string>> | null {
  const { labels = {} } = metadata;
  const missing: Record<string, string> = {};
  for (const [stable, beta] of LABEL_TWINS) {
    const value = labels[stable];
    if (value !== undefined && labels[beta] !== value) missing[beta] = value;
  }
  return Object.keys(missing).length === 0 ? null : missing;
}
