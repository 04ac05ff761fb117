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
  CONNTRACK_STATE_MODE,
  CONNTRACK_STATE_NEXT_FREE,
  CONNTRACK_STATE_PROTOCOL,
} from "../abi/conntrack";
import { foldAddress } from "../packet/address";

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

/** The bytes of a packet record or flight from its source port on that are a tuple's: two ports, the protocol. */
export const TUPLE_PORTS_BITS: u64 = ((0xff as u64) << 32) | 0xffffffff;

/** Hash of a tuple; also tells slots apart. Its top bit is set, so that no tuple has the hash of an empty slot. */
export function hashTuple<A>(source: A, destination: A, ports: u64): u32 {
  const mixed = foldAddress<A>(source) + rotl<u64>(foldAddress<A>(destination), 32);
  let hash = (mixed ^ rotl<u64>(ports, 21)) * MULTIPLIER_A;
  hash = (hash ^ (hash >>> 29) ^ ports) * MULTIPLIER_B;
  return ((hash >>> 32) as u32) | 0x80000000;
}

// Odd constants with evenly spread bits: the golden ratio and splitmix64's first multiplier.
const MULTIPLIER_A: u64 = ((0x9e3779b9 as u64) << 32) | 0x7f4a7c15;
const MULTIPLIER_B: u64 = ((0xbf58476d as u64) << 32) | 0x1ce4e5b9;

export function storeTuple<A>(at: usize, source: A, destination: A, ports: u64): void {
  if (sizeof<A>() === 16) {
    store<A>(at, source);
    store<A>(at, destination, 16);
    store<u64>(at, ports, 32);
  } else {
    store<u64>(at, (source as u64) | ((destination as u64) << 32));
    store<u64>(at, ports, 8);
  }
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

/**
 * Where a tuple stands in the table: the address of its copy in an entry, or 0. Expired entries are found too.
 * directionOf and entryOf say what it is part of.
 */
export function find<A>(table: usize, source: A, destination: A, ports: u64, hash: u32): usize {
  const mask = load<u32>(table, CONNTRACK_SLOT_MASK);
  const entries = table + load<u32>(table, CONNTRACK_ENTRIES_AT);
  let position = hash & mask;
  // The first slot decides nearly always; tried before the loop it is spared the loop's own cost.
  let slot = load<u64>(table + ((position as usize) << 3), CONNTRACK_HEADER_BYTES);
  if (((slot >>> 32) as u32) === hash) {
    const tuple = tupleOf<A>(entries, slot as u32);
    if (sameTuple<A>(tuple, source, destination, ports)) return tuple;
  }
  while (slot !== 0) {
    position = (position + 1) & mask;
    slot = load<u64>(table + ((position as usize) << 3), CONNTRACK_HEADER_BYTES);
    if (((slot >>> 32) as u32) === hash) {
      const tuple = tupleOf<A>(entries, slot as u32);
      if (sameTuple<A>(tuple, source, destination, ports)) return tuple;
    }
  }
  return 0;
}

/** Address of the tuple that a reference, (entry index + 1) << 1 | direction, leads to. */
function tupleOf<A>(entries: usize, reference: u32): usize {
  return entries - entryBytes<A>() + (reference >>> 1) * entryBytes<A>() + (reference & 1) * tupleBytes<A>();
}

/** 0 for an entry's original tuple, 1 for its reply: entries begin on multiples of 64, replies 16 or 48 behind. */
export function directionOf(tuple: usize): u32 {
  return ((tuple >>> 4) & 1) as u32;
}

/** Address of the entry that a tuple is part of. */
export function entryOf<A>(tuple: usize): usize {
  return tuple - (directionOf(tuple) as usize) * tupleBytes<A>();
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

/** Whether every entry is in use, perhaps by expired flows. */
export function isFull(table: usize): bool {
  return load<u32>(table, CONNTRACK_COUNT) >= load<u32>(table, CONNTRACK_ENTRIES_MAX);
}

/** Collect the expired entries of a full table. @returns whether there were any */
export function makeRoom<A>(table: usize, now: u32): bool {
  if (now < load<u32>(table, CONNTRACK_SOONEST)) return false;
  collect<A>(table, now);
  return !isFull(table);
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

/**
 * In the pieces that it was built of: a processor hands a value from a store to a load of the same bytes, but a load
 * of several stores' bytes waits until all of them have reached the cache.
 */
function copyEntry<A>(to: usize, from: usize): void {
  copyTuple<A>(to, from);
  copyTuple<A>(to + tupleBytes<A>(), from + tupleBytes<A>());
  const state = to + stateOffset<A>();
  const built = from + stateOffset<A>();
  store<u32>(state, load<u32>(built, CONNTRACK_STATE_DEADLINE), CONNTRACK_STATE_DEADLINE);
  store<u32>(state, load<u32>(built, CONNTRACK_STATE_PROTOCOL), CONNTRACK_STATE_PROTOCOL);
  store<u32>(state, load<u32>(built, CONNTRACK_STATE_HASH), CONNTRACK_STATE_HASH);
  store<u32>(state, load<u32>(built, CONNTRACK_STATE_HASH_REPLY), CONNTRACK_STATE_HASH_REPLY);
  store<u32>(state, load<u32>(built, CONNTRACK_STATE_MODE), CONNTRACK_STATE_MODE);
}

function copyTuple<A>(to: usize, from: usize): void {
  if (sizeof<A>() === 16) {
    store<v128>(to, load<v128>(from));
    store<v128>(to, load<v128>(from, 16), 16);
    store<u64>(to, load<u64>(from, 32), 32);
  } else {
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, 8), 8);
  }
}

/** One expression: V8 would turn branches that end in a boolean into a value, and test that. */
function sameTuple<A>(tuple: usize, source: A, destination: A, ports: u64): bool {
  if (sizeof<A>() === 16) {
    const addresses = v128.or(
      v128.xor(load<v128>(tuple), source as v128),
      v128.xor(load<v128>(tuple, 16), destination as v128),
    );
    return !v128.any_true(v128.or(addresses, i64x2.splat(load<u64>(tuple, 32) ^ ports)));
  }
  const addresses = (source as u64) | ((destination as u64) << 32);
  return ((load<u64>(tuple) ^ addresses) | (load<u64>(tuple, 8) ^ ports)) === 0;
}

function place(table: usize, hash: u32, reference: u32): void {
  const mask = load<u32>(table, CONNTRACK_SLOT_MASK);
  let position = hash & mask;
  let slot = table + ((position as usize) << 3);
  if (load<u64>(slot, CONNTRACK_HEADER_BYTES) !== 0) {
    do {
      position = (position + 1) & mask;
      slot = table + ((position as usize) << 3);
    } while (load<u64>(slot, CONNTRACK_HEADER_BYTES) !== 0);
  }
  store<u64>(slot, ((hash as u64) << 32) | (reference as u64), CONNTRACK_HEADER_BYTES);
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

/** Index of an entry to fill, or -1 when there is none. */
function takeFree<A>(table: usize, now: u32): i32 {
  if (isFull(table)) {
    if (!makeRoom<A>(table, now)) return -1;
  }
  const free = load<u32>(table, CONNTRACK_FREE);
  if (free !== 0) return reuse<A>(table, free);
  const fresh = load<u32>(table, CONNTRACK_FRESH);
  store<u32>(table, fresh + 1, CONNTRACK_FRESH);
  return fresh as i32;
}

function reuse<A>(table: usize, free: u32): i32 {
  const entry = tupleOf<A>(table + load<u32>(table, CONNTRACK_ENTRIES_AT), free << 1);
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
