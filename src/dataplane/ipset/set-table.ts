// One ipset set in a table image: header, slots or bits, and the prefix lengths in use (asm/abi/ipset.ts draws them).
// Adding and removing work in place; slots double when half full. Cost: O(1) per element, amortised.
import {
  NET_BYTES,
  NET_COUNT,
  NET_LENGTH,
  NET_MASK,
  SET_COUNT,
  SET_FAMILY,
  SET_NETS_AT,
  SET_NETS_COUNT,
  SET_RANGE_FIRST,
  SET_RANGE_LAST,
  SET_SLOT_BYTES_V4,
  SET_SLOT_BYTES_V6,
  SET_SLOT_MASK,
  SET_SLOT_EXCEPTION,
  SET_SLOT_MEMBER,
  SET_SLOT_USED,
  SET_SLOTS_AT,
  SET_TYPE,
} from "../../../asm/abi/ipset.js";
import { assert } from "../../base/assert.js";
import { type Family, type IpWords, prefixMask } from "../../base/ip.js";
import { SET_TYPES, type SetType } from "../../netfilter/ipset/model.js";
import type { ImageWriter } from "../image-writer.js";
import { keyOfElement, type SetKey } from "./element.js";
import { hashKey } from "./hash.js";

type SlotKey = Pick<SetKey, "first" | "second" | "key">;

interface StoredKey extends SlotKey {
  /** The slot's used word: member or exception. */
  readonly used: number;
}

const SLOTS_MIN = 8;
const NETS_MAX = 129;

export interface SetTableOptions {
  readonly type: SetType;
  readonly family: Family;
  /** bitmap:port only. */
  readonly range: { readonly first: number; readonly last: number } | null;
  readonly elementsExpected: number;
}

export class SetTable {
  readonly type: SetType;
  readonly family: Family;
  readonly #writer: ImageWriter;
  readonly #isV6: boolean;
  readonly #slotBytes: number;
  /** Offset of the header: asked for anew each time, for the table of headers may move. */
  readonly #header: () => number;

  /** Write a set's header (zeroed before) and empty slots. */
  constructor(writer: ImageWriter, header: () => number, options: SetTableOptions) {
    this.#writer = writer;
    this.#header = header;
    this.type = options.type;
    this.family = options.family;
    this.#isV6 = options.family === "IPv6";
    this.#slotBytes = this.#isV6 ? SET_SLOT_BYTES_V6 : SET_SLOT_BYTES_V4;
    writer.bytes[header() + SET_TYPE] = SET_TYPES.indexOf(options.type);
    writer.bytes[header() + SET_FAMILY] = this.#isV6 ? 6 : 4;
    if (options.type === "bitmap:port") this.#makeBitmap(options.range ?? { first: 0, last: 65535 });
    else this.#makeSlots(slotsFor(options.elementsExpected));
    if (hasNetworks(options.type)) this.#field(SET_NETS_AT, writer.allocate(NETS_MAX * NET_BYTES));
  }

  /** @returns whether the element was new. @throws {PlumbError} InvalidInput */
  add(element: string): boolean {
    return this.addKey(keyOfElement(element, this.type, this.family));
  }

  /** @returns whether the element was there. @throws {PlumbError} InvalidInput */
  remove(element: string): boolean {
    return this.removeKey(keyOfElement(element, this.type, this.family));
  }

  addKey(key: SetKey): boolean {
    if (this.type === "bitmap:port") return this.#setBit(key.key, true);
    const known = this.#find(key);
    if (known >= 0) {
      const used = this.#keyWord(this.#slotWord(known)) + SET_SLOT_USED / 4;
      this.#writer.words[used] = key.nomatch ? SET_SLOT_EXCEPTION : SET_SLOT_MEMBER;
      return false;
    }
    const count = this.#read(SET_COUNT) + 1;
    if (count * 2 > this.#read(SET_SLOT_MASK) + 1) this.#doubleSlots();
    this.#place(key, key.nomatch ? SET_SLOT_EXCEPTION : SET_SLOT_MEMBER);
    this.#field(SET_COUNT, count);
    if (key.prefixLength !== null) this.#countNetwork(key.prefixLength, 1);
    return true;
  }

  removeKey(key: SetKey): boolean {
    if (this.type === "bitmap:port") return this.#setBit(key.key, false);
    const slot = this.#find(key);
    if (slot < 0) return false;
    this.#closeGap(slot);
    this.#field(SET_COUNT, this.#read(SET_COUNT) - 1);
    if (key.prefixLength !== null) this.#countNetwork(key.prefixLength, -1);
    return true;
  }

  #makeBitmap(range: { first: number; last: number }): void {
    this.#field(SET_RANGE_FIRST, range.first);
    this.#field(SET_RANGE_LAST, range.last);
    this.#field(SET_SLOTS_AT, this.#writer.allocate(Math.ceil((range.last - range.first + 1) / 8)));
  }

  #makeSlots(slots: number): void {
    this.#field(SET_SLOTS_AT, this.#writer.allocate(slots * this.#slotBytes));
    this.#field(SET_SLOT_MASK, slots - 1);
  }

  #setBit(port: number, on: boolean): boolean {
    const first = this.#read(SET_RANGE_FIRST);
    if (port < first || port > this.#read(SET_RANGE_LAST)) return false;
    const at = this.#read(SET_SLOTS_AT) + ((port - first) >>> 3);
    const bit = 1 << ((port - first) & 7);
    const before = this.#writer.bytes[at] as number;
    this.#writer.bytes[at] = on ? before | bit : before & ~bit;
    return ((before & bit) !== 0) !== on;
  }

  /** Index of the slot that holds the key, or -1. */
  #find({ first, second, key }: SlotKey): number {
    const mask = this.#read(SET_SLOT_MASK);
    for (let slot = hashKey(first, second, key, this.#isV6) & mask; ; slot = (slot + 1) & mask) {
      const at = this.#slotWord(slot);
      if (this.#word(this.#keyWord(at) + SET_SLOT_USED / 4) === 0) return -1;
      if (this.#word(this.#keyWord(at)) === key && this.#holds(at, first, second)) return slot;
    }
  }

  #holds(at: number, first: IpWords, second: IpWords): boolean {
    const perAddress = this.#isV6 ? 4 : 1;
    for (let word = 0; word < perAddress; word++) {
      if (this.#word(at + word) !== first[word]) return false;
      if (this.#word(at + perAddress + word) !== second[word]) return false;
    }
    return true;
  }

  #place({ first, second, key }: SlotKey, used: number): void {
    const mask = this.#read(SET_SLOT_MASK);
    let slot = hashKey(first, second, key, this.#isV6) & mask;
    while (this.#isUsed(slot)) slot = (slot + 1) & mask;
    const { words } = this.#writer;
    const at = this.#slotWord(slot);
    const perAddress = this.#isV6 ? 4 : 1;
    for (let word = 0; word < perAddress; word++) {
      words[at + word] = first[word] as number;
      words[at + perAddress + word] = second[word] as number;
    }
    words[this.#keyWord(at)] = key;
    words[this.#keyWord(at) + SET_SLOT_USED / 4] = used;
  }

  /** Empty a slot; later slots of its run move back towards their home. */
  #closeGap(emptied: number): void {
    const mask = this.#read(SET_SLOT_MASK);
    const { bytes } = this.#writer;
    let hole = emptied;
    for (let next = (hole + 1) & mask; this.#isUsed(next); next = (next + 1) & mask) {
      const { first, second, key } = this.#key(next);
      const home = hashKey(first, second, key, this.#isV6) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      const from = this.#slotWord(next) * 4;
      bytes.copyWithin(this.#slotWord(hole) * 4, from, from + this.#slotBytes);
      hole = next;
    }
    const at = this.#slotWord(hole) * 4;
    bytes.fill(0, at, at + this.#slotBytes);
  }

  #doubleSlots(): void {
    const slots = this.#read(SET_SLOT_MASK) + 1;
    const oldAt = this.#read(SET_SLOTS_AT);
    const kept: StoredKey[] = [];
    for (let slot = 0; slot < slots; slot++) if (this.#isUsed(slot)) kept.push(this.#key(slot));
    this.#makeSlots(slots * 2);
    for (const stored of kept) this.#place(stored, stored.used);
    this.#writer.release(oldAt, slots * this.#slotBytes);
  }

  #key(slot: number): StoredKey {
    const at = this.#slotWord(slot);
    const word = (index: number) => this.#word(at + index);
    const first: IpWords = this.#isV6 ? [word(0), word(1), word(2), word(3)] : [word(0), 0, 0, 0];
    const second: IpWords = this.#isV6 ? [word(4), word(5), word(6), word(7)] : [word(1), 0, 0, 0];
    const key = this.#keyWord(at);
    return { first, second, key: this.#word(key), used: this.#word(key + SET_SLOT_USED / 4) };
  }

  /** Keep the list of prefix lengths in use, longest first. */
  #countNetwork(prefixLength: number, change: 1 | -1): void {
    const at = this.#read(SET_NETS_AT);
    const nets = this.#read(SET_NETS_COUNT);
    let index = 0;
    while (index < nets && this.#net(at, index, NET_LENGTH) > prefixLength) index++;
    const found = index < nets && this.#net(at, index, NET_LENGTH) === prefixLength;
    const { words, bytes } = this.#writer;
    const record = at + index * NET_BYTES;
    if (found && this.#net(at, index, NET_COUNT) + change === 0) {
      bytes.copyWithin(record, record + NET_BYTES, at + nets * NET_BYTES);
      this.#field(SET_NETS_COUNT, nets - 1);
      return;
    }
    if (!found) {
      assert(change === 1 && nets < NETS_MAX, `prefix length ${prefixLength} is not among ${nets} in use`);
      bytes.copyWithin(record + NET_BYTES, record, at + nets * NET_BYTES);
      words[(record + NET_LENGTH) >>> 2] = prefixLength;
      words[(record + NET_COUNT) >>> 2] = 0;
      words.set(prefixMask(prefixLength, this.family), (record + NET_MASK) >>> 2);
      this.#field(SET_NETS_COUNT, nets + 1);
    }
    words[(record + NET_COUNT) >>> 2] = this.#net(at, index, NET_COUNT) + change;
  }

  #net(at: number, index: number, offset: number): number {
    return this.#word((at + index * NET_BYTES + offset) >>> 2);
  }

  #isUsed(slot: number): boolean {
    return this.#word(this.#keyWord(this.#slotWord(slot)) + SET_SLOT_USED / 4) !== 0;
  }

  #slotWord(slot: number): number {
    return (this.#read(SET_SLOTS_AT) + slot * this.#slotBytes) >>> 2;
  }

  #keyWord(slotWord: number): number {
    return slotWord + (this.#isV6 ? 8 : 2);
  }

  #word(index: number): number {
    return this.#writer.words[index] as number;
  }

  #read(offset: number): number {
    return this.#word((this.#header() + offset) >>> 2);
  }

  #field(offset: number, value: number): void {
    this.#writer.words[(this.#header() + offset) >>> 2] = value;
  }
}

function hasNetworks(type: SetType): boolean {
  return type === "hash:net" || type === "hash:ip,port,net";
}

function slotsFor(elements: number): number {
  let slots = SLOTS_MIN;
  while (slots < elements * 2) slots *= 2;
  return slots;
}
