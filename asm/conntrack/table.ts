// The conntrack hash table: slots by linear probing, entries beside them (abi/conntrack draws both).
// Why: one slot line holds eight candidates told apart by 32 bits of hash, so a miss costs one cache line and a hit
// two, and the table of 262,144 flows (24 MiB) stays within L3. Deleting shifts slots back: no tombstones.
// Cost: find, insert, remove O(1) expected; collect O(entries), at most once per millisecond of packet time.
import {
  CONNTRACK_COUNT,
  CONNTRACK_ENTRIES_AT,
  CONNTRACK_ENTRIES_MAX,
  CONNTRACK_ENTRY_BYTES_V4,
  CONNTRACK_ENTRY_BYTES_V6,
  CONNTRACK_FREE,
  CONNTRACK_FRESH,
  CONNTRACK_HEADER_BYTES,
  CONNTRACK_SLOT_MASK,
  CONNTRACK_SLOTS_AT,
  CONNTRACK_SOONEST,
  CONNTRACK_STATE_DEADLINE,
  CONNTRACK_STATE_HASH,
  CONNTRACK_STATE_HASH_REPLY,
  CONNTRACK_STATE_NEXT_FREE,
} from "../abi/conntrack";
import { foldAddress, sameAddress } from "../packet/address";

/** Bytes from one entry to the next. */
function entryBytes<A>(): usize {
  if (sizeof<A>() === 16) return CONNTRACK_ENTRY_BYTES_V6;
  return CONNTRACK_ENTRY_BYTES_V4;
}

/** Bytes of a tuple; the reply tuple follows the original one, the state follows both. */
export function tupleBytes<A>(): usize {
  if (sizeof<A>() === 16) return 48;
  return 16;
}

/** Where an entry's state begins. */
export function stateOffset<A>(): usize {
  return tupleBytes<A>() * 2;
}

/** 32 bits of hash of a tuple; also tells slots apart. */
export function hashTuple<A>(source: A, destination: A, ports: u64): u32 {
  const mixed = foldAddress<A>(source) + rotl<u64>(foldAddress<A>(destination), 32);
  let hash = (mixed ^ rotl<u64>(ports, 21)) * MULTIPLIER_A;
  hash = (hash ^ (hash >>> 29) ^ ports) * MULTIPLIER_B;
  return (hash >>> 32) as u32;
}

// Odd constants with evenly spread bits: the golden ratio and splitmix64's first multiplier.
const MULTIPLIER_A: u64 = ((0x9e3779b9 as u64) << 32) | 0x7f4a7c15;
const MULTIPLIER_B: u64 = ((0xbf58476d as u64) << 32) | 0x1ce4e5b9;

export function storeTuple<A>(at: usize, source: A, destination: A, ports: u64): void {
  store<A>(at, source);
  store<A>(at + sizeof<A>(), destination);
  store<u64>(at + sizeof<A>() * 2, ports);
}

export function tupleSource<A>(at: usize): A {
  return load<A>(at);
}

export function tupleDestination<A>(at: usize): A {
  return load<A>(at + sizeof<A>());
}

export function tuplePorts<A>(at: usize): u64 {
  return load<u64>(at + sizeof<A>() * 2);
}

/** Prepare the region: no entries. Reads the entry limit and slot mask that the host has written. */
export function prepareTable(table: usize): void {
  const slotBytes = ((load<u32>(table, CONNTRACK_SLOT_MASK) as usize) + 1) << 3;
  const entries = (CONNTRACK_HEADER_BYTES + slotBytes + 63) & ~(63 as usize);
  store<u32>(table, CONNTRACK_HEADER_BYTES, CONNTRACK_SLOTS_AT);
  store<u32>(table, entries as u32, CONNTRACK_ENTRIES_AT);
  store<u32>(table, 0, CONNTRACK_COUNT);
  store<u32>(table, 0, CONNTRACK_FRESH);
  store<u32>(table, 0, CONNTRACK_FREE);
  store<u32>(table, u32.MAX_VALUE, CONNTRACK_SOONEST);
  memory.fill(table + CONNTRACK_HEADER_BYTES, 0, slotBytes);
}

/** The reference of a tuple: (entry index + 1) << 1 | direction, or 0. Expired entries are found too. */
export function find<A>(table: usize, source: A, destination: A, ports: u64, hash: u32): u32 {
  const mask = load<u32>(table, CONNTRACK_SLOT_MASK);
  const entries = table + load<u32>(table, CONNTRACK_ENTRIES_AT);
  let position = hash & mask;
  // The first slot decides nearly always; tried before the loop it is spared the loop's own cost.
  let slot = load<u64>(table + ((position as usize) << 3), CONNTRACK_HEADER_BYTES);
  if (slot === 0) return 0;
  if (leadsTo<A>(entries, slot, source, destination, ports, hash)) return slot as u32;
  while (true) {
    position = (position + 1) & mask;
    slot = load<u64>(table + ((position as usize) << 3), CONNTRACK_HEADER_BYTES);
    if (slot === 0) return 0;
    if (leadsTo<A>(entries, slot, source, destination, ports, hash)) return slot as u32;
  }
}

function leadsTo<A>(entries: usize, slot: u64, source: A, destination: A, ports: u64, hash: u32): bool {
  if (((slot >>> 32) as u32) !== hash) return false;
  const reference = slot as u32;
  const tuple = entries + ((reference >>> 1) - 1) * entryBytes<A>() + (reference & 1) * tupleBytes<A>();
  return sameTuple<A>(tuple, source, destination, ports);
}

/** Address of the entry that a reference leads to. */
export function entryOf<A>(table: usize, reference: u32): usize {
  return table + load<u32>(table, CONNTRACK_ENTRIES_AT) + ((reference >>> 1) - 1) * entryBytes<A>();
}

/**
 * Copy a built entry (both tuples and state, hashes filled in) into the table.
 * @returns its address, or 0 when the table is full even after expired entries were collected
 */
export function insert<A>(table: usize, built: usize, now: u32): usize {
  const index = takeFree<A>(table, now);
  if (index < 0) return 0;
  const entry = table + load<u32>(table, CONNTRACK_ENTRIES_AT) + (index as usize) * entryBytes<A>();
  copyEntry<A>(entry, built);
  const state = entry + stateOffset<A>();
  const reference = ((index as u32) + 1) << 1;
  place(table, load<u32>(state, CONNTRACK_STATE_HASH), reference);
  place(table, load<u32>(state, CONNTRACK_STATE_HASH_REPLY), reference | 1);
  store<u32>(table, load<u32>(table, CONNTRACK_COUNT) + 1, CONNTRACK_COUNT);
  noteDeadline(table, load<u32>(state, CONNTRACK_STATE_DEADLINE));
  return entry;
}

/** Whether one more flow would fit, expired entries collected if need be. */
export function hasRoom<A>(table: usize, now: u32): bool {
  const limit = load<u32>(table, CONNTRACK_ENTRIES_MAX);
  if (load<u32>(table, CONNTRACK_COUNT) < limit) return true;
  if (now < load<u32>(table, CONNTRACK_SOONEST)) return false;
  collect<A>(table, now);
  return load<u32>(table, CONNTRACK_COUNT) < limit;
}

/** Keep the lower bound of deadlines; called whenever an entry's deadline is set. */
export function noteDeadline(table: usize, deadline: u32): void {
  if (deadline < load<u32>(table, CONNTRACK_SOONEST)) store<u32>(table, deadline, CONNTRACK_SOONEST);
}

/** Take an entry out: both slots and the entry itself. */
export function remove<A>(table: usize, entry: usize): void {
  const index = ((entry - table - load<u32>(table, CONNTRACK_ENTRIES_AT)) / entryBytes<A>()) as u32;
  const state = entry + stateOffset<A>();
  const reference = (index + 1) << 1;
  unplace(table, load<u32>(state, CONNTRACK_STATE_HASH), reference);
  unplace(table, load<u32>(state, CONNTRACK_STATE_HASH_REPLY), reference | 1);
  store<u32>(state, load<u32>(table, CONNTRACK_FREE), CONNTRACK_STATE_NEXT_FREE);
  store<u32>(state, u32.MAX_VALUE, CONNTRACK_STATE_DEADLINE);
  store<u32>(table, index + 1, CONNTRACK_FREE);
  store<u32>(table, load<u32>(table, CONNTRACK_COUNT) - 1, CONNTRACK_COUNT);
}

/** By vectors: memory.copy of a few bytes is a call out of the module. */
function copyEntry<A>(to: usize, from: usize): void {
  store<v128>(to, load<v128>(from));
  store<v128>(to, load<v128>(from, 16), 16);
  store<v128>(to, load<v128>(from, 32), 32);
  store<v128>(to, load<v128>(from, 48), 48);
  if (sizeof<A>() === 16) {
    store<v128>(to, load<v128>(from, 64), 64);
    store<v128>(to, load<v128>(from, 80), 80);
    store<v128>(to, load<v128>(from, 96), 96);
    store<v128>(to, load<v128>(from, 112), 112);
  }
}

function sameTuple<A>(tuple: usize, source: A, destination: A, ports: u64): bool {
  if (sizeof<A>() === 16) {
    if (!sameAddress<A>(load<A>(tuple), source)) return false;
    if (!sameAddress<A>(load<A>(tuple, 16), destination)) return false;
    return load<u64>(tuple, 32) === ports;
  }
  const addresses = (source as u64) | ((destination as u64) << 32);
  if (load<u64>(tuple) === addresses) return load<u64>(tuple, 8) === ports;
  return false;
}

function place(table: usize, hash: u32, reference: u32): void {
  const mask = load<u32>(table, CONNTRACK_SLOT_MASK);
  let position = hash & mask;
  while (load<u64>(table + ((position as usize) << 3), CONNTRACK_HEADER_BYTES) !== 0)
    position = (position + 1) & mask;
  store<u64>(
    table + ((position as usize) << 3),
    ((hash as u64) << 32) | (reference as u64),
    CONNTRACK_HEADER_BYTES,
  );
}

/** Empty the slot of a reference and close the gap: later slots of the run move back towards their home. */
function unplace(table: usize, hash: u32, reference: u32): void {
  const mask = load<u32>(table, CONNTRACK_SLOT_MASK);
  const slots = table + CONNTRACK_HEADER_BYTES;
  let hole = hash & mask;
  while (load<u32>(slots + ((hole as usize) << 3)) !== reference) hole = (hole + 1) & mask;
  let next = (hole + 1) & mask;
  while (true) {
    const slot = load<u64>(slots + ((next as usize) << 3));
    if (slot === 0) break;
    const home = ((slot >>> 32) as u32) & mask;
    if (((next - home) & mask) >= ((next - hole) & mask)) {
      store<u64>(slots + ((hole as usize) << 3), slot);
      hole = next;
    }
    next = (next + 1) & mask;
  }
  store<u64>(slots + ((hole as usize) << 3), 0);
}

function takeFree<A>(table: usize, now: u32): i32 {
  if (!hasRoom<A>(table, now)) return -1;
  const free = load<u32>(table, CONNTRACK_FREE);
  if (free === 0) {
    const fresh = load<u32>(table, CONNTRACK_FRESH);
    store<u32>(table, fresh + 1, CONNTRACK_FRESH);
    return fresh as i32;
  }
  const entry = entryOf<A>(table, free << 1);
  store<u32>(table, load<u32>(entry + stateOffset<A>(), CONNTRACK_STATE_NEXT_FREE), CONNTRACK_FREE);
  return (free - 1) as i32;
}

/** Remove what expired, and learn when the next entry will. */
function collect<A>(table: usize, now: u32): void {
  const fresh = load<u32>(table, CONNTRACK_FRESH);
  const entries = table + load<u32>(table, CONNTRACK_ENTRIES_AT);
  let soonest = u32.MAX_VALUE;
  for (let index: u32 = 0; index < fresh; index++) {
    const entry = entries + (index as usize) * entryBytes<A>();
    const deadline = load<u32>(entry + stateOffset<A>(), CONNTRACK_STATE_DEADLINE);
    // A free entry's deadline is the largest number: it never looks expired.
    if (deadline <= now) remove<A>(table, entry);
    else if (deadline < soonest) soonest = deadline;
  }
  store<u32>(table, soonest, CONNTRACK_SOONEST);
}
