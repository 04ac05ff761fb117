// The linear memory that all columns of one scheduler share, and who owns which part of it.
//
//   0        64 KiB
//   +--------+----------+----------+-----------+----------+---
//   | unused | column   | column   | free block| table    | ...    each 64-byte aligned; grows at the end
//   +--------+----------+----------+-----------+----------+---
//
// Why an allocator of our own: the kernels allocate nothing, and columns come and go with the selectors in use. Freed
// blocks are kept by size; sizes are few, since most are so many bytes per node.
// Cost: O(1). The first 64 KiB stay unused, so that address 0 is never a column.
import { assert } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import { createMemory, type WasmMemory } from "../../base/web-assembly.js";
import { instantiateKernels, type Kernels } from "./kernels.js";

const PAGE_BYTES = 65_536;
/** All that a 32-bit memory can have; the core is built with the same maximum (tools/build-asm.mjs). */
const PAGES_MAX = 65_536;
const GROWTH_PAGES = 64;
const ALIGNMENT = 64;

export class ColumnMemory {
  readonly kernels: Kernels;
  readonly #memory: WasmMemory;
  #end = PAGE_BYTES;
  #pages = 1 + GROWTH_PAGES;
  readonly #free = new Map<number, number[]>();
  #u8: Uint8Array;
  #u32: Uint32Array;
  #f64: Float64Array;

  constructor() {
    this.#memory = createMemory({ pages: this.#pages, pagesMax: PAGES_MAX });
    this.kernels = instantiateKernels(this.#memory);
    const { buffer } = this.#memory;
    this.#u8 = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.#f64 = new Float64Array(buffer);
  }

  /** Views of the whole memory: hold them no longer than until the next allocation. */
  get u8(): Uint8Array {
    return this.#u8;
  }
  /** Index is address / 4. */
  get u32(): Uint32Array {
    return this.#u32;
  }
  /** Index is address / 8. */
  get f64(): Float64Array {
    return this.#f64;
  }

  /** Bytes in use or kept for reuse. */
  get bytes(): number {
    return this.#end;
  }

  /** Address of a zeroed block. @throws {PlumbError} LimitExceeded when 4 GiB are used up */
  allocate(bytes: number): number {
    const size = sizeOf(bytes);
    const reused = this.#free.get(size)?.pop();
    if (reused !== undefined) {
      this.#u8.fill(0, reused, reused + size);
      return reused;
    }
    const at = this.#end;
    this.#reserve(at + size);
    this.#end = at + size;
    return at;
  }

  /** Gives a block back; `bytes` is what was asked for. */
  release(at: number, bytes: number): void {
    assert(at >= PAGE_BYTES && at < this.#end, `block ${at} is not of this memory`);
    const size = sizeOf(bytes);
    const blocks = this.#free.get(size);
    if (blocks === undefined) this.#free.set(size, [at]);
    else blocks.push(at);
  }

  #reserve(end: number): void {
    if (end <= this.#pages * PAGE_BYTES) return;
    const pages = Math.ceil(end / PAGE_BYTES) + GROWTH_PAGES;
    if (pages > PAGES_MAX)
      throw new PlumbError(
        "LimitExceeded",
        `Cannot hold the scheduler's columns: ${end} bytes, limit ${PAGES_MAX * PAGE_BYTES}`,
        { hint: "use fewer nodes, or fewer distinct selectors" },
      );
    this.#memory.grow(pages - this.#pages);
    this.#pages = pages;
    const { buffer } = this.#memory;
    this.#u8 = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.#f64 = new Float64Array(buffer);
  }
}

function sizeOf(bytes: number): number {
  return Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
}
