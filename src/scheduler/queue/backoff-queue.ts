// Pods that wait for the end of their backoff. Two heaps, because only Pods that plugins turned down may be popped
// early, when there is nothing else to do: after an error (an API server out of reach) haste would add to the trouble.
// Cost: O(log n); looking whether anything is due O(1).
// Source: kube-scheduler backend/queue/backoff_queue.go.
import { type QueuedPod, isTurnedDown } from "../framework/queued-pod.js";
import { type Backoff, windowStartMs } from "./backoff.js";
import { Heap } from "./heap.js";

type Less = (a: QueuedPod, b: QueuedPod) => boolean;

export class BackoffQueue {
  readonly #backoff: Backoff;
  readonly #turnedDown: Heap<QueuedPod>;
  readonly #broken: Heap<QueuedPod>;

  /** @param less order of turned-down Pods whose backoff ends together; null where nothing pops early. */
  constructor(backoff: Backoff, less: Less | null) {
    const endsBefore: Less = (a, b) => backoff.expirationMs(a) < backoff.expirationMs(b);
    const endsOrSortsBefore = (a: QueuedPod, b: QueuedPod, sortsBefore: Less) => {
      const difference = backoff.expirationMs(a) - backoff.expirationMs(b);
      return difference === 0 ? sortsBefore(a, b) : difference < 0;
    };
    this.#backoff = backoff;
    this.#turnedDown = new Heap(less === null ? endsBefore : (a, b) => endsOrSortsBefore(a, b, less));
    this.#broken = new Heap(endsBefore);
  }

  get size(): number {
    return this.#turnedDown.size + this.#broken.size;
  }

  *items(): IterableIterator<QueuedPod> {
    yield* this.#turnedDown.items();
    yield* this.#broken.items();
  }

  get(key: string): QueuedPod | undefined {
    return this.#turnedDown.get(key) ?? this.#broken.get(key);
  }

  add(queued: QueuedPod): void {
    (isTurnedDown(queued) ? this.#turnedDown : this.#broken).add(queued.pod.key, queued);
  }

  /** To be called when the Pod's priority may have changed. */
  update(key: string): void {
    this.#turnedDown.update(key);
    this.#broken.update(key);
  }

  delete(key: string): QueuedPod | undefined {
    return this.#turnedDown.delete(key) ?? this.#broken.delete(key);
  }

  /** The best Pod of the earliest window, its backoff notwithstanding. */
  popEarly(): QueuedPod | undefined {
    return this.#turnedDown.pop();
  }

  /** A Pod whose backoff was over at the last whole second. */
  popCompleted(nowMs: number): QueuedPod | undefined {
    const flushMs = windowStartMs(nowMs);
    for (const heap of [this.#turnedDown, this.#broken]) {
      const first = heap.peek();
      if (first !== undefined && !this.#backoff.isBackingOff(first, flushMs)) return heap.pop();
    }
    return undefined;
  }

  /** When the next Pod is due; Infinity when none waits. */
  get nextFlushMs(): number {
    const dueMs = (queued: QueuedPod | undefined) =>
      queued === undefined ? Number.POSITIVE_INFINITY : this.#backoff.flushMs(queued);
    return Math.min(dueMs(this.#turnedDown.peek()), dueMs(this.#broken.peek()));
  }
}
