// How events get to the server: in the background, one after the other; callers never wait and never fail. More than a
// thousand waiting ones: new ones are dropped and counted.
// Source: client-go tools/record/event.go (12 attempts, 10 s apart).
import { StatusError } from "../../api/status.js";
import type { Prng } from "../../base/prng.js";
import { delay, type Timers } from "../../base/timers.js";

const WAITING_MAX = 1000;
const ATTEMPTS_MAX = 12;
const RETRY_MS = 10_000;

export interface EventWriterOptions<Waiting> {
  readonly timers: Timers;
  readonly prng: Prng;
  readonly write: (waiting: Waiting) => Promise<void>;
}

export class EventWriter<Waiting> {
  readonly #options: EventWriterOptions<Waiting>;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #isStopped = false;
  #droppedCount = 0;

  constructor(options: EventWriterOptions<Waiting>) {
    this.#options = options;
  }

  /** Events that nobody will see: too many waited, or the server refused them. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  add(waiting: Waiting): void {
    if (this.#isStopped || this.#waiting.length >= WAITING_MAX) {
      this.#droppedCount++;
      return;
    }
    this.#waiting.push(waiting);
    if (!this.#isWriting) void this.#writeAll();
  }

  /** What waits is dropped. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      for (const waiting of batch) if (!this.#isStopped) await this.#write(waiting);
    }
    this.#isWriting = false;
  }

  async #write(waiting: Waiting): Promise<void> {
    const { timers, prng, write } = this.#options;
    for (let attempt = 1; !this.#isStopped; attempt++) {
      try {
        await write(waiting);
        return;
      } catch (error) {
        // What the server refuses once it refuses again; only what never reached it is tried again.
        if (error instanceof StatusError || attempt === ATTEMPTS_MAX) break;
        await delay(timers, RETRY_MS * (attempt === 1 ? prng.unit() : 1));
      }
    }
    this.#droppedCount++;
  }
}
