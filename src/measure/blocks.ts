// The order of a run: every block holds every case once, so drift of the machine falls on all cases alike.
// Why: running all of A before all of B shows drift as a difference between them; samples of one block share it, and
// comparisons of a run's cases pair samples by block.
// Pure: the same cases, seed and order give the same plan everywhere.
import { assert } from "../base/assert.js";
import { Prng } from "../base/prng.js";

export interface BlockOptions {
  /** How often each case is sampled. */
  readonly blocks: number;
  /**
   * blocked: every block shuffled anew. sequential: every block in the given order.
   * random: all samples of all cases shuffled together, then cut into rows; a row is no pairing.
   */
  readonly order: "blocked" | "random" | "sequential";
  readonly seed: number;
}

/** One row per block, each with as many cases as given; every case comes up `blocks` times. Cost: O(blocks x cases). */
export function planBlocks<T>(cases: readonly T[], options: BlockOptions): T[][] {
  const { blocks, order, seed } = options;
  assert(Number.isInteger(blocks) && blocks >= 1, `${blocks} blocks`);
  const prng = new Prng(seed).fork("blocks");
  const rows = Array.from({ length: blocks }, () => cases.slice());
  switch (order) {
    case "sequential":
      return rows;
    case "blocked":
      return rows.map((row) => prng.shuffled(row));
    case "random": {
      const all = prng.shuffled(rows.flat());
      return rows.map((row, block) => all.slice(block * row.length, (block + 1) * row.length));
    }
  }
}
