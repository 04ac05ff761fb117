// Sets that rules fill: which client addresses a dynamic set holds, and until when.
// The kernel gives such a set 65,535 elements when it is told no size; traces are far below that, so none is modelled.
import type { NftSet } from "./model.js";

export class AffinitySets {
  /** Set name -> client -> the time at which it is forgotten, ms. */
  readonly #deadlines = new Map<string, Map<string, number>>();

  /** Whether `client` is in the set. An element is gone at its deadline, not after it. */
  has(set: NftSet, client: string, timeMs: number): boolean {
    const deadline = this.#deadlines.get(set.name)?.get(client);
    return deadline !== undefined && timeMs < deadline;
  }

  /** Add `client`, or start its timeout anew. */
  update(set: NftSet, client: string, timeMs: number): void {
    const clients = this.#deadlines.get(set.name) ?? new Map<string, number>();
    this.#deadlines.set(set.name, clients.set(client, timeMs + (set.dynamicTimeoutSeconds ?? 0) * 1000));
  }
}
