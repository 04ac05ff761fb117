// Records of one stride that other records name by number: chains, and heads of sets and maps.
// Numbers are handed out, taken back and used again; the region doubles when they run out. Cost: O(1), amortised.
import type { ImageWriter } from "../image-writer.js";

export class GrowingRegion {
  readonly #writer: ImageWriter;
  readonly #region: number;
  readonly #stride: number;
  #capacity: number;
  #count = 0;
  readonly #free: number[] = [];

  constructor(writer: ImageWriter, region: number, stride: number, expected: number) {
    this.#writer = writer;
    this.#region = region;
    this.#stride = stride;
    // Whole cache lines of records, whatever the stride.
    this.#capacity = Math.ceil(Math.max(16, expected) / 16) * 16;
    writer.setRegion(region, writer.allocate(this.#capacity * stride), this.#capacity * stride);
  }

  add(): number {
    const reused = this.#free.pop();
    if (reused !== undefined) return reused;
    if (this.#count === this.#capacity) this.#double();
    return this.#count++;
  }

  remove(number: number): void {
    this.#free.push(number);
  }

  /** @param offset byte offset of a word in the record */
  write(number: number, offset: number, value: number): void {
    this.#writer.words[(this.#writer.regionOffset(this.#region) + number * this.#stride + offset) / 4] =
      value;
  }

  #double(): void {
    const bytes = this.#capacity * this.#stride;
    const moved = this.#writer.enlarge(this.#writer.regionOffset(this.#region), bytes, bytes * 2);
    this.#writer.setRegion(this.#region, moved, bytes * 2);
    this.#capacity *= 2;
  }
}
