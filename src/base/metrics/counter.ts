import { assert } from "../assert.js";

/** A number that only rises, between resets. */
export class Counter {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  add(count = 1): void {
    assert(count >= 0, "a counter cannot fall");
    this.#value += count;
  }

  reset(): void {
    this.#value = 0;
  }
}
