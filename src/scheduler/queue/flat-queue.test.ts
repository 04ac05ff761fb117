// The queue against its slow twin, under random work. A failure prints the seed and the step.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import type { PodInfo } from "../cache/pod-info.js";
import {
  ACTION,
  EVENTS,
  type ClusterEvent,
  type EventRegistration,
  type QueueingHintFn,
} from "../framework/cluster-event.js";
import type { PreEnqueuePlugin } from "../framework/plugin.js";
import { FlatQueue } from "./flat-queue.test-data.js";
import { AFFINITY, FIT, SPREAD, newQueue, podOf, prioritySort } from "./queue.test-data.js";
import { SchedulingQueue, type SchedulingQueueOptions } from "./scheduling-queue.js";

const STEPS = 500;
const SEEDS = 24;
const NOTHING = { before: null, after: null };
const CSI_DRIVER_ADD: ClusterEvent = { resource: "CSIDriver", action: ACTION.Add, label: "CSIDriverAdd" };
const GATE_EVENT: ClusterEvent = { resource: "StorageClass", action: ACTION.Add, label: "StorageClassAdd" };
const EVENTS_SENT = [
  EVENTS.NodeAdd,
  EVENTS.AssignedPodDelete,
  EVENTS.UnschedulableTimeout,
  GATE_EVENT,
  CSI_DRIVER_ADD,
];
const WEB = { labels: { app: "web" } };
const NEAR_WEB = {
  podAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: "zone", labelSelector: { matchLabels: WEB.labels } },
    ],
  },
};

/** Some Pods Queue, some Skip, some fail; always the same for one Pod. */
const moody: QueueingHintFn = ({ key }) => {
  const mood = key.charCodeAt(key.length - 1) % 3;
  if (mood === 2) throw new Error("no idea");
  return mood === 1 ? "Queue" : "Skip";
};

class Race {
  readonly #prng: Prng;
  readonly #closed = new Set<string>();
  readonly #options: SchedulingQueueOptions;
  readonly #queue: SchedulingQueue;
  readonly #twin: FlatQueue;
  readonly #known = new Map<string, PodInfo>();
  readonly #flying = new Map<string, NonNullable<ReturnType<SchedulingQueue["pop"]>>>();
  #made = 0;
  #nowMs = 0;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
    this.#options = this.#newOptions(seed);
    this.#queue = new SchedulingQueue(this.#options);
    this.#twin = new FlatQueue(this.#options, this.#nowMs);
  }

  step(place: string): void {
    const acts = [this.#add, this.#add, this.#pop, this.#pop, this.#finish, this.#finish, this.#event];
    this.#prng
      .pick([...acts, this.#event, this.#assigned, this.#activate, this.#delete, this.#wait])
      .call(this);
    assert.deepEqual(this.#queue.counts(), this.#twin.counts(), place);
  }

  /** Takes all out again. */
  end(place: string): void {
    for (const uid of [...this.#flying.keys()]) this.#done(uid);
    assert.deepEqual([this.#queue.inFlightEvents, this.#queue.inFlightPods], [0, 0], place);
    this.#closed.clear();
    for (const pod of this.#known.values()) {
      this.#queue.activate([pod], this.#nowMs);
      this.#twin.activate(pod, this.#nowMs);
    }
    while (this.#pop());
    assert.deepEqual(this.#queue.counts(), { active: 0, backoff: 0, unschedulable: 0, gated: 0 }, place);
  }

  #newOptions(seed: number): SchedulingQueueOptions {
    const gate: PreEnqueuePlugin = {
      name: "Gate",
      preEnqueue: ({ key }) =>
        this.#closed.has(key) ? { code: "Unschedulable", reasons: [], plugin: "Gate" } : null,
    };
    return {
      ...newQueue().options,
      // Total, so that nobody depends on how equals are ordered.
      less: (a, b) =>
        prioritySort(a, b) === prioritySort(b, a) ? a.pod.key < b.pod.key : prioritySort(a, b),
      preEnqueue: [gate],
      registrations: new Map<string, readonly EventRegistration[]>([
        ["Gate", [{ resource: GATE_EVENT.resource, actions: GATE_EVENT.action }]],
        [
          FIT,
          [
            { resource: "Node", actions: ACTION.Add, hint: moody },
            { resource: "AssignedPod", actions: ACTION.Delete },
          ],
        ],
        [SPREAD, [{ resource: "AssignedPod", actions: ACTION.Add | ACTION.Delete, hint: moody }]],
        [AFFINITY, [{ resource: "AssignedPod", actions: ACTION.Add }]],
      ]),
      popFromBackoff: seed % 2 === 0,
      hintsEnabled: seed % 4 < 2,
    };
  }

  #add(): void {
    const key = `pod-${this.#made++}`;
    const affinity = this.#prng.below(3) === 0 ? { affinity: NEAR_WEB } : {};
    const namespace = this.#prng.pick(["default", "other"]);
    const pod = podOf(key, { priority: this.#prng.below(3), ...affinity }, { namespace });
    if (this.#prng.below(3) === 0) this.#closed.add(pod.key);
    this.#known.set(pod.uid, pod);
    this.#queue.add(pod, this.#nowMs);
    this.#twin.add(pod, this.#nowMs);
  }

  #pop(): boolean {
    const popped = this.#queue.pop();
    const expected = this.#twin.pop();
    assert.equal(popped?.pod.key, expected?.pod.key);
    if (popped === null || expected === null) return false;
    assert.deepEqual(
      [popped.attempts, popped.cycle, popped.initialAttemptMs, popped.timestampMs],
      [expected.attempts, expected.cycle, expected.initialAttemptMs, expected.timestampMs],
    );
    this.#flying.set(popped.pod.uid, popped);
    return true;
  }

  /** One in four Pods is placed, one in four meets an error, the others are turned down. */
  #finish(): void {
    const uid = this.#anyOf(this.#flying);
    const queued = uid === undefined ? undefined : this.#flying.get(uid);
    if (uid === undefined || queued === undefined) return;
    const outcome = this.#prng.below(4);
    if (outcome === 0) {
      this.#done(uid);
      return;
    }
    const some = (plugins: readonly string[]) => plugins.filter(() => this.#prng.below(2) === 0);
    const unschedulable = outcome === 1 ? [] : some([FIT, SPREAD, AFFINITY]);
    const pending = outcome === 3 ? some([FIT, SPREAD]) : [];
    for (const plugin of unschedulable)
      queued.unschedulablePlugins = new Set([...queued.unschedulablePlugins, plugin]);
    for (const plugin of pending) queued.pendingPlugins = new Set([...queued.pendingPlugins, plugin]);
    this.#flying.delete(uid);
    this.#queue.addUnschedulableIfNotPresent(queued, this.#nowMs);
    this.#twin.fail(uid, unschedulable, pending, this.#nowMs);
  }

  #done(uid: string): void {
    this.#flying.delete(uid);
    this.#known.delete(uid);
    this.#queue.done(uid);
    this.#twin.done(uid);
  }

  #event(): void {
    const event = this.#prng.pick(EVENTS_SENT);
    if (event === GATE_EVENT) this.#turnGates();
    this.#queue.moveAll(event, NOTHING, this.#nowMs);
    this.#twin.move(event, NOTHING, this.#nowMs);
  }

  #turnGates(): void {
    for (const { key } of this.#known.values()) {
      const draw = this.#prng.below(4);
      if (draw === 0) this.#closed.delete(key);
      if (draw === 1) this.#closed.add(key);
    }
  }

  #assigned(): void {
    const pod = podOf("placed", { nodeName: "n1" }, this.#prng.pick([WEB, {}]));
    this.#queue.assignedPodAdded(pod, this.#nowMs);
    this.#twin.assignedPodAdded(pod, this.#nowMs);
  }

  #activate(): void {
    const uid = this.#anyOf(this.#known);
    const pod = uid === undefined ? undefined : this.#known.get(uid);
    // Without hints nothing is known of Pods in flight.
    if (pod === undefined || (!this.#options.hintsEnabled && this.#flying.has(pod.uid))) return;
    this.#queue.activate([pod], this.#nowMs);
    this.#twin.activate(pod, this.#nowMs);
  }

  #delete(): void {
    const uid = this.#anyOf(this.#known);
    const pod = uid === undefined ? undefined : this.#known.get(uid);
    if (pod === undefined || this.#flying.has(pod.uid) || this.#prng.below(2) === 0) return;
    this.#known.delete(pod.uid);
    this.#queue.delete(pod);
    this.#twin.delete(pod);
  }

  /** The queue is flushed only when it asks for it. */
  #wait(): void {
    const endMs = this.#nowMs + this.#prng.pick([1, 300, 1000, 2500, 40_000, 330_000]);
    for (;;) {
      const nextMs = this.#queue.nextFlushMs(this.#nowMs);
      if (nextMs === null || nextMs > endMs) break;
      this.#queue.flush(nextMs);
    }
    this.#nowMs = endMs;
    this.#twin.flush(endMs);
  }

  #anyOf(uids: ReadonlyMap<string, unknown>): string | undefined {
    return uids.size === 0 ? undefined : this.#prng.pick([...uids.keys()]);
  }
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`SchedulingQueue agrees with its flat twin under random work, seed ${seed}`, () => {
    const race = new Race(seed);
    for (let step = 0; step < STEPS; step++) race.step(`seed ${seed}, step ${step}`);
    race.end(`seed ${seed}, end`);
  });
}
