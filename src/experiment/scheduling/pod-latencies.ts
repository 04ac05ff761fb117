// Where each measured Pod's time goes:
//
//   scheduled start ── queue ──► last attempt ── cycle ──► decision ── bind ──► bound
//   └────────────────────────────── total ───────────────────────────────────────┘
//
// The start is when the Pod should have come, also if the generator was late: no coordinated omission.
// Source: G. Tene, "How NOT to Measure Latency".
import { Histogram } from "../../measure/histogram.js";
import type { LatencyBreakdown } from "./scheduling-types.js";

const NS_PER_MS = 1e6;

interface Decision {
  readonly begunMs: number;
  readonly decidedMs: number;
}

export class PodLatencies {
  readonly #queue = new Histogram();
  readonly #cycle = new Histogram();
  readonly #bind = new Histogram();
  readonly #total = new Histogram();
  readonly #attempt = new Histogram();
  /** uid -> scheduled start, of Pods on their way. */
  readonly #starts = new Map<string, number>();
  readonly #decisions = new Map<string, Decision>();

  starts(uid: string, startMs: number): void {
    this.#starts.set(uid, startMs);
  }

  attempted(time: Decision): void {
    this.#attempt.record((time.decidedMs - time.begunMs) * NS_PER_MS);
  }

  decided(uid: string, time: Decision): void {
    this.#decisions.set(uid, time);
  }

  /** @param fallbackMs start of a Pod that none was told of */
  bound(uid: string, boundMs: number, fallbackMs: number): void {
    const decision = this.#decisions.get(uid);
    // Bound by someone else.
    if (decision === undefined) return;
    const { begunMs, decidedMs } = decision;
    const startMs = this.#starts.get(uid) ?? fallbackMs;
    this.#queue.record(Math.max(0, begunMs - startMs) * NS_PER_MS);
    this.#cycle.record((decidedMs - begunMs) * NS_PER_MS);
    this.#bind.record((boundMs - decidedMs) * NS_PER_MS);
    this.#total.record(Math.max(0, boundMs - startMs) * NS_PER_MS);
    this.gone(uid);
  }

  gone(uid: string): void {
    this.#starts.delete(uid);
    this.#decisions.delete(uid);
  }

  toJSON(): LatencyBreakdown {
    return {
      queue: this.#queue.toJSON(),
      cycle: this.#cycle.toJSON(),
      bind: this.#bind.toJSON(),
      total: this.#total.toJSON(),
      attempt: this.#attempt.toJSON(),
    };
  }
}
