// Memory for one Pod's cycle: sums by domain, lists of candidates. Everything is given back at once when the next begins.
import type { ColumnMemory } from "./column-memory.js";

const BLOCK_BYTES = 256 * 1024;

interface Block {
  readonly at: number;
  readonly bytes: number;
  used: number;
}

export class Scratch {
  readonly #memory: ColumnMemory;
  readonly #blocks: Block[] = [];

  constructor(memory: ColumnMemory) {
    this.#memory = memory;
  }

  /** Address of `bytes` bytes, 16-aligned, not zeroed; good until `reset`. */
  take(bytes: number): number {
    const size = Math.ceil(bytes / 16) * 16;
    let block = this.#blocks.find(({ bytes: all, used }) => used + size <= all);
    if (block === undefined) {
      const all = Math.max(BLOCK_BYTES, size);
      block = { at: this.#memory.allocate(all), bytes: all, used: 0 };
      this.#blocks.push(block);
    }
    const at = block.at + block.used;
    block.used += size;
    return at;
  }

  takeZeroed(bytes: number): number {
    const at = this.take(bytes);
    this.#memory.kernels.zero(at, bytes);
    return at;
  }

  reset(): void {
    for (const block of this.#blocks) block.used = 0;
  }
}
