// Replays a trace: Pods arrive when they did, and leave their lifetime after they were placed, whoever placed them.
//
//   standing Pods placed ──► window opens ──► arrivals, departures ──► the last arrival is placed, or nothing that is
//                                                                     yet to leave could make room for it
//
// Pods that never fit stay pending; Pods that are preempted are gone, as nothing would make them anew.
import type { Node } from "../../api/types.js";
import type { TraceArrival } from "../../workload/traces/timeline.js";
import { objectKey } from "../../scheduler/objects.js";
import { placementLine } from "./placement-quality.js";
import { ALL_PODS } from "./pod-scope.js";
import type { PodChange } from "./pod-source.js";
import type { Simulation } from "./simulation.js";

export interface TraceOrder {
  readonly nodes: readonly Node[];
  readonly arrivals: readonly TraceArrival[];
}

export interface TraceOutcome {
  /** Every placement that was made, also of Pods that have left, as placementDigest takes them. */
  readonly placements: readonly string[];
}

/** Longest time without an end, after the last arrival was due: 100 days, for lifetimes are as long as they are. */
const WAIT_MS = 100 * 24 * 3600_000;

export async function executeTrace(simulation: Simulation, order: TraceOrder): Promise<TraceOutcome> {
  const replay = new TraceReplay(simulation, order.arrivals);
  for (const node of order.nodes) simulation.api.create(node);
  await replay.placeStanding();
  await replay.run();
  return { placements: replay.placements };
}

class TraceReplay {
  readonly placements: string[] = [];
  readonly #simulation: Simulation;
  readonly #standing: readonly TraceArrival[];
  readonly #arrivals: readonly TraceArrival[];
  /** uid -> lifetime, of Pods that wait for a node. */
  readonly #lifetimes = new Map<string, number>();
  #arrived = 0;
  #departuresLeft = 0;

  constructor(simulation: Simulation, arrivals: readonly TraceArrival[]) {
    this.#simulation = simulation;
    this.#standing = arrivals.filter(({ isStanding }) => isStanding);
    this.#arrivals = arrivals.filter(({ isStanding }) => !isStanding);
    simulation.api.onPod((change) => this.#podChanged(change));
  }

  /** Every Pod that was there before the window is tried once. */
  async placeStanding(): Promise<void> {
    if (this.#standing.length === 0) return;
    const { api, driver, scheduler } = this.#simulation;
    for (const arrival of this.#standing) this.#create(arrival);
    const isTried = () => !api.hasChanges && scheduler.queueCounts().active === 0;
    await driver.runUntil(isTried, { timeoutMs: WAIT_MS, waitingFor: () => "standing Pods" });
  }

  async run(): Promise<void> {
    const { driver, window, timeline } = this.#simulation;
    const lastMs = this.#arrivals.at(-1)?.atMs ?? 0;
    window.open(ALL_PODS, lastMs);
    this.#arrive(timeline.now());
    const limit = { timeoutMs: lastMs + WAIT_MS, waitingFor: () => "the last Pod of the trace" };
    await driver.runUntil(() => this.#isOver(), limit);
    window.close();
  }

  #arrive(beganMs: number): void {
    const { agenda, window } = this.#simulation;
    const arrive = (nowMs: number): void => {
      for (; this.#dueMs(beganMs) <= nowMs; this.#arrived++) {
        const dueMs = this.#dueMs(beganMs);
        const arrival = this.#arrivals[this.#arrived] as TraceArrival;
        window.startsAt(objectKey(arrival.pod), dueMs);
        this.#create(arrival);
      }
      if (this.#arrived < this.#arrivals.length) agenda.at(this.#dueMs(beganMs), arrive);
    };
    arrive(beganMs);
  }

  /** When the next arrival is due. */
  #dueMs(beganMs: number): number {
    const next = this.#arrivals[this.#arrived];
    return next === undefined ? Number.POSITIVE_INFINITY : beganMs + next.atMs;
  }

  #create({ pod, lifetimeMs }: TraceArrival): string {
    const uid = this.#simulation.api.create(pod).metadata.uid as string;
    if (lifetimeMs !== null) this.#lifetimes.set(uid, lifetimeMs);
    return uid;
  }

  #podChanged({ after, wasBound, isBound }: PodChange): void {
    if (after === null || wasBound || !isBound) return;
    this.placements.push(placementLine(after));
    const uid = after.metadata.uid ?? "";
    const lifetimeMs = this.#lifetimes.get(uid);
    if (lifetimeMs === undefined) return;
    this.#lifetimes.delete(uid);
    const { agenda, timeline, api } = this.#simulation;
    this.#departuresLeft++;
    agenda.at(timeline.now() + lifetimeMs, () => {
      this.#departuresLeft--;
      api.deletePod(uid);
    });
  }

  #isOver(): boolean {
    const { api, scheduler } = this.#simulation;
    if (this.#arrived < this.#arrivals.length || api.hasChanges || scheduler.bindingCount > 0) return false;
    const { active, backoff, unschedulable } = scheduler.queueCounts();
    return active === 0 && backoff === 0 && (unschedulable === 0 || this.#departuresLeft === 0);
  }
}
