// Waiting for something that others bring about, and doing meanwhile what is due: looked at whenever something changed,
// and when the next task of the agenda is due. Cost: a look without an effect is one test.
import type { Timers } from "../../base/timers.js";
import type { Agenda } from "../scheduling/agenda.js";
import type { Timeline } from "../scheduling/timeline.js";
import { type WaitLimit, waitedTooLong } from "../scheduling/wait-limit.js";

export interface ClockedWaitParts {
  readonly agenda: Agenda;
  readonly timeline: Timeline;
  readonly timers: Timers;
  readonly signal: AbortSignal | null;
  /** What ends the wait in vain; null: nothing has yet. */
  readonly failure: () => unknown;
  readonly isDone: () => boolean;
  readonly limit: WaitLimit;
}

/** Longest sleep in one piece, so that an interruption is noticed. */
const SLEEP_MS_MAX = 250;

export class ClockedWait {
  /** Rejects with the failure, with what a task threw, with the reason of the interruption, or when it takes too long. */
  readonly over: Promise<void>;
  readonly #parts: ClockedWaitParts;
  readonly #deadlineMs: number;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #isOver = false;
  /** When the timer wakes it. */
  #wakeMs = Number.POSITIVE_INFINITY;
  #cancelWake = () => {};

  constructor(parts: ClockedWaitParts) {
    this.#parts = parts;
    this.#deadlineMs = parts.timeline.now() + parts.limit.timeoutMs;
    this.over = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#wake();
  }

  /** To be called whenever something has changed. */
  look(): void {
    const { agenda, timeline, isDone, failure } = this.#parts;
    if (this.#isOver) return;
    if (isDone()) this.#end(this.#resolve);
    // A moment later: who asked for what failed hears of it first.
    else if (failure() !== null) this.#wakeAt(0, 0);
    else if (agenda.nextMs < this.#wakeMs) this.#wakeAt(timeline.now(), agenda.nextMs);
  }

  #wake(): void {
    const { agenda, timeline } = this.#parts;
    const nowMs = timeline.now();
    try {
      agenda.runDue(nowMs);
      this.#throwIfVain(nowMs);
    } catch (error) {
      this.#end(() => this.#reject(error));
      return;
    }
    if (this.#parts.isDone()) this.#end(this.#resolve);
    else this.#wakeAt(nowMs, Math.min(agenda.nextMs, this.#deadlineMs, nowMs + SLEEP_MS_MAX));
  }

  #throwIfVain(nowMs: number): void {
    const { signal, failure, isDone, limit } = this.#parts;
    signal?.throwIfAborted();
    const error = failure();
    if (error !== null) throw error;
    if (nowMs >= this.#deadlineMs && !isDone()) throw waitedTooLong(limit);
  }

  #wakeAt(nowMs: number, dueMs: number): void {
    this.#cancelWake();
    this.#wakeMs = dueMs;
    this.#cancelWake = this.#parts.timers.after(Math.max(0, dueMs - nowMs), () => this.#wake());
  }

  #end(settle: () => void): void {
    this.#isOver = true;
    this.#cancelWake();
    settle();
  }
}
