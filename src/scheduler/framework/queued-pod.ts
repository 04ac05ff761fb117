// A Pod that waits to be scheduled, with its history. Times are wall-clock milliseconds.
// Source: kube-scheduler framework/types.go (QueuedPodInfo).
import type { PodInfo } from "../cache/pod-info.js";

export interface QueuedPod {
  pod: PodInfo;
  /** When it was last put into a queue. */
  timestampMs: number;
  /** How often it was popped. */
  attempts: number;
  /** When it first entered the active queue; gated time is left out. null before. */
  initialAttemptMs: number | null;
  /** How often plugins turned it down. */
  unschedulableCount: number;
  /** How often in a row something broke. */
  consecutiveErrors: number;
  /** Plugins that turned it down in its last attempt. */
  unschedulablePlugins: ReadonlySet<string>;
  /** Of these, the ones that wait for something outside. */
  pendingPlugins: ReadonlySet<string>;
  /** The PreEnqueue plugin that keeps it out; "" for none. */
  gatingPlugin: string;
  /** When its backoff ends; null when it must be worked out anew. */
  backoffExpirationMs: number | null;
  /** Whether it was last let go because it had waited too long, not because of an event. */
  wasFlushed: boolean;
  /** Scheduling cycle in which it was popped. */
  cycle: number;
}

/** Shared by the many Pods that nobody turned down. */
export const NO_PLUGINS: ReadonlySet<string> = new Set();

export function newQueuedPod(pod: PodInfo, nowMs: number): QueuedPod {
  return {
    pod,
    timestampMs: nowMs,
    attempts: 0,
    initialAttemptMs: null,
    unschedulableCount: 0,
    consecutiveErrors: 0,
    unschedulablePlugins: NO_PLUGINS,
    pendingPlugins: NO_PLUGINS,
    gatingPlugin: "",
    backoffExpirationMs: null,
    wasFlushed: false,
    cycle: 0,
  };
}

/** Whether plugins turned it down, as against something having broken. */
export function isTurnedDown({ unschedulablePlugins, pendingPlugins }: QueuedPod): boolean {
  return unschedulablePlugins.size > 0 || pendingPlugins.size > 0;
}

export function isTurnedDownBy({ unschedulablePlugins, pendingPlugins }: QueuedPod, plugin: string): boolean {
  return unschedulablePlugins.has(plugin) || pendingPlugins.has(plugin);
}
