// When did that happen which changed a Service's endpoints? Put on what is written, so that proxies can tell how long it
// took until their rules knew. Of several changes the earliest counts.
// Source: endpointslice/util/trigger_time_tracker.go.
import type { KubeObject } from "../../../api/meta.js";
import type { Pod } from "../../client/object-types.js";
import { conditionOf } from "./conditions.js";
import { timeMs, timeText } from "./times.js";

export const LAST_CHANGE_TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";

interface Seen {
  readonly serviceMs: number;
  readonly podMs: ReadonlyMap<string, number>;
}

export class ChangeTriggers {
  readonly #seen = new Map<string, Seen>();

  /** @returns RFC 3339; null when nothing is known to have happened since it was asked last */
  triggerOf(key: string, service: KubeObject, pods: readonly Pod[]): string | null {
    const before = this.#seen.get(key);
    const podMs = new Map<string, number>();
    let firstMs = Number.POSITIVE_INFINITY;
    for (const pod of pods) {
      const ms = timeMs(conditionOf(pod.status?.conditions, "Ready")?.lastTransitionTime);
      if (ms === 0) continue;
      podMs.set(pod.metadata.name, ms);
      if (ms > (before?.podMs.get(pod.metadata.name) ?? 0)) firstMs = Math.min(firstMs, ms);
    }
    const serviceMs = timeMs(service.metadata.creationTimestamp);
    if (before === undefined || before.serviceMs !== serviceMs) firstMs = Math.min(firstMs, serviceMs);
    this.#seen.set(key, { serviceMs, podMs });
    return Number.isFinite(firstMs) && firstMs > 0 ? timeText(firstMs) : null;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
