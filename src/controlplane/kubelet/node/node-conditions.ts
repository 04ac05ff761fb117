// The conditions that a kubelet writes on its Node.
// Source: kubernetes pkg/kubelet/nodestatus/setters.go.
import type { NodeCondition } from "kubernetes-types/core/v1.js";

export type Pressure = "MemoryPressure" | "DiskPressure" | "PIDPressure";

interface Wording {
  readonly type: Pressure;
  readonly under: readonly [reason: string, message: string];
  readonly free: readonly [reason: string, message: string];
}

const PRESSURES: readonly Wording[] = [
  {
    type: "MemoryPressure",
    under: ["KubeletHasInsufficientMemory", "kubelet has insufficient memory available"],
    free: ["KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
  },
  {
    type: "DiskPressure",
    under: ["KubeletHasDiskPressure", "kubelet has disk pressure"],
    free: ["KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  },
  {
    type: "PIDPressure",
    under: ["KubeletHasInsufficientPID", "kubelet has insufficient PID available"],
    free: ["KubeletHasSufficientPID", "kubelet has sufficient PID available"],
  },
];

export interface NodeHealth {
  readonly pressures: ReadonlySet<Pressure>;
  /** Why the node cannot run Pods; null: it can. */
  readonly trouble: string | null;
}

/** @param before what was written last, for times of transition @param now RFC 3339 */
export function nodeConditions(
  health: NodeHealth,
  before: readonly NodeCondition[],
  now: string,
): readonly NodeCondition[] {
  const stamped = (type: string, isTrue: boolean, reason: string, message: string): NodeCondition => {
    const status = isTrue ? "True" : "False";
    const last = before.find((condition) => condition.type === type);
    const since = last?.status === status ? last.lastTransitionTime : undefined;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime: since ?? now, reason, message };
  };
  const { trouble } = health;
  return [
    ...PRESSURES.map(({ type, under, free }) => {
      const isUnder = health.pressures.has(type);
      return stamped(type, isUnder, ...(isUnder ? under : free));
    }),
    trouble === null
      ? stamped("Ready", true, "KubeletReady", "kubelet is posting ready status")
      : stamped("Ready", false, "KubeletNotReady", trouble),
  ];
}
