// Where a walk meets chance: statistic matches and numgen. A seeded stream follows one path, draw by draw as the WASM
// core does; explore() follows every path, which is how a target set is found.
import type { Prng } from "../../base/prng.js";

export interface Chance {
  /** True with probability threshold / 2^31: xt_statistic's (random32 & 0x7fffffff) < threshold. */
  under(threshold: number): boolean;
  /** 0..count-1, as nft numgen does it: the high word of random32 * count. */
  below(count: number): number;
}

/** Chance drawn from a seeded stream, in the order the core draws. */
export class SeededChance implements Chance {
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  under(threshold: number): boolean {
    return (this.#prng.next32() & 0x7fffffff) < threshold;
  }

  below(count: number): number {
    return Math.floor((this.#prng.next32() * count) / 0x100000000);
  }
}

/**
 * Call `walk` once for every combination of outcomes that chance can take, and collect what it returns.
 * Outcomes of probability zero or one are not branched on. Cost: walks x length of a walk.
 */
export function explore<T>(walk: (chance: Chance) => T, walksMax: number): T[] {
  return exploreWithOdds(walk, walksMax).map(({ result }) => result);
}

/** The same, each result with the probability of its walk; those of all walks add up to 1. */
export function exploreWithOdds<T>(
  walk: (chance: Chance) => T,
  walksMax: number,
): { readonly result: T; readonly probability: number }[] {
  const results: { result: T; probability: number }[] = [];
  let script: number[] | null = [];
  while (script !== null && results.length < walksMax) {
    const scripted = new ScriptedChance(script);
    const result = walk(scripted);
    results.push({ result, probability: scripted.probability });
    script = scripted.nextScript();
  }
  return results;
}

/** Replays a script of choices, then takes the first branch; remembers how many branches each choice had. */
class ScriptedChance implements Chance {
  readonly #choices: number[];
  readonly #branches: number[] = [];
  #position = 0;
  /** Of the choices taken so far. */
  probability = 1;

  constructor(script: readonly number[]) {
    this.#choices = [...script];
  }

  under(threshold: number): boolean {
    if (threshold <= 0) return false;
    if (threshold >= 0x80000000) return true;
    const isUnder = this.#choose(2) === 0;
    this.probability *= isUnder ? threshold / 0x80000000 : 1 - threshold / 0x80000000;
    return isUnder;
  }

  below(count: number): number {
    if (count <= 1) return 0;
    this.probability /= count;
    return this.#choose(count);
  }

  /** The next script in depth-first order, or null when every path was taken. */
  nextScript(): number[] | null {
    for (let last = this.#position - 1; last >= 0; last--) {
      const choice = (this.#choices[last] as number) + 1;
      if (choice < (this.#branches[last] as number)) return [...this.#choices.slice(0, last), choice];
    }
    return null;
  }

  #choose(branches: number): number {
    const position = this.#position++;
    if (position === this.#choices.length) this.#choices.push(0);
    this.#branches[position] = branches;
    return this.#choices[position] as number;
  }
}
