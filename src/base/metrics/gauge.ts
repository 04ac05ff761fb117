/** How things stand: a number that rises and falls. */
export class Gauge {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  set(value: number): void {
    this.#value = value;
  }

  /** `change` may be negative. */
  add(change: number): void {
    this.#value += change;
  }
}
