// What a controller has just created and deleted and its informer has not shown yet. As long as something is expected,
// counting objects in the cache would lead to doing it twice.
// What never shows is forgotten after five minutes.
// Source: pkg/controller/controller_utils.go (ControllerExpectations).
import type { Timers } from "../../../base/timers.js";

const TIMEOUT_MS = 300_000;

interface Expected {
  creations: number;
  /** Keys of objects. */
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

export class Expectations {
  readonly #timers: Timers;
  readonly #expected = new Map<string, Expected>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  expect(key: string, creations: number, deletions: Iterable<string> = []): void {
    const sinceMs = this.#timers.milliseconds();
    this.#expected.set(key, { creations, deletions: new Set(deletions), sinceMs });
  }

  /** One was seen, or will not come. */
  created(key: string): void {
    const expected = this.#expected.get(key);
    if (expected !== undefined && expected.creations > 0) expected.creations--;
  }

  /** It was seen to go (or to be about to), or will not. */
  deleted(key: string, objectKey: string): void {
    this.#expected.get(key)?.deletions.delete(objectKey);
  }

  isSatisfied(key: string): boolean {
    const expected = this.#expected.get(key);
    if (expected === undefined) return true;
    if (expected.creations === 0 && expected.deletions.size === 0) return true;
    return this.#timers.milliseconds() - expected.sinceMs > TIMEOUT_MS;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }
}
