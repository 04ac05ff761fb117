// What is due when: ticks of churn, arrivals, deletions, readings. Tasks due at the same time run in the order they were
// entered, so that a case is exactly repeatable.
// Cost: O(log tasks) to enter or take one.
import { Heap } from "../../scheduler/queue/heap.js";

interface Task {
  readonly dueMs: number;
  readonly run: (nowMs: number) => void;
}

export class Agenda {
  readonly #tasks = new Heap<Task>((a, b) => a.dueMs < b.dueMs);
  #entered = 0;

  /** When the next task is due; Infinity when there is none. */
  get nextMs(): number {
    return this.#tasks.peek()?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** @returns takes the task off again; no effect once it has run */
  at(dueMs: number, run: (nowMs: number) => void): () => void {
    const key = String(this.#entered++);
    this.#tasks.add(key, { dueMs, run });
    return () => this.#tasks.delete(key);
  }

  /**
   * At start + interval, start + 2 intervals, and so on; ticks that come late do not shift later ones.
   *
   * @param run false ends it
   * @returns ends it
   */
  every(startMs: number, intervalMs: number, run: (nowMs: number) => boolean): () => void {
    let cancel = () => {};
    const enter = (dueMs: number): void => {
      cancel = this.at(dueMs, (nowMs) => {
        if (run(nowMs)) enter(dueMs + intervalMs);
      });
    };
    enter(startMs + intervalMs);
    return () => cancel();
  }

  runDue(nowMs: number): void {
    while (this.nextMs <= nowMs) this.#tasks.pop()?.run(nowMs);
  }
}
