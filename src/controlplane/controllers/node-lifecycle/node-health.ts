// When was a node last heard of, and what is to be said of one that is silent?
// Times are those of the controller's own clock: a node's clock may be wrong. What counts is that a heartbeat or a lease
// has changed since the last look.
// Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go (tryUpdateNodeHealth).
import type { Lease, Node } from "../../client/object-types.js";
import { type Condition, conditionOf } from "../harness/conditions.js";

export interface Heartbeats {
  /** Last change of the Ready condition's heartbeat or of the lease, ms. */
  readonly heardMs: number;
  readonly heartbeat: string | null;
  readonly renewTime: string | null;
}

export interface NodeCondition extends Condition {
  readonly lastHeartbeatTime?: string;
}

/** A node that never said anything is judged from its creation on. */
export function heard(
  before: Heartbeats | undefined,
  node: Node,
  lease: Lease | undefined,
  nowMs: number,
): Heartbeats {
  const ready = conditionOf<NodeCondition>(node.status?.conditions as readonly NodeCondition[], "Ready");
  const heartbeat = ready === undefined ? null : (ready.lastHeartbeatTime ?? "");
  const renewTime = leaseTime(lease);
  if (before === undefined) {
    const createdMs = Date.parse(node.metadata.creationTimestamp ?? "");
    const heardMs = ready === undefined && renewTime === null && !Number.isNaN(createdMs) ? createdMs : nowMs;
    return { heardMs, heartbeat, renewTime };
  }
  const isNews = heartbeat !== before.heartbeat || (renewTime !== null && renewTime !== before.renewTime);
  return isNews ? { heardMs: nowMs, heartbeat, renewTime } : before;
}

function leaseTime(lease: Lease | undefined): string | null {
  return lease?.spec?.renewTime ?? null;
}

export interface GracePeriods {
  /** Silence that is forgiven, ms: 40 s at first, 50 s since v1.32. */
  readonly monitorMs: number;
  /** The same for nodes that never said anything. */
  readonly startupMs: number;
}

const JUDGED_CONDITIONS = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** @returns the conditions of a node that has been silent for too long; null when nothing is to be changed */
export function silentConditions(
  node: Node,
  heardMs: number,
  nowMs: number,
  grace: GracePeriods,
): readonly NodeCondition[] | null {
  const conditions = (node.status?.conditions ?? []) as readonly NodeCondition[];
  const ready = conditionOf(conditions, "Ready");
  if (nowMs <= heardMs + (ready === undefined ? grace.startupMs : grace.monitorMs)) return null;
  if (ready?.status === "Unknown") return null;
  const now = new Date(nowMs).toISOString().replace(/\.\d+Z$/, "Z");
  const judged = conditions.map((condition) =>
    JUDGED_CONDITIONS.includes(condition.type) && condition.status !== "Unknown"
      ? {
          ...condition,
          status: "Unknown",
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
          lastTransitionTime: now,
        }
      : condition,
  );
  const missing = JUDGED_CONDITIONS.filter((type) => conditionOf(conditions, type) === undefined);
  return [...judged, ...missing.map((type) => neverUpdated(type, node, now))];
}

function neverUpdated(type: string, { metadata }: Node, now: string): NodeCondition {
  return {
    type,
    status: "Unknown",
    reason: "NodeStatusNeverUpdated",
    message: "Kubelet never posted node status.",
    lastHeartbeatTime: metadata.creationTimestamp ?? now,
    lastTransitionTime: now,
  };
}
