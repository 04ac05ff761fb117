// Named sets and maps: a key made of packet fields, looked up in a hash table laid out by abi/nftables.
// Cost: one slot line per lookup at load <= 1/2.
import {
  NFT_HASH_A,
  NFT_HASH_B,
  NFT_HASH_C,
  NFT_KEY_FIRST,
  NFT_KEY_FIRST_IS_DESTINATION,
  NFT_KEY_PORT,
  NFT_KEY_PORT_IS_DESTINATION,
  NFT_KEY_PROTOCOL,
  NFT_KEY_SECOND,
  NFT_KEY_SECOND_IS_DESTINATION,
  NFT_SLOT_BYTES_V4,
  NFT_SLOT_BYTES_V6,
  NFT_SLOT_BYTES_V6_TWO,
  NFT_SLOT_VALUE_V4,
  NFT_SLOT_VALUE_V6,
  NFT_TABLE_SLOT_MASK,
  NFT_TABLE_SLOTS_AT,
} from "../abi/nftables";
import { sameAddress } from "../packet/address";
import {
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_PROTOCOL,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
} from "../packet/flight";

/** The value stored for the flight's key, or 0. `parts`: NFT_KEY_ bits. */
export function lookUp<A>(context: usize, image: usize, table: usize, parts: u32): u32 {
  const slots = slotsOf(image, table);
  const mask = load<u32>(table, NFT_TABLE_SLOT_MASK);
  const service = serviceOf(context, parts);
  const first = addressOf<A>(context, parts & NFT_KEY_FIRST, parts & NFT_KEY_FIRST_IS_DESTINATION);
  const second = addressOf<A>(context, parts & NFT_KEY_SECOND, parts & NFT_KEY_SECOND_IS_DESTINATION);
  if (sizeof<A>() === 16) {
    if (parts & NFT_KEY_SECOND) return probeV6Two(slots, mask, first as v128, second as v128, service);
    return probeV6(slots, mask, first as v128, service);
  }
  return probeV4(slots, mask, first as u32, second as u32, service);
}

/** Whether an address is in a set of single addresses. */
export function hasAddress<A>(image: usize, table: usize, address: A): bool {
  const slots = slotsOf(image, table);
  const mask = load<u32>(table, NFT_TABLE_SLOT_MASK) as usize;
  let position = homeOf<A>(table, address, 0);
  while (true) {
    const held = load<A>(slots + position * sizeof<A>());
    // An empty slot is address zero, which is in no set.
    if (isZero<A>(held)) return false;
    if (sameAddress<A>(held, address)) return true;
    position = (position + 1) & mask;
  }
}

/** Address of a table's first slot. */
export function slotsOf(image: usize, table: usize): usize {
  return image + load<u32>(table, NFT_TABLE_SLOTS_AT);
}

/** Position at which the search for a key of one address begins. `service`: protocol << 16 | port, or 0. */
export function homeOf<A>(table: usize, address: A, service: u32): usize {
  const mask = load<u32>(table, NFT_TABLE_SLOT_MASK);
  if (sizeof<A>() === 16) return (hashKey(foldWords(address as v128), 0, service) & mask) as usize;
  return (hashKey(address as u32, 0, service) & mask) as usize;
}

function isZero<A>(address: A): bool {
  if (sizeof<A>() === 16) return !v128.any_true(address as v128);
  return (address as u32) === 0;
}

function probeV4(slots: usize, mask: u32, first: u32, second: u32, service: u32): u32 {
  const key = (first as u64) | ((service as u64) << 32);
  let position = hashKey(first, second, service) & mask;
  while (true) {
    const slot = slots + (position as usize) * NFT_SLOT_BYTES_V4;
    const value = load<u32>(slot, NFT_SLOT_VALUE_V4);
    if (load<u64>(slot) === key) {
      if (load<u32>(slot, 8) === second) return value;
    }
    if (value === 0) return 0;
    position = (position + 1) & mask;
  }
}

function probeV6(slots: usize, mask: u32, first: v128, service: u32): u32 {
  let position = hashKey(foldWords(first), 0, service) & mask;
  while (true) {
    const slot = slots + (position as usize) * NFT_SLOT_BYTES_V6;
    const value = load<u32>(slot, NFT_SLOT_VALUE_V6);
    if (load<u32>(slot, 16) === service) {
      if (sameAddress<v128>(load<v128>(slot), first)) return value;
    }
    if (value === 0) return 0;
    position = (position + 1) & mask;
  }
}

function probeV6Two(slots: usize, mask: u32, first: v128, second: v128, service: u32): u32 {
  let position = hashKey(foldWords(first), foldWords(second), service) & mask;
  while (true) {
    const slot = slots + (position as usize) * NFT_SLOT_BYTES_V6_TWO;
    const value = load<u32>(slot, NFT_SLOT_VALUE_V6);
    if (load<u32>(slot, 16) === service) {
      if (sameAddress<v128>(load<v128>(slot), first)) {
        if (sameAddress<v128>(load<v128>(slot, 32), second)) return value;
      }
    }
    if (value === 0) return 0;
    position = (position + 1) & mask;
  }
}

/** Protocol << 16 | port, without the parts that the key lacks. */
function serviceOf(context: usize, parts: u32): u32 {
  let service: u32 = 0;
  if (parts & NFT_KEY_PORT) {
    if (parts & NFT_KEY_PORT_IS_DESTINATION) service = load<u16>(context, FLIGHT_DESTINATION_PORT);
    else service = load<u16>(context, FLIGHT_SOURCE_PORT);
  }
  if (parts & NFT_KEY_PROTOCOL) service |= (load<u8>(context, FLIGHT_PROTOCOL) as u32) << 16;
  return service;
}

function addressOf<A>(context: usize, present: u32, destination: u32): A {
  if (present) {
    if (destination) return load<A>(context, FLIGHT_DESTINATION);
    return load<A>(context, FLIGHT_SOURCE);
  }
  if (sizeof<A>() === 16) return i64x2.splat(0) as A;
  return 0 as A;
}

function hashKey(first: u32, second: u32, service: u32): u32 {
  let hash = (first ^ (service * NFT_HASH_A)) * NFT_HASH_B;
  hash = (hash ^ (hash >>> 15) ^ (second * NFT_HASH_C)) * NFT_HASH_A;
  return hash ^ (hash >>> 13);
}

/** The four words of an address as one. */
function foldWords(address: v128): u32 {
  let folded = v128.extract_lane<u32>(address, 0);
  folded = rotl<u32>(folded, 7) * NFT_HASH_C + v128.extract_lane<u32>(address, 1);
  folded = rotl<u32>(folded, 7) * NFT_HASH_C + v128.extract_lane<u32>(address, 2);
  return rotl<u32>(folded, 7) * NFT_HASH_C + v128.extract_lane<u32>(address, 3);
}
