// One named set or map as a hash table in the image: linear probing, at most half full, laid out by asm/abi/nftables.
// Removing shifts the rest of the run back, so that no marks of removed elements lengthen later probes.
// Cost: set and delete O(1) amortised; doubling moves every element.
// Twin of the probe and of the hash: asm/nftables/keys.ts.
import {
  NFT_CODE_ALIGNMENT,
  NFT_HASH_A,
  NFT_HASH_B,
  NFT_HASH_C,
  NFT_SLOT_BYTES_V4,
  NFT_SLOT_BYTES_V6,
  NFT_SLOT_BYTES_V6_TWO,
} from "../../../asm/abi/nftables.js";
import type { Family, IpWords } from "../../base/ip.js";
import { PlumbError } from "../../base/errors.js";
import type { ImageWriter } from "../image-writer.js";
import type { Key } from "./key.js";

const SLOTS_MIN = 8;

/** Where the parts of a slot are, in words; null for parts that the shape lacks. The first address is at 0. */
interface SlotLayout {
  readonly words: number;
  readonly addressWords: 1 | 4;
  readonly service: number | null;
  readonly value: number | null;
  readonly second: number | null;
}

/** addresses: a set of single addresses. one, two: keys with so many addresses at most. */
export type KeyShape = "addresses" | "one" | "two";

/** IPv4 keeps first address and service side by side, to compare them as one u64. */
const LAYOUTS: Record<Family, Record<KeyShape, SlotLayout>> = {
  IPv4: {
    addresses: { words: 1, addressWords: 1, service: null, value: null, second: null },
    one: { words: NFT_SLOT_BYTES_V4 / 4, addressWords: 1, service: 1, value: 3, second: 2 },
    two: { words: NFT_SLOT_BYTES_V4 / 4, addressWords: 1, service: 1, value: 3, second: 2 },
  },
  IPv6: {
    addresses: { words: 4, addressWords: 4, service: null, value: null, second: null },
    one: { words: NFT_SLOT_BYTES_V6 / 4, addressWords: 4, service: 4, value: 5, second: null },
    two: { words: NFT_SLOT_BYTES_V6_TWO / 4, addressWords: 4, service: 4, value: 5, second: 8 },
  },
};

export interface KeyTableOptions {
  readonly shape: KeyShape;
  /** Elements to come, so that the table need not grow for them. */
  readonly elementsExpected: number;
}

export class KeyTable {
  readonly #writer: ImageWriter;
  readonly #slot: SlotLayout;
  #offset: number;
  #slots: number;
  #elements = 0;

  constructor(writer: ImageWriter, { shape, elementsExpected }: KeyTableOptions) {
    this.#writer = writer;
    this.#slot = LAYOUTS[writer.family][shape];
    this.#slots = SLOTS_MIN;
    while (this.#slots < elementsExpected * 2) this.#slots *= 2;
    this.#offset = writer.allocate(this.#bytes);
  }

  /** Where the slots begin; another place after the table grew. */
  get slotsAt(): number {
    return this.#offset;
  }

  get slotMask(): number {
    return this.#slots - 1;
  }

  /**
   * Add an element or change its value.
   *
   * @param value not 0; a table of addresses keeps none
   * @throws {PlumbError} Unsupported for the unspecified address in a table of addresses: it marks empty slots
   */
  set(key: Key, value: number): void {
    if (this.#slot.value === null && key.first.every((word) => word === 0)) {
      throw new PlumbError("Unsupported", "Cannot encode the unspecified address as an element of a set");
    }
    const found = this.#find(key);
    if (found >= 0) {
      if (this.#slot.value !== null) this.#writer.words[this.#wordAt(found) + this.#slot.value] = value;
      return;
    }
    if ((this.#elements + 1) * 2 > this.#slots) this.#double();
    this.#place(key, value);
    this.#elements++;
  }

  /** Remove an element, if it is there. */
  delete(key: Key): void {
    let hole = this.#find(key);
    if (hole < 0) return;
    this.#elements--;
    const mask = this.slotMask;
    for (let next = (hole + 1) & mask; this.#isTaken(next); next = (next + 1) & mask) {
      // An element may fill the hole unless its home lies behind the hole, on its way.
      const distance = (next - this.#home(this.#keyAt(next))) & mask;
      if (distance < ((next - hole) & mask)) continue;
      this.#writer.words.copyWithin(
        this.#wordAt(hole),
        this.#wordAt(next),
        this.#wordAt(next) + this.#slot.words,
      );
      hole = next;
    }
    this.#writer.words.fill(0, this.#wordAt(hole), this.#wordAt(hole) + this.#slot.words);
  }

  /** Give the slots back. */
  release(): void {
    this.#writer.release(this.#offset, this.#bytes);
  }

  /** Whole cache lines: what is allocated after a small table then begins on one, too. */
  get #bytes(): number {
    return Math.max(this.#slots * this.#slot.words * 4, NFT_CODE_ALIGNMENT);
  }

  /** Position of the key's slot, or -1. */
  #find(key: Key): number {
    for (let position = this.#home(key); ; position = (position + 1) & this.slotMask) {
      if (!this.#isTaken(position)) return -1;
      if (this.#isAt(position, key)) return position;
    }
  }

  #isAt(position: number, key: Key): boolean {
    const { words } = this.#writer;
    const at = this.#wordAt(position);
    const { addressWords, service, second } = this.#slot;
    if (service !== null && words[at + service] !== key.service) return false;
    for (let word = 0; word < addressWords; word++) {
      if (words[at + word] !== key.first[word as 0]) return false;
      if (second !== null && words[at + second + word] !== key.second[word as 0]) return false;
    }
    return true;
  }

  #place(key: Key, value: number): void {
    let position = this.#home(key);
    while (this.#isTaken(position)) position = (position + 1) & this.slotMask;
    const { words } = this.#writer;
    const at = this.#wordAt(position);
    const { addressWords, service, second } = this.#slot;
    for (let word = 0; word < addressWords; word++) {
      words[at + word] = key.first[word as 0];
      if (second !== null) words[at + second + word] = key.second[word as 0];
    }
    if (service !== null) words[at + service] = key.service;
    if (this.#slot.value !== null) words[at + this.#slot.value] = value;
  }

  #double(): void {
    const old = { offset: this.#offset, slots: this.#slots, bytes: this.#bytes };
    this.#slots *= 2;
    this.#offset = this.#writer.allocate(this.#bytes);
    for (let position = 0; position < old.slots; position++) {
      const at = old.offset / 4 + position * this.#slot.words;
      if (!this.#isTakenWord(at)) continue;
      const value = this.#slot.value === null ? 0 : (this.#writer.words[at + this.#slot.value] as number);
      this.#place(this.#keyAtWord(at), value);
    }
    this.#writer.release(old.offset, old.bytes);
  }

  #keyAt(position: number): Key {
    return this.#keyAtWord(this.#wordAt(position));
  }

  #keyAtWord(at: number): Key {
    const { second, service } = this.#slot;
    return {
      first: this.#addressAt(at),
      second: second === null ? [0, 0, 0, 0] : this.#addressAt(at + second),
      service: service === null ? 0 : (this.#writer.words[at + service] as number),
    };
  }

  #addressAt(at: number): IpWords {
    const { words } = this.#writer;
    const word = (index: number) => (index < this.#slot.addressWords ? (words[at + index] as number) : 0);
    return [word(0), word(1), word(2), word(3)];
  }

  #isTaken(position: number): boolean {
    return this.#isTakenWord(this.#wordAt(position));
  }

  #isTakenWord(at: number): boolean {
    const { value } = this.#slot;
    if (value !== null) return this.#writer.words[at + value] !== 0;
    return this.#addressAt(at).some((word) => word !== 0);
  }

  #wordAt(position: number): number {
    return this.#offset / 4 + position * this.#slot.words;
  }

  #home({ first, second, service }: Key): number {
    const isV4 = this.#slot.addressWords === 1;
    const hash = hashKey(isV4 ? first[0] : foldWords(first), isV4 ? second[0] : foldWords(second), service);
    return hash & this.slotMask;
  }
}

function hashKey(first: number, second: number, service: number): number {
  let hash = Math.imul(first ^ Math.imul(service, NFT_HASH_A), NFT_HASH_B);
  hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(second, NFT_HASH_C), NFT_HASH_A);
  return hash ^ (hash >>> 13);
}

function foldWords(words: IpWords): number {
  let folded = words[0];
  for (const word of [words[1], words[2], words[3]]) {
    folded = (Math.imul((folded << 7) | (folded >>> 25), NFT_HASH_C) + word) >>> 0;
  }
  return folded;
}
