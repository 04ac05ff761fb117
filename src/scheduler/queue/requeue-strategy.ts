// What an event means for a Pod that plugins turned down: nothing, another try once its backoff is over, or at once.
// Only plugins that turned the Pod down and asked for the event are heard. Those that said "pending" know that their
// reason is gone, so their word counts at once; others only hope, so the Pod waits its backoff.
// Source: kube-scheduler backend/queue/scheduling_queue.go (isPodWorthRequeuing).
import type { PodInfo } from "../cache/pod-info.js";
import type { EventObjects, ClusterEvent, QueueingHintFn } from "../framework/cluster-event.js";
import { type QueuedPod, isTurnedDown, isTurnedDownBy } from "../framework/queued-pod.js";
import { type EventInterests, isWildcard } from "./event-interests.js";
import type { InFlightEvent } from "./in-flight.js";

export type RequeueStrategy = "skip" | "after-backoff" | "immediately";

/** As the label "hint" in metrics. */
export type HintResult = "Queue" | "QueueSkip" | "Error";

/** Told of every hint that is asked, and how long it took. */
export type OnHint = (plugin: string, eventLabel: string, result: HintResult, seconds: number) => void;

export class RequeueDecision {
  readonly #interests: EventInterests;
  readonly #onHint: OnHint;
  readonly #stopwatch: () => number;

  /** @param stopwatch ms; for measuring only */
  constructor(interests: EventInterests, onHint: OnHint, stopwatch: () => number) {
    this.#interests = interests;
    this.#onHint = onHint;
    this.#stopwatch = stopwatch;
  }

  onEvent(queued: QueuedPod, event: ClusterEvent, objects: EventObjects): RequeueStrategy {
    if (!isTurnedDown(queued)) return "after-backoff";
    if (isWildcard(event)) return isMeant(queued, objects) ? "after-backoff" : "skip";
    let strategy: RequeueStrategy = "skip";
    for (const { plugin, hints } of this.#interests.of(event)) {
      if (!isTurnedDownBy(queued, plugin)) continue;
      if (!hints.some((hint) => this.#isQueue({ plugin, hint }, queued.pod, event, objects))) continue;
      if (queued.pendingPlugins.has(plugin)) return "immediately";
      strategy = "after-backoff";
      if (queued.pendingPlugins.size === 0) break;
    }
    return strategy;
  }

  /** The strongest answer to any of the events. */
  onEvents(queued: QueuedPod, happened: Iterable<InFlightEvent>): RequeueStrategy {
    let strategy: RequeueStrategy = "skip";
    for (const { event, objects } of happened) {
      const answer = this.onEvent(queued, event, objects);
      if (answer === "skip") continue;
      strategy = answer;
      if (answer === "immediately" || queued.pendingPlugins.size === 0) break;
    }
    return strategy;
  }

  /** A hint that fails counts as Queue: a needless try costs less than a Pod that is forgotten. */
  #isQueue(
    { plugin, hint }: { plugin: string; hint: QueueingHintFn | null },
    pod: PodInfo,
    event: ClusterEvent,
    objects: EventObjects,
  ): boolean {
    let result: HintResult = "Queue";
    const begunMs = this.#stopwatch();
    try {
      if (hint !== null && hint(pod, objects) === "Skip") result = "QueueSkip";
    } catch {
      result = "Error";
    }
    this.#onHint(plugin, event.label, result, (this.#stopwatch() - begunMs) / 1000);
    return result !== "QueueSkip";
  }
}

/** A wildcard event that carries a Pod is for this Pod only. */
function isMeant(queued: QueuedPod, { after }: EventObjects): boolean {
  return after === null || (after as PodInfo).uid === queued.pod.uid;
}
