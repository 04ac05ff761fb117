// The slowest attempts of a window, for a look at what made them slow. Cost: O(1) for nearly all, O(KEPT) for the few.
import type { Attempt } from "../../scheduler/attempt.js";
import type { SlowAttempt } from "./scheduling-types.js";

const KEPT = 20;

export class SlowestAttempts {
  /** Slowest first. */
  readonly #kept: SlowAttempt[] = [];
  #fastestKeptMs = Number.NEGATIVE_INFINITY;

  add(attempt: Attempt, cycleMs: number): void {
    if (attempt.result === "skipped" || cycleMs <= this.#fastestKeptMs) return;
    const { result, pod, evaluatedNodes, feasibleNodes } = attempt;
    const outcome = result === "scheduled" ? attempt.nodeName : attempt.message;
    const at = this.#kept.findIndex((each) => each.cycleMs < cycleMs);
    const slow = { pod: pod.key, result, cycleMs, evaluatedNodes, feasibleNodes, outcome };
    this.#kept.splice(at < 0 ? this.#kept.length : at, 0, slow);
    if (this.#kept.length > KEPT) this.#kept.pop();
    if (this.#kept.length === KEPT) this.#fastestKeptMs = this.#kept.at(-1)?.cycleMs ?? 0;
  }

  get list(): readonly SlowAttempt[] {
    return this.#kept;
  }
}
