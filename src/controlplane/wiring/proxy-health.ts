// What a kube-proxy says of its health: /livez tells whether its rules are kept in step, /healthz also whether its node is
// still meant to get traffic. A load balancer asks the second, so that it drains a node before that goes.
// Source: kube-proxy pkg/proxy/healthcheck/proxy_health.go.
import type { Node } from "../client/object-types.js";

/** The cluster autoscaler taints a node with it before it deletes the node. */
const TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler";
/** Go's zero time: never. */
const NEVER = "0001-01-01T00:00:00Z";

export type HealthPath = "/healthz" | "/livez";

/** Of one proxier; wall ms. */
export interface SyncHealth {
  readonly nowMs: number;
  /** When the rules were last in step; null: not yet, it is starting. */
  readonly lastUpdatedMs: number | null;
  /** Since when the oldest change that is not in the rules has waited; null: none waits. */
  readonly oldestPendingMs: number | null;
  /** A change that has waited this long makes it unhealthy: two sync periods. */
  readonly timeoutMs: number;
}

export interface HealthAnswer {
  readonly code: 200 | 503;
  readonly body: object;
}

/** @param node as the API server has it; null: it is gone or not there yet */
export function healthAnswer(path: HealthPath, sync: SyncHealth, node: Node | null): HealthAnswer {
  const isInStep = isSyncHealthy(sync);
  const isEligible = isNodeEligible(node);
  const isWell = isInStep && (path === "/livez" || isEligible);
  const { nowMs, lastUpdatedMs } = sync;
  const lastUpdated = timeText(lastUpdatedMs);
  return {
    code: isWell ? 200 : 503,
    body: {
      // Who is well has always just looked: older releases synced all the time, and clients compare this with the clock.
      lastUpdated: isWell ? timeText(nowMs) : lastUpdated,
      currentTime: timeText(nowMs),
      ...(path === "/healthz" ? { nodeEligible: isEligible } : {}),
      healthy: isInStep,
      ...(lastUpdatedMs === null ? {} : { status: { IPv4: { lastUpdated, healthy: isInStep } } }),
    },
  };
}

function isSyncHealthy({ nowMs, lastUpdatedMs, oldestPendingMs, timeoutMs }: SyncHealth): boolean {
  return lastUpdatedMs === null || oldestPendingMs === null || nowMs - oldestPendingMs < timeoutMs;
}

function isNodeEligible(node: Node | null): boolean {
  if (node === null || node.metadata.deletionTimestamp !== undefined) return false;
  return !(node.spec?.taints ?? []).some(({ key }) => key === TO_BE_DELETED);
}

function timeText(ms: number | null): string {
  return ms === null ? NEVER : new Date(ms).toISOString();
}
