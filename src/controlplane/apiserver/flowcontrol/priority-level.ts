// A priority level: so many requests at a time, and queues for those that come when all seats are taken.
// A flow waits in the shortest queue of its hand; queues take turns, so that a flow that floods waits for itself.
// What upstream does besides: lists and writes that take several seats, seats lent between levels, and turns by how long
// requests took.
// Source: apiserver pkg/util/flowcontrol/fairqueuing/queueset; design: KEP-1040.
import type { Cancel, Timers } from "../../../base/timers.js";
import type { Queuing } from "./flow-objects.js";
import type { FlowSeries } from "./flow-metrics.js";
import { dealHand } from "./shuffle-sharding.js";

export type RejectReason = "queue-full" | "time-out" | "cancelled" | "concurrency-limit";

/** How a request may wait. */
export interface Wait {
  readonly series: FlowSeries;
  /** Of its flow. Asked for only when it has to wait. */
  readonly hash: () => number;
  readonly waitMs: number;
  /** Its client has gone. Asked for only when it has to wait. */
  readonly signal: () => AbortSignal;
}

interface Waiting {
  readonly series: FlowSeries;
  readonly sinceMs: number;
  readonly resolve: (rejection: RejectReason | null) => void;
  readonly stop: () => void;
}

export interface LevelLimits {
  /** Requests at a time; Infinity: exempt. */
  readonly seats: number;
  /** null: who finds no seat is refused. */
  readonly queuing: Queuing | null;
}

export class PriorityLevel {
  readonly name: string;
  readonly #timers: Timers;
  #limits: LevelLimits = { seats: 0, queuing: null };
  #executing = 0;
  /** Those that are not empty, in the order of their turns. */
  readonly #queues = new Map<number, Waiting[]>();

  constructor(name: string, timers: Timers) {
    this.name = name;
    this.#timers = timers;
  }

  /** Those who wait keep their place. */
  set limits(limits: LevelLimits) {
    this.#limits = limits;
    this.#dispatch();
  }

  get executing(): number {
    return this.#executing;
  }

  /** @returns null: a seat was free and is taken until `leave`; else why not, or null once one is */
  enter(wait: Wait): RejectReason | null | Promise<RejectReason | null> {
    const { seats, queuing } = this.#limits;
    if (this.#executing < seats && this.#queues.size === 0) {
      this.#executing++;
      return null;
    }
    return queuing === null ? "concurrency-limit" : this.#wait(wait, queuing);
  }

  leave(): void {
    this.#executing--;
    if (this.#queues.size > 0) this.#dispatch();
  }

  #wait(wait: Wait, { queues, handSize, queueLengthLimit }: Queuing) {
    const index = this.#shortest(dealHand(wait.hash(), queues, handSize));
    const queue = this.#queues.get(index) ?? [];
    if (queue.length >= queueLengthLimit) return "queue-full";
    return new Promise<RejectReason | null>((resolve) => {
      const give = (reason: RejectReason) => () => this.#giveUp(index, waiting, reason);
      const waiting: Waiting = {
        series: wait.series,
        sinceMs: this.#timers.milliseconds(),
        resolve,
        stop: this.#whenOver(wait, give),
      };
      queue.push(waiting);
      this.#queues.set(index, queue);
      wait.series.queued(queue.length);
    });
  }

  #whenOver({ waitMs, signal: signalOf }: Wait, give: (reason: RejectReason) => () => void): Cancel {
    const cancel = this.#timers.after(waitMs, give("time-out"));
    const signal = signalOf();
    const onAbort = give("cancelled");
    signal.addEventListener("abort", onAbort, { once: true });
    return () => {
      cancel();
      signal.removeEventListener("abort", onAbort);
    };
  }

  #shortest(hand: readonly number[]): number {
    let best = hand[0] as number;
    for (const index of hand)
      if ((this.#queues.get(index)?.length ?? 0) < (this.#queues.get(best)?.length ?? 0)) best = index;
    return best;
  }

  #giveUp(index: number, waiting: Waiting, reason: RejectReason): void {
    const queue = this.#queues.get(index);
    const at = queue?.indexOf(waiting) ?? -1;
    if (queue === undefined || at < 0) return;
    queue.splice(at, 1);
    if (queue.length === 0) this.#queues.delete(index);
    this.#end(waiting, reason);
  }

  /** Seats that are free go to the queues in turn. */
  #dispatch(): void {
    for (const [index, queue] of this.#queues) {
      if (this.#executing >= this.#limits.seats) return;
      this.#queues.delete(index);
      const waiting = queue.shift();
      // Behind all others, where this loop comes by once more.
      if (queue.length > 0) this.#queues.set(index, queue);
      if (waiting === undefined) continue;
      this.#executing++;
      this.#end(waiting, null);
    }
  }

  #end({ series, sinceMs, stop, resolve }: Waiting, rejection: RejectReason | null): void {
    stop();
    series.unqueued((this.#timers.milliseconds() - sinceMs) / 1000, rejection === null);
    resolve(rejection);
  }
}
