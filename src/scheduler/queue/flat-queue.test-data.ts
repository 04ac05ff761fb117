// The scheduling queue, slow and obvious: one array of Pods, each with a word for where it is and its own list of
// events that it missed. Everything is found by looking at all of them, every second is flushed.
import type { PodInfo } from "../cache/pod-info.js";
import { matchesPod } from "../cache/pod-terms.js";
import { type ClusterEvent, type EventObjects, EVENTS, eventMatches } from "../framework/cluster-event.js";
import { type QueuedPod, newQueuedPod } from "../framework/queued-pod.js";
import type { QueueCounts, SchedulingQueueOptions } from "./scheduling-queue.js";

type Place = "active" | "backoff" | "parked" | "flying";
type Strategy = "skip" | "after-backoff" | "immediately";

interface Waiting extends QueuedPod {
  place: Place;
  missed: { event: ClusterEvent; objects: EventObjects }[];
}

const NOBODY: EventObjects = { before: null, after: null };

export class FlatQueue {
  readonly #options: SchedulingQueueOptions;
  #pods: Waiting[] = [];
  #flushedMs: number;
  #cycle = 0;
  #moveRequestCycle = -1;

  constructor(options: SchedulingQueueOptions, nowMs: number) {
    this.#options = options;
    this.#flushedMs = nowMs;
  }

  counts(): QueueCounts {
    const parked = this.#in("parked");
    return {
      active: this.#in("active").length,
      backoff: this.#in("backoff").length,
      unschedulable: parked.filter(({ gatingPlugin }) => gatingPlugin === "").length,
      gated: parked.filter(({ gatingPlugin }) => gatingPlugin !== "").length,
    };
  }

  add(pod: PodInfo, nowMs: number): void {
    const waiting: Waiting = { ...newQueuedPod(pod, nowMs), place: "parked", missed: [] };
    this.#pods.push(waiting);
    this.#toActive(waiting, nowMs);
  }

  delete(pod: PodInfo): void {
    this.#pods = this.#pods.filter((waiting) => waiting.pod.key !== pod.key || waiting.place === "flying");
  }

  pop(): QueuedPod | null {
    const turnedDown = this.#in("backoff").filter((waiting) => rejectors(waiting).length > 0);
    const active = this.#in("active").sort((a, b) => (this.#options.less(a, b) ? -1 : 1));
    const early = turnedDown.sort(
      (a, b) => this.#endMs(a) - this.#endMs(b) || (this.#options.less(a, b) ? -1 : 1),
    );
    const popped = active[0] ?? (this.#options.popFromBackoff ? early[0] : undefined);
    if (popped === undefined) return null;
    popped.place = "flying";
    popped.missed = [];
    popped.attempts++;
    popped.cycle = ++this.#cycle;
    popped.unschedulablePlugins = new Set();
    popped.pendingPlugins = new Set();
    return popped;
  }

  done(uid: string): void {
    this.#pods = this.#pods.filter((waiting) => waiting.pod.uid !== uid);
  }

  fail(uid: string, unschedulable: readonly string[], pending: readonly string[], nowMs: number): void {
    const waiting = this.#pods.find(({ pod }) => pod.uid === uid) as Waiting;
    for (const plugin of unschedulable)
      waiting.unschedulablePlugins = new Set([...waiting.unschedulablePlugins, plugin]);
    for (const plugin of pending) waiting.pendingPlugins = new Set([...waiting.pendingPlugins, plugin]);
    const isError = rejectors(waiting).length === 0;
    waiting.consecutiveErrors = isError ? waiting.consecutiveErrors + 1 : 0;
    if (!isError) waiting.unschedulableCount++;
    waiting.timestampMs = nowMs;
    const answers = waiting.missed.map(({ event, objects }) => this.#answer(waiting, event, objects));
    const strategy =
      isError || (!this.#options.hintsEnabled && this.#moveRequestCycle >= waiting.cycle)
        ? "after-backoff"
        : strongest(this.#options.hintsEnabled ? answers : []);
    this.#requeue(waiting, strategy, nowMs);
  }

  move(event: ClusterEvent, objects: EventObjects, nowMs: number): void {
    this.#moveThose(() => true, event, objects, nowMs);
  }

  assignedPodAdded(pod: PodInfo, nowMs: number): void {
    const isNear = ({ pod: waiting, unschedulablePlugins }: Waiting) =>
      (unschedulablePlugins.has("PodTopologySpread") && waiting.namespace === pod.namespace) ||
      waiting.terms.requiredAffinity.some((term) => matchesPod(term, pod.pod, () => ({})));
    this.#moveThose(isNear, EVENTS.AssignedPodAdd, { before: null, after: pod }, nowMs);
  }

  activate(pod: PodInfo, nowMs: number): void {
    const waiting = this.#pods.find(({ pod: { key } }) => key === pod.key);
    if (waiting?.place === "parked") this.#toActive(waiting, nowMs);
    else if (waiting?.place === "backoff") this.#leaveBackoff(waiting, nowMs);
    else {
      if (waiting?.place === "flying")
        for (const { missed } of this.#in("flying"))
          missed.push({ event: EVENTS.ForceActivate, objects: { before: null, after: pod } });
      this.#moveRequestCycle = this.#cycle;
    }
  }

  flush(nowMs: number): void {
    for (let ms = Math.floor(this.#flushedMs / 1000 + 1) * 1000; ms <= nowMs; ms += 1000) {
      for (const waiting of this.#in("backoff")) {
        if (!this.#isBackingOff(waiting, ms)) this.#leaveBackoff(waiting, ms);
      }
      if (ms % 30_000 === 0) this.#sweep(ms);
    }
    this.#flushedMs = nowMs;
  }

  #sweep(nowMs: number): void {
    const overdue = this.#in("parked").filter(
      ({ timestampMs, gatingPlugin }) =>
        gatingPlugin === "" && nowMs - timestampMs > this.#options.maxInUnschedulableMs,
    );
    if (overdue.length > 0)
      this.#moveThose((waiting) => overdue.includes(waiting), EVENTS.UnschedulableTimeout, NOBODY, nowMs);
  }

  #moveThose(
    isMeant: (waiting: Waiting) => boolean,
    event: ClusterEvent,
    objects: EventObjects,
    nowMs: number,
  ): void {
    const plugins = [...this.#options.registrations.keys()];
    if (event.resource !== "*" && !plugins.some((plugin) => this.#hears(plugin, event))) return;
    for (const waiting of this.#in("parked").filter(isMeant)) {
      const { gatingPlugin } = waiting;
      if (gatingPlugin !== "" && (event.resource === "*" || !this.#hears(gatingPlugin, event))) continue;
      const strategy = this.#answer(waiting, event, objects);
      if (strategy !== "skip") this.#requeue(waiting, strategy, nowMs);
    }
    this.#moveRequestCycle = this.#cycle;
    for (const { missed } of this.#in("flying")) missed.push({ event, objects });
  }

  #answer(waiting: Waiting, event: ClusterEvent, objects: EventObjects): Strategy {
    if (event.resource === "*") {
      const meant = objects.after as PodInfo | null;
      return meant === null || meant.uid === waiting.pod.uid ? "after-backoff" : "skip";
    }
    return strongest(
      rejectors(waiting)
        .filter((plugin) => this.#says(plugin, waiting, event, objects))
        .map((plugin) => (waiting.pendingPlugins.has(plugin) ? "immediately" : "after-backoff")),
    );
  }

  #says(plugin: string, { pod }: Waiting, event: ClusterEvent, objects: EventObjects): boolean {
    const rows = this.#options.registrations.get(plugin) ?? [];
    return rows.some(({ hint, ...row }) => {
      if (!eventMatches(event, row)) return false;
      if (hint === undefined || !this.#options.hintsEnabled) return true;
      try {
        return hint(pod, objects) === "Queue";
      } catch {
        return true;
      }
    });
  }

  #hears(plugin: string, event: ClusterEvent): boolean {
    return (this.#options.registrations.get(plugin) ?? []).some((row) => eventMatches(event, row));
  }

  #requeue(waiting: Waiting, strategy: Strategy, nowMs: number): void {
    if (strategy === "skip") waiting.place = "parked";
    else if (strategy === "immediately" || !this.#isBackingOff(waiting, nowMs))
      this.#toActive(waiting, nowMs);
    else if (this.#options.popFromBackoff && this.#isGated(waiting)) waiting.place = "parked";
    else waiting.place = "backoff";
  }

  #leaveBackoff(waiting: Waiting, nowMs: number): void {
    // Asked on the way in, if Pods may be popped early.
    if (this.#options.popFromBackoff) waiting.place = "active";
    else this.#toActive(waiting, nowMs);
  }

  #toActive(waiting: Waiting, nowMs: number): void {
    waiting.place = this.#isGated(waiting) ? "parked" : "active";
    if (waiting.place === "active") waiting.initialAttemptMs ??= nowMs;
  }

  #isGated(waiting: Waiting): boolean {
    const keeper = this.#options.preEnqueue.find(({ preEnqueue }) => preEnqueue(waiting.pod) !== null);
    waiting.gatingPlugin = keeper?.name ?? "";
    if (keeper !== undefined)
      waiting.unschedulablePlugins = new Set([...waiting.unschedulablePlugins, keeper.name]);
    return keeper !== undefined;
  }

  #isBackingOff(waiting: Waiting, nowMs: number): boolean {
    return this.#endMs(waiting) >= this.#window(nowMs);
  }

  #endMs({ timestampMs, unschedulableCount, consecutiveErrors }: Waiting): number {
    const count = consecutiveErrors > 0 ? consecutiveErrors : unschedulableCount;
    if (count === 0) return Number.NEGATIVE_INFINITY;
    let waitMs = this.#options.initialBackoffMs;
    for (let failure = 1; failure < count; failure++) waitMs *= 2;
    return this.#window(timestampMs + Math.min(waitMs, this.#options.maxBackoffMs));
  }

  #window(ms: number): number {
    return this.#options.popFromBackoff ? ms - (ms % 1000) : ms;
  }

  #in(place: Place): Waiting[] {
    return this.#pods.filter((waiting) => waiting.place === place);
  }
}

function rejectors({ unschedulablePlugins, pendingPlugins }: Waiting): string[] {
  return [...new Set([...unschedulablePlugins, ...pendingPlugins])];
}

function strongest(strategies: readonly Strategy[]): Strategy {
  if (strategies.includes("immediately")) return "immediately";
  return strategies.includes("after-backoff") ? "after-backoff" : "skip";
}
