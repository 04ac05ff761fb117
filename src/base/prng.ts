// Seeded randomness: mulberry32, a 32-bit state with a full 2^32 period.
// Why this one: asm/packet/random.ts draws the same sequence from the same state in eight instructions, so the
// tracer and the WASM core can be compared draw by draw. Not for secrets.
// Source: T. Ettinger, mulberry32 (public domain).

/** A reproducible stream of numbers. The same seed gives the same stream on every machine. */
export class Prng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform integer in 0..2^32-1. */
  next32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (z ^ (z >>> 14)) >>> 0;
  }

  /** Uniform real in [0, 1), 53 bits. */
  unit(): number {
    const high = this.next32() >>> 5;
    const low = this.next32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** Uniform integer in 0..bound-1. */
  below(bound: number): number {
    return Math.floor(this.unit() * bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A new array with the same items in seeded random order (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = items.slice();
    for (let last = result.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [result[last], result[other]] = [result[other] as T, result[last] as T];
    }
    return result;
  }

  /** An independent stream named by `label`: adding one stream never shifts the draws of another. */
  fork(label: string): Prng {
    let hash = this.#state ^ 0x811c9dc5;
    for (let index = 0; index < label.length; index++) {
      hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193);
    }
    return new Prng(new Prng(hash).next32());
  }
}
