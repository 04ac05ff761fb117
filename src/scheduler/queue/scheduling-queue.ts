// All Pods without a node, in one of three places: active (to be tried now), backoff (tried and failed, to be tried
// again soon) and unschedulable (waiting for an event), or in flight with whoever popped them.
//
//            add, activate                    pop                  done
//   ───────────────────────────► active ───────────► in flight ───────────►
//      gated │       event, flush ▲   ▲ flush            │ fails
//            ▼                    │   │                  ▼
//         unschedulable ──────────┴─► backoff ◄── a plugin's hint on an event that came meanwhile
//                       ◄──────────────────────── no such event
//
// Time is handed in; nothing happens by itself: the owner calls flush when nextFlushMs says so.
// Cost: add, pop O(log n), done O(1); an event O(Pods of the plugins that asked for it).
// Source: kube-scheduler backend/queue/scheduling_queue.go.
import type { PodInfo } from "../cache/pod-info.js";
import { ACTION, type ClusterEvent, EVENTS, type EventObjects } from "../framework/cluster-event.js";
import type { PreEnqueuePlugin } from "../framework/plugin.js";
import { type QueuedPod, isTurnedDown, newQueuedPod, NO_PLUGINS } from "../framework/queued-pod.js";
import { Backoff } from "./backoff.js";
import { BackoffQueue } from "./backoff-queue.js";
import { concernedBy } from "./concerned-pods.js";
import { EventInterests, type EventRegistrations, isWildcard } from "./event-interests.js";
import { Heap } from "./heap.js";
import { InFlight } from "./in-flight.js";
import { Nominator } from "./nominator.js";
import { isRewritten, podUpdateEvents } from "./pod-update-events.js";
import { runPreEnqueue } from "./pre-enqueue.js";
import { type OnHint, RequeueDecision, type RequeueStrategy } from "./requeue-strategy.js";
import { UnschedulablePods } from "./unschedulable-pods.js";

/** As the label "queue" in metrics. */
export type QueueName = "active" | "backoff" | "unschedulable";

export interface SchedulingQueueOptions {
  /** The QueueSort plugin's order. */
  readonly less: (a: QueuedPod, b: QueuedPod) => boolean;
  readonly preEnqueue: readonly PreEnqueuePlugin[];
  readonly registrations: EventRegistrations;
  readonly initialBackoffMs: number;
  /** 0 switches backoff off. */
  readonly maxBackoffMs: number;
  /** Longest stay of a Pod that is turned down and not gated. */
  readonly maxInUnschedulableMs: number;
  /** Whether pop takes Pods from backoff when none is active. */
  readonly popFromBackoff: boolean;
  /** Without, every event that a plugin registered moves its Pods. */
  readonly hintsEnabled: boolean;
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>>;
  /** Told of every Pod that enters a queue, with the event that brought it there. */
  readonly onIncoming: (queue: QueueName, eventLabel: string) => void;
  readonly onHint: OnHint;
  /** ms; for measuring hints only. */
  readonly stopwatch: () => number;
}

/** Pods by where they wait. */
export interface QueueCounts {
  readonly active: number;
  readonly backoff: number;
  /** Without gated Pods. */
  readonly unschedulable: number;
  readonly gated: number;
}

const POP_FROM_BACKOFF_LABEL = "PopFromBackoffQ";

export class SchedulingQueue {
  readonly nominator = new Nominator();
  readonly #options: SchedulingQueueOptions;
  readonly #interests: EventInterests;
  readonly #decision: RequeueDecision;
  readonly #backoffTimes: Backoff;
  readonly #active: Heap<QueuedPod>;
  readonly #backoff: BackoffQueue;
  readonly #parked: UnschedulablePods;
  /** Empty without hints. */
  readonly #inFlight = new InFlight();
  #cycle = 0;
  /** The cycle in which an event last came; what stands in for #inFlight without hints. */
  #moveRequestCycle = -1;

  constructor(options: SchedulingQueueOptions) {
    const { less, registrations, popFromBackoff, initialBackoffMs: initialMs, maxBackoffMs: maxMs } = options;
    this.#options = options;
    this.#interests = new EventInterests(registrations, options);
    this.#decision = new RequeueDecision(this.#interests, options.onHint, options.stopwatch);
    this.#backoffTimes = new Backoff({ initialMs, maxMs, isWindowed: popFromBackoff });
    this.#active = new Heap(less);
    this.#backoff = new BackoffQueue(this.#backoffTimes, popFromBackoff ? less : null);
    this.#parked = new UnschedulablePods(options.maxInUnschedulableMs);
  }

  /** Counts pops. */
  get schedulingCycle(): number {
    return this.#cycle;
  }

  /** Events kept for Pods in flight. */
  get inFlightEvents(): number {
    return this.#inFlight.eventCount;
  }

  get inFlightPods(): number {
    return this.#inFlight.podCount;
  }

  counts(): QueueCounts {
    return {
      active: this.#active.size,
      backoff: this.#backoff.size,
      unschedulable: this.#parked.unschedulableCount,
      gated: this.#parked.gatedCount,
    };
  }

  /** All that wait, in no order. */
  *waiting(): IterableIterator<QueuedPod> {
    yield* this.#active.items();
    yield* this.#backoff.items();
    yield* this.#parked.items();
  }

  /** The waiting Pod with this key ("namespace/name"); undefined when it is in flight or unknown. */
  get(key: string): QueuedPod | undefined {
    return this.#active.get(key) ?? this.#backoff.get(key) ?? this.#parked.get(key);
  }

  /** A new Pod without a node; it must not be waiting already. */
  add(pod: PodInfo, nowMs: number): void {
    this.#toActive(newQueuedPod(pod, nowMs), EVENTS.UnscheduledPodAdd.label, nowMs);
  }

  /** An unscheduled Pod has changed. A Pod in flight keeps the events for when it fails. */
  update(before: PodInfo, after: PodInfo, nowMs: number): void {
    if (this.#inFlight.has(after.uid)) {
      for (const event of podUpdateEvents(before, after)) this.#inFlight.record(event, { before, after });
      return;
    }
    const { key } = after;
    const queued = this.get(key);
    if (queued === undefined) {
      this.#toActive(newQueuedPod(after, nowMs), EVENTS.UnscheduledPodUpdate.label, nowMs);
      return;
    }
    queued.pod = after;
    this.nominator.update(before, after);
    this.#active.update(key);
    this.#backoff.update(key);
    if (this.#parked.get(key) === queued) this.#reconsider(queued, { before, after }, nowMs);
  }

  /** The Pod is gone, or has got a node. One in flight is done by whoever popped it. */
  delete(pod: PodInfo): void {
    this.nominator.delete(pod.uid);
    this.#active.delete(pod.key) ?? this.#backoff.delete(pod.key) ?? this.#parked.delete(pod.key);
  }

  /** The Pod to try next; null when none is ready. It is in flight until done or addUnschedulableIfNotPresent. */
  pop(): QueuedPod | null {
    for (;;) {
      const queued = this.#active.pop() ?? this.#popEarly();
      if (queued === undefined) return null;
      // A Pod that is tried already is not tried twice.
      if (this.#options.hintsEnabled && !this.#inFlight.start(queued.pod.uid)) continue;
      queued.attempts++;
      queued.cycle = ++this.#cycle;
      // Clearing an empty set costs an allocation, and nearly all are empty.
      queued.unschedulablePlugins = NO_PLUGINS;
      queued.pendingPlugins = NO_PLUGINS;
      return queued;
    }
  }

  /**
   * Takes back a popped Pod that failed; its plugin sets say who turned it down, both empty that something broke.
   * The Pod is done, whatever comes of it.
   *
   * @returns where it waits now; null when a Pod of that name is waiting already
   */
  addUnschedulableIfNotPresent(queued: QueuedPod, nowMs: number): QueueName | null {
    let queue: QueueName | null = null;
    if (this.get(queued.pod.key) === undefined) {
      countFailure(queued, nowMs);
      const strategy = this.#strategyAfterAttempt(queued);
      queue = this.#requeue(queued, strategy, EVENTS.ScheduleAttemptFailure.label, nowMs);
    }
    this.done(queued.pod.uid);
    return queue;
  }

  /** The popped Pod is placed or gone. */
  done(uid: string): void {
    this.#inFlight.done(uid);
  }

  /** Something happened in the cluster. `preCheck` leaves out Pods that it cannot help. */
  moveAll(
    event: ClusterEvent,
    objects: EventObjects,
    nowMs: number,
    preCheck: ((pod: PodInfo) => boolean) | null = null,
  ): void {
    this.#move(event, objects, nowMs, preCheck === null ? null : (queued) => preCheck(queued.pod));
  }

  /** A Pod with a node has come: it can help only Pods that look for company, or count it. */
  assignedPodAdded(pod: PodInfo, nowMs: number): void {
    this.#move(
      EVENTS.AssignedPodAdd,
      { before: null, after: pod },
      nowMs,
      concernedBy(pod, this.#options.namespaceLabels),
    );
  }

  /**
   * One call per event of podUpdateEvents. Hints are asked of all: a label that goes may end what anti-affinity forbids.
   *
   * @see kube-scheduler eventhandlers.go (updatePodInCache)
   */
  assignedPodUpdated(before: PodInfo, after: PodInfo, event: ClusterEvent, nowMs: number): void {
    const freesRoom = (event.action & ACTION.UpdatePodScaleDown) !== 0;
    const reachesAll = freesRoom || this.#options.hintsEnabled;
    this.#move(
      event,
      { before, after },
      nowMs,
      reachesAll ? null : concernedBy(after, this.#options.namespaceLabels),
    );
  }

  /** Tries these Pods now, backoff or not; those in flight once they fail. Unknown Pods are ignored. */
  activate(pods: Iterable<PodInfo>, nowMs: number): void {
    const { label } = EVENTS.ForceActivate;
    for (const pod of pods) {
      const parked = this.#parked.delete(pod.key);
      const backingOff = this.#backoff.delete(pod.key);
      if (parked !== undefined) this.#toActive(parked, label, nowMs);
      else if (backingOff !== undefined) this.#fromBackoffToActive(backingOff, label, nowMs);
      else {
        if (this.#inFlight.has(pod.uid))
          this.#inFlight.record(EVENTS.ForceActivate, { before: null, after: pod });
        this.#moveRequestCycle = this.#cycle;
      }
    }
  }

  /** Lets go Pods whose backoff is over and Pods that have waited too long. */
  flush(nowMs: number): void {
    for (let queued = this.#backoff.popCompleted(nowMs); queued; queued = this.#backoff.popCompleted(nowMs))
      this.#fromBackoffToActive(queued, EVENTS.BackoffComplete.label, nowMs);
    const { label } = EVENTS.UnschedulableTimeout;
    let hasMoved = false;
    for (let queued = this.#parked.overdue(nowMs); queued; queued = this.#parked.overdue(nowMs)) {
      this.#parked.delete(queued.pod.key);
      queued.wasFlushed = true;
      this.#requeue(queued, "after-backoff", label, nowMs);
      hasMoved = true;
    }
    if (hasMoved) this.#remember(EVENTS.UnschedulableTimeout, { before: null, after: null });
  }

  /** When flush must next be called; null when nothing waits for the clock. O(1). */
  nextFlushMs(nowMs: number): number | null {
    const dueMs = Math.min(this.#backoff.nextFlushMs, this.#parked.nextSweepMs);
    return dueMs === Number.POSITIVE_INFINITY ? null : Math.max(dueMs, nowMs);
  }

  #popEarly(): QueuedPod | undefined {
    const queued = this.#options.popFromBackoff ? this.#backoff.popEarly() : undefined;
    if (queued !== undefined) this.#options.onIncoming("active", POP_FROM_BACKOFF_LABEL);
    return queued;
  }

  #strategyAfterAttempt(queued: QueuedPod): RequeueStrategy {
    // What broke may be whole again at any time: no event will tell.
    if (!isTurnedDown(queued)) return "after-backoff";
    const { uid } = queued.pod;
    if (!this.#options.hintsEnabled) return this.#moveRequestCycle >= queued.cycle ? "after-backoff" : "skip";
    return this.#inFlight.has(uid)
      ? this.#decision.onEvents(queued, this.#inFlight.eventsSince(uid))
      : "after-backoff";
  }

  /** A parked Pod has itself changed. */
  #reconsider(queued: QueuedPod, objects: { before: PodInfo; after: PodInfo }, nowMs: number): void {
    const { before, after } = objects;
    if (!this.#options.hintsEnabled) {
      if (!isRewritten(before, after)) return;
      this.#parked.delete(after.key);
      this.#requeue(queued, "after-backoff", EVENTS.UnscheduledPodUpdate.label, nowMs);
      return;
    }
    for (const event of podUpdateEvents(before, after)) {
      const strategy = this.#decision.onEvent(queued, event, objects);
      if (strategy === "skip") continue;
      this.#parked.delete(after.key);
      if (this.#requeue(queued, strategy, event.label, nowMs) !== "unschedulable") return;
    }
  }

  #move(
    event: ClusterEvent,
    objects: EventObjects,
    nowMs: number,
    isCandidate: ((queued: QueuedPod) => boolean) | null,
  ): void {
    const interests = isWildcard(event) ? null : this.#interests.of(event);
    if (interests?.length === 0) return;
    const waiting = interests === null ? this.#parked.turnedDown() : this.#parked.waitingFor(interests);
    // All are asked before any is moved: a Pod that comes back gated must not be met again.
    const moves: { queued: QueuedPod; strategy: RequeueStrategy }[] = [];
    for (const queued of waiting) {
      if (isCandidate !== null && !isCandidate(queued)) continue;
      const strategy = this.#decision.onEvent(queued, event, objects);
      if (strategy !== "skip") moves.push({ queued, strategy });
    }
    for (const { queued, strategy } of moves) {
      this.#parked.delete(queued.pod.key);
      this.#requeue(queued, strategy, event.label, nowMs);
    }
    this.#remember(event, objects);
  }

  /** For Pods that are in flight now. */
  #remember(event: ClusterEvent, objects: EventObjects): void {
    this.#moveRequestCycle = this.#cycle;
    this.#inFlight.record(event, objects);
  }

  /** The Pod must be in no queue; so for all below. */
  #requeue(queued: QueuedPod, strategy: RequeueStrategy, label: string, nowMs: number): QueueName {
    if (strategy === "skip") return this.#park(queued, label);
    if (strategy === "after-backoff" && this.#backoffTimes.isBackingOff(queued, nowMs))
      return this.#toBackoff(queued, label);
    return this.#toActive(queued, label, nowMs);
  }

  #toActive(queued: QueuedPod, label: string, nowMs: number): QueueName {
    runPreEnqueue(this.#options.preEnqueue, queued);
    return queued.gatingPlugin === "" ? this.#enter(queued, label, nowMs) : this.#park(queued, label);
  }

  /** Pods that may be popped from backoff have passed PreEnqueue on their way into it. */
  #fromBackoffToActive(queued: QueuedPod, label: string, nowMs: number): void {
    if (this.#options.popFromBackoff) this.#enter(queued, label, nowMs);
    else this.#toActive(queued, label, nowMs);
  }

  #enter(queued: QueuedPod, label: string, nowMs: number): QueueName {
    queued.initialAttemptMs ??= nowMs;
    this.#active.add(queued.pod.key, queued);
    if (label === EVENTS.UnscheduledPodAdd.label || label === EVENTS.UnscheduledPodUpdate.label)
      this.nominator.add(queued.pod, { mode: "keep" });
    return this.#incoming("active", label);
  }

  #toBackoff(queued: QueuedPod, label: string): QueueName {
    if (this.#options.popFromBackoff) {
      runPreEnqueue(this.#options.preEnqueue, queued);
      if (queued.gatingPlugin !== "") return this.#park(queued, label);
    }
    this.#backoff.add(queued);
    return this.#incoming("backoff", label);
  }

  #park(queued: QueuedPod, label: string): QueueName {
    this.#parked.add(queued);
    return this.#incoming("unschedulable", label);
  }

  #incoming(queue: QueueName, label: string): QueueName {
    this.#options.onIncoming(queue, label);
    return queue;
  }
}

function countFailure(queued: QueuedPod, nowMs: number): void {
  if (isTurnedDown(queued)) {
    queued.unschedulableCount++;
    queued.consecutiveErrors = 0;
  } else queued.consecutiveErrors++;
  queued.timestampMs = nowMs;
  queued.backoffExpirationMs = null;
  queued.wasFlushed = false;
}
