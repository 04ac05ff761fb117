// Records of one stride in a region of an image: slots that are taken, given back and taken again. Growing moves the
// region, so records are named by slot, never by offset. Cost: take O(1), growing copies the records (amortised O(1)).
import type { ImageWriter } from "../image-writer.js";

/** A record of 64 bytes must not straddle two cache lines. */
const ALIGNMENT = 64;

export class RecordArray {
  readonly #writer: ImageWriter;
  readonly #region: number;
  readonly #stride: number;
  readonly #free: number[] = [];
  #used = 0;
  #capacity: number;
  /** The piece that holds the region, with slack for alignment. */
  #piece = 0;

  /** @param capacity slots to begin with */
  constructor(writer: ImageWriter, region: number, stride: number, capacity: number) {
    this.#writer = writer;
    this.#region = region;
    this.#stride = stride;
    this.#capacity = capacity;
    this.#place();
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** A zeroed slot. */
  take(): number {
    const reused = this.#free.pop();
    if (reused !== undefined) {
      const at = this.offset(reused);
      this.#writer.bytes.fill(0, at, at + this.#stride);
      return reused;
    }
    if (this.#used === this.#capacity) this.#grow();
    return this.#used++;
  }

  giveBack(slot: number): void {
    this.#free.push(slot);
  }

  /** Offset of a record in the image, until the next take(). */
  offset(slot: number): number {
    return this.#writer.regionOffset(this.#region) + slot * this.#stride;
  }

  #grow(): void {
    const from = this.offset(0);
    const bytes = this.#capacity * this.#stride;
    const oldPiece = this.#piece;
    this.#capacity = Math.ceil(this.#capacity * 1.5);
    this.#place();
    this.#writer.bytes.copyWithin(this.offset(0), from, from + bytes);
    this.#writer.release(oldPiece, bytes + ALIGNMENT);
  }

  #place(): void {
    const bytes = this.#capacity * this.#stride;
    this.#piece = this.#writer.allocate(bytes + ALIGNMENT);
    this.#writer.setRegion(this.#region, Math.ceil(this.#piece / ALIGNMENT) * ALIGNMENT, bytes);
  }
}
