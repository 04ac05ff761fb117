// Match lists of rules, each distinct list stored once: 1.6 million rules of a large node share a few thousand lists,
// for a comment is a comment whatever its text.
// A list is built word by word in a scratch buffer, hashed, and looked up among those written before.
// Cost: O(words) per list, no strings; 8 bytes of index per distinct list.
import { MATCH_END } from "../../../asm/abi/iptables.js";
import type { ImageWriter } from "../image-writer.js";

const SCRATCH_WORDS = 16_384;

export class MatchPool {
  readonly #writer: ImageWriter;
  readonly #scratch = new Uint32Array(SCRATCH_WORDS);
  #length = 0;
  /** Open addressing: offset of a list and its length in words; 0 is empty. */
  #offsets = new Uint32Array(1024);
  #lengths = new Uint32Array(1024);
  #count = 0;

  constructor(writer: ImageWriter) {
    this.#writer = writer;
  }

  begin(): void {
    this.#length = 0;
  }

  /** Append one record; `flags` is byte 1, the rest are whole words. Its length is filled in. */
  record(kind: number, flags: number, ...words: readonly number[]): void {
    const bytes = 4 + words.length * 4;
    this.#scratch[this.#length++] = (kind | (flags << 8) | (bytes << 16)) >>> 0;
    for (const word of words) this.#scratch[this.#length++] = word;
  }

  /** End the list. @returns its offset in the image, 0 for an empty list */
  end(): number {
    if (this.#length === 0) return 0;
    this.#scratch[this.#length++] = MATCH_END;
    return this.#find();
  }

  /** Store words of another kind, equal ones once. The caller reads them back by the offset. */
  share(words: readonly number[]): number {
    this.#length = 0;
    for (const word of words) this.#scratch[this.#length++] = word;
    return this.#find();
  }

  #find(): number {
    const mask = this.#offsets.length - 1;
    for (let slot = this.#hash() & mask; ; slot = (slot + 1) & mask) {
      const offset = this.#offsets[slot] as number;
      if (offset === 0) return this.#store(slot);
      if (this.#lengths[slot] === this.#length && this.#equals(offset)) return offset;
    }
  }

  #store(slot: number): number {
    const offset = this.#writer.allocate(this.#length * 4);
    this.#writer.words.set(this.#scratch.subarray(0, this.#length), offset >>> 2);
    this.#offsets[slot] = offset;
    this.#lengths[slot] = this.#length;
    this.#count++;
    if (this.#count * 2 > this.#offsets.length) this.#double();
    return offset;
  }

  #equals(offset: number): boolean {
    const { words } = this.#writer;
    const from = offset >>> 2;
    for (let index = 0; index < this.#length; index++) {
      if (words[from + index] !== this.#scratch[index]) return false;
    }
    return true;
  }

  #hash(): number {
    return hashWords(this.#scratch, 0, this.#length);
  }

  #double(): void {
    const { words } = this.#writer;
    const offsets = this.#offsets;
    const lengths = this.#lengths;
    const mask = offsets.length * 2 - 1;
    this.#offsets = new Uint32Array(offsets.length * 2);
    this.#lengths = new Uint32Array(offsets.length * 2);
    for (const [index, offset] of offsets.entries()) {
      if (offset === 0) continue;
      const length = lengths[index] as number;
      let slot = hashWords(words, offset >>> 2, length) & mask;
      while (this.#offsets[slot] !== 0) slot = (slot + 1) & mask;
      this.#offsets[slot] = offset;
      this.#lengths[slot] = length;
    }
  }
}

/** FNV-1a over words, with a final mix. */
function hashWords(words: Uint32Array, from: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let index = from; index < from + length; index++) {
    hash = Math.imul(hash ^ (words[index] as number), 0x01000193);
    hash ^= hash >>> 15;
  }
  return (hash ^ (hash >>> 13)) >>> 0;
}
