// When a kubelet notices what its containers did by themselves: once a second it lists them all (PLEG). Here the moment
// of the next listing is computed when something has happened, so that a quiet node costs nothing. A runtime that does
// not answer is noticed after three minutes.
// Source: kubernetes pkg/kubelet/pleg/generic.go.
import type { DueEntry, DueTimes } from "../due-times.js";

const RELIST_MS = 1000;
const UNHEALTHY_AFTER_MS = 180_000;

export class Relist {
  readonly #due: DueTimes;
  /** Of this node within the second. */
  readonly #phaseMs: number;
  readonly #onChanged: (podUids: ReadonlySet<string>) => void;
  #changed: Set<string> | null = null;
  #stalledSinceMs: number | null = null;
  #health: DueEntry | null = null;

  constructor(due: DueTimes, phaseMs: number, onChanged: (podUids: ReadonlySet<string>) => void) {
    this.#due = due;
    this.#phaseMs = phaseMs;
    this.#onChanged = onChanged;
  }

  /** A container of this Pod ended: seen with the next listing. */
  changed(podUid: string): void {
    if (this.#changed === null) {
      this.#changed = new Set();
      const now = this.#due.now();
      const rounds = Math.floor((now - this.#phaseMs) / RELIST_MS) + 1;
      this.#due.at(this.#phaseMs + rounds * RELIST_MS, () => this.#list());
    }
    this.#changed.add(podUid);
  }

  /** The runtime does not answer any more. @param onUnhealthy called when that has lasted too long */
  stall(onUnhealthy: () => void): void {
    if (this.#stalledSinceMs !== null) return;
    this.#stalledSinceMs = this.#due.now();
    this.#health = this.#due.after(UNHEALTHY_AFTER_MS, onUnhealthy);
  }

  resume(): void {
    this.#stalledSinceMs = null;
    this.#due.cancel(this.#health);
    this.#list();
  }

  #list(): void {
    if (this.#stalledSinceMs !== null || this.#changed === null) return;
    const changed = this.#changed;
    this.#changed = null;
    this.#onChanged(changed);
  }
}
