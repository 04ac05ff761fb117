// Writes a table image: a head, a region table and pieces of memory handed out one after another.
// Why bump allocation with free lists by size: chains come and go with Services, nearly all of a few sizes, and a
// replaced piece must not move what others point at. Offsets count from the image's first byte (asm/abi/image.ts).
// Cost: allocate O(1), growing copies the image (amortised O(1) per byte).
import {
  IMAGE_BODY,
  IMAGE_HEAD_BYTES,
  IMAGE_HEAD_FAMILY,
  IMAGE_HEAD_MAGIC,
  IMAGE_HEAD_MODE,
  IMAGE_HEAD_VERSION,
  IMAGE_MAGIC,
  IMAGE_REGION_STRIDE,
  IMAGE_REGION_TABLE,
  IMAGE_REGIONS_MAX,
  IMAGE_VERSION,
} from "../../asm/abi/image.js";
import { assert } from "../base/assert.js";
import { PlumbError } from "../base/errors.js";
import type { Family } from "../base/ip.js";
import { MODES, type Mode } from "../netfilter/rule-model.js";

/** An image must fit a 32-bit memory beside the workers' arenas. */
const IMAGE_BYTES_MAX = 3 * 1024 * 1024 * 1024;
const ALIGNMENT = 16;

export class ImageWriter {
  readonly mode: Mode;
  readonly family: Family;
  /** Views of the same memory; they change when the image grows. */
  bytes: Uint8Array;
  words: Uint32Array;
  halves: Uint16Array;
  /** First byte not yet handed out. */
  #end = IMAGE_BODY;
  /** Piece size -> offsets of released pieces. */
  readonly #free = new Map<number, number[]>();

  constructor(mode: Mode, family: Family, expectedBytes: number) {
    this.mode = mode;
    this.family = family;
    const capacity = roundUp(Math.max(expectedBytes, 4096), 4096);
    this.bytes = new Uint8Array(capacity);
    this.words = new Uint32Array(this.bytes.buffer);
    this.halves = new Uint16Array(this.bytes.buffer);
    this.head(IMAGE_HEAD_MAGIC, IMAGE_MAGIC);
    this.head(IMAGE_HEAD_VERSION, IMAGE_VERSION);
    this.head(IMAGE_HEAD_MODE, MODES.indexOf(mode));
    this.head(IMAGE_HEAD_FAMILY, family === "IPv4" ? 4 : 6);
    this.head(IMAGE_HEAD_BYTES, this.#end);
  }

  /** Bytes in use, from the head on. */
  get usedBytes(): number {
    return this.#end;
  }

  /** The used part, as an image's bytes. Valid until the image grows. */
  used(): Uint8Array {
    return this.bytes.subarray(0, this.#end);
  }

  /** Write a word of the head, by IMAGE_HEAD_ offset. */
  head(offset: number, value: number): void {
    this.words[offset >>> 2] = value;
  }

  /** A zeroed piece of at least `bytes`, 16-byte aligned. @returns its offset */
  allocate(bytes: number): number {
    const size = roundUp(Math.max(bytes, ALIGNMENT), ALIGNMENT);
    const reused = this.#free.get(size)?.pop();
    if (reused !== undefined) {
      this.bytes.fill(0, reused, reused + size);
      return reused;
    }
    const offset = this.#end;
    this.#grow(offset + size);
    this.#end = offset + size;
    this.head(IMAGE_HEAD_BYTES, this.#end);
    return offset;
  }

  /** Give back a piece of `bytes` at `offset`, both as they were at allocate(). */
  release(offset: number, bytes: number): void {
    const size = roundUp(Math.max(bytes, ALIGNMENT), ALIGNMENT);
    const list = this.#free.get(size);
    if (list === undefined) this.#free.set(size, [offset]);
    else list.push(offset);
  }

  /** Point a region at a piece. */
  setRegion(region: number, offset: number, bytes: number): void {
    assert(region < IMAGE_REGIONS_MAX, `region ${region} is not below ${IMAGE_REGIONS_MAX}`);
    const at = (IMAGE_REGION_TABLE + region * IMAGE_REGION_STRIDE) >>> 2;
    this.words[at] = offset;
    this.words[at + 1] = bytes;
  }

  /** Offset of a region's first byte. */
  regionOffset(region: number): number {
    return this.words[(IMAGE_REGION_TABLE + region * IMAGE_REGION_STRIDE) >>> 2] as number;
  }

  /** Copy of a piece, in a larger one; the old piece is released. @returns the new offset */
  enlarge(offset: number, bytes: number, newBytes: number): number {
    const moved = this.allocate(newBytes);
    this.bytes.copyWithin(moved, offset, offset + bytes);
    this.release(offset, bytes);
    return moved;
  }

  #grow(needed: number): void {
    if (needed <= this.bytes.length) return;
    if (needed > IMAGE_BYTES_MAX) {
      throw new PlumbError(
        "LimitExceeded",
        `Cannot encode ${this.mode} tables: ${needed} bytes, limit IMAGE_BYTES_MAX=${IMAGE_BYTES_MAX}`,
        { hint: "measure with fewer Services or endpoints" },
      );
    }
    const capacity = Math.min(IMAGE_BYTES_MAX, roundUp(Math.max(needed, this.bytes.length * 1.5), 4096));
    const larger = new Uint8Array(capacity);
    larger.set(this.bytes.subarray(0, this.#end));
    this.bytes = larger;
    this.words = new Uint32Array(larger.buffer);
    this.halves = new Uint16Array(larger.buffer);
  }
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
