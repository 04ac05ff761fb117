// The scheduler: takes in what happens in the cluster, and time; gives out what is to be done. It knows no client, no
// socket and no clock, so that the same code runs in process and behind an API server.
//
//   events ──► cache, queue          attempt(now) ──► decision ──► actions (bind, status, delete, event)
//              ▲                                                        │
//              └──────────── bound, bindFailed, the watch's events ◄────┘ carried out by whoever drives it
//
// Invariant: no event is handed in while an attempt is under way; the driver keeps them until it is over.
// Times are wall-clock milliseconds.
// Source: kube-scheduler scheduler.go, schedule_one.go.
import { assert } from "../base/assert.js";
import { Prng } from "../base/prng.js";
import type { Attempt } from "./attempt.js";
import { Bindings } from "./bindings.js";
import { PodReader } from "./cache/pod-info.js";
import { SchedulerCache } from "./cache/scheduler-cache.js";
import { ClusterState } from "./cluster-state.js";
import type { SchedulerConfiguration } from "./config/configuration.js";
import { DEFAULT_SCHEDULER_NAME } from "./config/default-configuration.js";
import type { PluginCost, Stopwatch } from "./cycle/cycle-recorder.js";
import { Algorithm } from "./cycle/schedule-pod.js";
import type { ExtenderReply, ExtenderRequest } from "./extender/extender.js";
import { Extenders } from "./extender/extenders.js";
import { victimTrimmer } from "./extender/trim-victims.js";
import type { Action } from "./framework/action.js";
import { QueueMetrics } from "./metrics/queue-metrics.js";
import { SchedulerMetrics } from "./metrics/scheduler-metrics.js";
import { ObjectLister } from "./objects.js";
import { NAME as DEFAULT_PREEMPTION } from "./plugins/default-preemption/preemption.js";
import type { BalanceFormula } from "./plugins/node-resources/balanced-allocation.js";
import { type PluginMaker, registryWith } from "./plugins/registry.js";
import { PreemptionGate } from "./preemption-gate.js";
import { makeProfiles, preEnqueueOf, type Profiles, registrationsOf } from "./profiles.js";
import type { Nominator } from "./queue/nominator.js";
import { type QueueCounts, SchedulingQueue } from "./queue/scheduling-queue.js";
import { SchedulingCycles } from "./scheduling-cycles.js";

/** Behaviour that upstream puts behind feature gates. */
export interface SchedulerFeatures {
  /** SchedulerQueueingHints. */
  readonly queueingHints: boolean;
  /** SchedulerPopFromBackoffQ. */
  readonly popFromBackoff: boolean;
  /** SchedulerAsyncPreemption. */
  readonly asyncPreemption: boolean;
  /** Which release's NodeResourcesBalancedAllocation. */
  readonly balanceFormula: BalanceFormula;
}

/** As in v1.36. */
export const DEFAULT_FEATURES: SchedulerFeatures = {
  queueingHints: true,
  popFromBackoff: true,
  asyncPreemption: true,
  balanceFormula: "v1.36",
};

export interface SchedulerOptions {
  readonly configuration: SchedulerConfiguration;
  readonly features: SchedulerFeatures;
  /** Decides ties, and where preemption begins to look. */
  readonly seed: number;
  /** For measuring only: no decision depends on it. */
  readonly stopwatch: Stopwatch;
  /** Plugins that do not come with the scheduler, by name; the configuration says where they run. None when absent. */
  readonly plugins?: Readonly<Record<string, PluginMaker>>;
  /** Told what is to be done; may keep it for later, must not call back at once. */
  readonly act: (action: Action) => void;
}

const MAX_IN_UNSCHEDULABLE_MS = 5 * 60_000;

export class Scheduler {
  readonly metrics = new SchedulerMetrics();
  /** Where events go in. */
  readonly cluster: ClusterState;
  readonly #cache: SchedulerCache;
  readonly #queue: SchedulingQueue;
  readonly #queueMetrics = new QueueMetrics(this.metrics);
  readonly #profiles: Profiles;
  readonly #bindings: Bindings;
  readonly #cycles: SchedulingCycles;
  #nowMs = 0;

  constructor({ configuration, features, seed, stopwatch, plugins, act }: SchedulerOptions) {
    const objects = new ObjectLister();
    const prng = new Prng(seed);
    const extenders = new Extenders(configuration.extenders);
    this.#cache = new SchedulerCache(objects);
    this.#bindings = new Bindings(extenders, act);
    this.#profiles = makeProfiles(configuration, {
      cache: this.#cache,
      objects,
      nominated: { nominatedOn: (name) => this.#queue.nominator.nominatedOn(name) },
      prng: prng.fork("plugins"),
      metrics: this.metrics,
      stopwatch,
      now: () => this.#nowMs,
      balanceFormula: features.balanceFormula,
      asyncPreemption: features.asyncPreemption,
      trimVictims: victimTrimmer(configuration.extenders, this.#cache),
      waitingPods: this.#bindings.waitingPods,
      preemptInMemory: ({ uid }) => this.#bindings.preempt(uid, DEFAULT_PREEMPTION),
      registry: registryWith(plugins ?? {}),
    });
    this.#queue = this.#makeQueue(configuration, features, objects, stopwatch);
    const gate = new PreemptionGate();
    const shared = {
      cache: this.#cache,
      queue: this.#queue,
      profiles: this.#profiles,
      bindings: this.#bindings,
    };
    this.cluster = new ClusterState({
      ...shared,
      objects,
      gate,
      reader: new PodReader(),
      metrics: this.#queueMetrics,
      stopwatch,
      endWaits: (nowMs) => this.#cycles.endWaits(nowMs),
    });
    this.#cycles = new SchedulingCycles({
      ...shared,
      gate,
      cluster: this.cluster,
      act,
      stopwatch,
      metrics: this.metrics,
      algorithm: new Algorithm({
        nominator: this.#queue.nominator,
        prng: prng.fork("ties"),
        extenders,
        percentageOfNodesToScore: configuration.percentageOfNodesToScore,
      }),
    });
  }

  /** Tries the next Pod. null: none is ready. Only for configurations without extenders. */
  scheduleOne(nowMs: number): Attempt | null {
    const step = this.attempt(nowMs).next();
    assert(step.done === true, "an extender must be asked: drive attempt() instead");
    return step.value;
  }

  /** The same as steps: each yielded request is to be sent to its extender, and the reply handed to next(). */
  attempt(nowMs: number): Generator<ExtenderRequest, Attempt | null, ExtenderReply> {
    this.#nowMs = nowMs;
    return this.#cycles.attempt(nowMs);
  }

  /** The API server has taken the binding. */
  bound(uid: string, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#cycles.bound(uid, nowMs);
  }

  /** It has not; or PreBind work could not be done. */
  bindFailed(uid: string, why: string, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#cycles.bindFailed(uid, why, nowMs);
  }

  /** Lets go what has waited long enough: backoffs, parked Pods, Permit, PreBind work. To be called when nextTickMs says so. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#queue.flush(nowMs);
    this.#cycles.advanceBindings(nowMs);
  }

  /** When tick must next be called; null when nothing waits for time. */
  nextTickMs(nowMs: number): number | null {
    // A plugin has spoken outside of any attempt.
    if (this.#bindings.hasEnded) return nowMs;
    const flush = this.#queue.nextFlushMs(nowMs);
    const deadline = this.#bindings.nextDeadlineMs();
    if (flush === null || deadline === null) return flush ?? deadline;
    return Math.min(flush, deadline);
  }

  /** Pods waiting, by queue. */
  queueCounts(): QueueCounts {
    return this.#queue.counts();
  }

  /** Pods on their way to a node: those that wait in Permit or PreBind, and those being bound. */
  get bindingCount(): number {
    return this.#bindings.count;
  }

  /** Events kept for Pods in flight; 0 at rest. */
  get inFlightEvents(): number {
    return this.#queue.inFlightEvents;
  }

  /** Bytes of the columns. */
  get columnBytes(): number {
    return this.#cache.columns.memory.bytes;
  }

  get cache(): SchedulerCache {
    return this.#cache;
  }

  /** Pods that wait for room on a node. */
  get nominator(): Nominator {
    return this.#queue.nominator;
  }

  get profiles(): Profiles {
    return this.#profiles;
  }

  /** What plugins have cost since the last reset, over all profiles. */
  pluginCosts(): readonly PluginCost[] {
    return [...this.#profiles.values()].flatMap(({ recorder }) => recorder.costs);
  }

  /** Brings gauges, and counters that are kept elsewhere, up to date before metrics are read. */
  updateGauges(): void {
    this.#queueMetrics.pending(this.#queue.counts());
    for (const [name, { metrics }] of this.#profiles) metrics.unschedulable(this.#turnedDownBy(name));
    const sizes = this.metrics.gauge("cache_size");
    for (const { recorder } of this.#profiles.values()) recorder.publish();
    sizes.with("nodes").set(this.#cache.nodes.length);
    sizes.with("pods").set(this.#cache.podCount);
    sizes.with("assumed_pods").set(this.#cache.assumedCount);
  }

  /** Starts a window of measurement. */
  resetMetrics(): void {
    this.metrics.reset();
    for (const { recorder } of this.#profiles.values()) recorder.reset();
  }

  /** Plugin -> Pods of a profile that wait and that it turned down. */
  #turnedDownBy(profile: string): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { pod, unschedulablePlugins, pendingPlugins } of this.#queue.waiting()) {
      if ((pod.pod.spec?.schedulerName ?? DEFAULT_SCHEDULER_NAME) !== profile) continue;
      for (const plugin of new Set([...unschedulablePlugins, ...pendingPlugins]))
        counts.set(plugin, (counts.get(plugin) ?? 0) + 1);
    }
    return counts;
  }

  #makeQueue(
    { podInitialBackoffSeconds, podMaxBackoffSeconds, extenders }: SchedulerConfiguration,
    features: SchedulerFeatures,
    objects: ObjectLister,
    stopwatch: Stopwatch,
  ): SchedulingQueue {
    const [first] = this.#profiles.values();
    assert(first !== undefined, "a configuration has at least one profile");
    return new SchedulingQueue({
      less: (a, b) => first.framework.queueSort.less(a, b),
      preEnqueue: preEnqueueOf(this.#profiles, (pod) => this.cluster.profileOf(pod)),
      registrations: registrationsOf(this.#profiles, { hasExtenders: extenders.length > 0 }),
      initialBackoffMs: podInitialBackoffSeconds * 1000,
      maxBackoffMs: podMaxBackoffSeconds * 1000,
      maxInUnschedulableMs: MAX_IN_UNSCHEDULABLE_MS,
      popFromBackoff: features.popFromBackoff,
      hintsEnabled: features.queueingHints,
      namespaceLabels: objects.namespaceLabels,
      onIncoming: (queue, event) => this.#queueMetrics.incoming(queue, event),
      onHint: (plugin, event, result, seconds) => this.#queueMetrics.hint(plugin, event, result, seconds),
      stopwatch,
    });
  }
}
