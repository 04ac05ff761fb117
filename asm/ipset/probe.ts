// Membership tests of ipset sets laid out by abi/ipset.
// Why one function per key shape: the walk calls it once per set match, and the shape is known from the set's type.
// Cost: one slot line per test at load <= 1/2; per prefix length in use for sets with networks.
// Source of the semantics: net/netfilter/ipset/ip_set_hash_gen.h, ip_set_bitmap_port.c.
import { CONTEXT_IMAGE } from "../abi/context";
import {
  NET_BYTES,
  NET_LENGTH,
  NET_MASK,
  SET_HASH_MULTIPLIER_A,
  SET_HASH_MULTIPLIER_B,
  SET_HASH_MULTIPLIER_C,
  SET_NETS_AT,
  SET_NETS_COUNT,
  SET_RANGE_FIRST,
  SET_RANGE_LAST,
  SET_SLOT_MEMBER,
  SET_SLOT_USED,
  SET_SLOT_BYTES_V4,
  SET_SLOT_BYTES_V6,
  SET_SLOT_MASK,
  SET_SLOTS_AT,
  SET_TYPE,
  SET_TYPE_BITMAP_PORT,
  SET_TYPE_HASH_IP,
  SET_TYPE_HASH_IP_PORT,
  SET_TYPE_HASH_IP_PORT_IP,
  SET_TYPE_HASH_NET,
} from "../abi/ipset";
import { PROTOCOL_TCP, PROTOCOL_UDP } from "../abi/packet";
import { sameAddress } from "../packet/address";
import {
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_PROTOCOL,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
} from "../packet/flight";

/**
 * Whether the flight's key is in a set.
 * @param header address of the set's header
 * @param sides bit i set when dimension i of the key comes from the destination
 */
export function inSet<A>(context: usize, header: usize, sides: u32): bool {
  const type = load<u8>(header, SET_TYPE) as u32;
  if (type !== SET_TYPE_HASH_IP_PORT) return inOtherSet<A>(context, header, sides, type);
  return hasKey<A>(context, header, side<A>(context, sides & 1), zeroAddress<A>(), portKey(context, sides));
}

/** Every type but the most frequent one. */
function inOtherSet<A>(context: usize, header: usize, sides: u32, type: u32): bool {
  const first = side<A>(context, sides & 1);
  if (type === SET_TYPE_HASH_IP) return hasKey<A>(context, header, first, zeroAddress<A>(), 0);
  if (type === SET_TYPE_HASH_NET) return hasNetwork<A>(context, header, zeroAddress<A>(), first, 0);
  if (type === SET_TYPE_BITMAP_PORT) return hasPort(context, header, sides & 1);
  const key = portKey(context, sides);
  const second = side<A>(context, sides & 4);
  if (type === SET_TYPE_HASH_IP_PORT_IP) return hasKey<A>(context, header, first, second, key);
  return hasNetwork<A>(context, header, first, second, key);
}

/** Protocol and second dimension's port; protocols without ports are in no set of ports. */
function portKey(context: usize, sides: u32): u32 {
  return portOf(context, sides & 2) | ((load<u8>(context, FLIGHT_PROTOCOL) as u32) << 16);
}

/** Whether `address` is in the hash:ip set with this header: what addrtype LOCAL asks of the local addresses. */
export function hasAddress<A>(context: usize, header: usize, address: A): bool {
  return hasKey<A>(context, header, address, zeroAddress<A>(), 0);
}

/** A word of the slot at which the search for a key of one address begins, whatever key that slot holds. */
export function homeWord<A>(context: usize, header: usize, first: A, key: u32): u32 {
  const home = hashKey<A>(first, zeroAddress<A>(), key) & load<u32>(header, SET_SLOT_MASK);
  return load<u32>(slotsOf(context, header) + (home as usize) * slotBytes<A>());
}

/** Whether the exact key is a member. `key`: port | protocol << 16 | prefix << 24. */
function hasKey<A>(context: usize, header: usize, first: A, second: A, key: u32): bool {
  return hasSlot<A>(slotsOf(context, header), load<u32>(header, SET_SLOT_MASK), first, second, key);
}

/** Address of the slots of the set with this header. */
export function slotsOf(context: usize, header: usize): usize {
  return (load<u32>(context, CONTEXT_IMAGE) + load<u32>(header, SET_SLOTS_AT)) as usize;
}

/** hasKey for who asks one set often: `slots` from slotsOf, `mask` from the header. */
export function hasSlot<A>(slots: usize, mask: u32, first: A, second: A, key: u32): bool {
  const member = (key as u64) | ((SET_SLOT_MEMBER as u64) << 32);
  let position = hashKey<A>(first, second, key) & mask;
  // The first slot decides nearly always; tried before the loop it is spared the loop's own cost.
  let slot = slots + (position as usize) * slotBytes<A>();
  if (isSlot<A>(slot, first, second, member)) return true;
  while (load<u32>(slot + keyOffset<A>(), SET_SLOT_USED) !== 0) {
    position = (position + 1) & mask;
    slot = slots + (position as usize) * slotBytes<A>();
    if (isSlot<A>(slot, first, second, member)) return true;
  }
  return false;
}

/** Whether a slot is exactly this: addresses, then key and used word as one. */
function isSlot<A>(slot: usize, first: A, second: A, tail: u64): bool {
  const stored = load<u64>(slot + keyOffset<A>());
  if (sizeof<A>() === 16) {
    const addresses = v128.or(
      v128.xor(load<v128>(slot), first as v128),
      v128.xor(load<v128>(slot, 16), second as v128),
    );
    return !v128.any_true(v128.or(addresses, i64x2.splat(stored ^ tail)));
  }
  const addresses = (first as u64) | ((second as u64) << 32);
  return ((load<u64>(slot) ^ addresses) | (stored ^ tail)) === 0;
}

/**
 * What is stored under the exact key: 0 nothing, SET_SLOT_MEMBER, SET_SLOT_EXCEPTION (nomatch).
 * Twin of the hash: src/dataplane/ipset/hash.ts.
 */
function findKey<A>(context: usize, header: usize, first: A, second: A, key: u32): u32 {
  const slots = slotsOf(context, header);
  const mask = load<u32>(header, SET_SLOT_MASK);
  let position = hashKey<A>(first, second, key) & mask;
  // The first slot decides nearly always; tried before the loop it is spared the loop's own cost.
  const slot = slots + (position as usize) * slotBytes<A>();
  if (holdsKey<A>(slot, first, second, key)) return load<u32>(slot + keyOffset<A>(), SET_SLOT_USED);
  if (load<u32>(slot + keyOffset<A>(), SET_SLOT_USED) === 0) return 0;
  while (true) {
    position = (position + 1) & mask;
    const next = slots + (position as usize) * slotBytes<A>();
    if (holdsKey<A>(next, first, second, key)) return load<u32>(next + keyOffset<A>(), SET_SLOT_USED);
    if (load<u32>(next + keyOffset<A>(), SET_SLOT_USED) === 0) return 0;
  }
}

/** Whether a slot holds this key. An empty slot may seem to hold the key of zeroes: its used word is then 0, too. */
function holdsKey<A>(slot: usize, first: A, second: A, key: u32): bool {
  if (sizeof<A>() === 16) {
    if (!sameAddress<A>(load<A>(slot), first)) return false;
    if (!sameAddress<A>(load<A>(slot, 16), second)) return false;
    return load<u32>(slot, 32) === key;
  }
  if (load<u64>(slot) !== ((first as u64) | ((second as u64) << 32))) return false;
  return load<u32>(slot, 8) === key;
}

function hasNetwork<A>(context: usize, header: usize, first: A, second: A, key: u32): bool {
  let net = (load<u32>(context, CONTEXT_IMAGE) + load<u32>(header, SET_NETS_AT)) as usize;
  const end = net + (load<u32>(header, SET_NETS_COUNT) as usize) * NET_BYTES;
  for (; net < end; net += NET_BYTES) {
    const masked = maskAddress<A>(second, load<A>(net, NET_MASK));
    const found = findKey<A>(context, header, first, masked, key | (load<u32>(net, NET_LENGTH) << 24));
    if (found !== 0) return found === SET_SLOT_MEMBER;
  }
  return false;
}

function hasPort(context: usize, header: usize, fromDestination: u32): bool {
  // The kernel's bitmap:port reads the ports of TCP and UDP only.
  const protocol = load<u8>(context, FLIGHT_PROTOCOL) as u32;
  if (protocol !== PROTOCOL_TCP) {
    if (protocol !== PROTOCOL_UDP) return false;
  }
  const port = portOf(context, fromDestination);
  const first = load<u32>(header, SET_RANGE_FIRST);
  if (port < first || port > load<u32>(header, SET_RANGE_LAST)) return false;
  const bit = port - first;
  const bits = load<u8>(
    (load<u32>(context, CONTEXT_IMAGE) + load<u32>(header, SET_SLOTS_AT) + (bit >>> 3)) as usize,
  ) as u32;
  return ((bits >>> (bit & 7)) & 1) !== 0;
}

function side<A>(context: usize, fromDestination: u32): A {
  if (fromDestination) return load<A>(context, FLIGHT_DESTINATION);
  return load<A>(context, FLIGHT_SOURCE);
}

function portOf(context: usize, fromDestination: u32): u32 {
  if (fromDestination) return load<u16>(context, FLIGHT_DESTINATION_PORT);
  return load<u16>(context, FLIGHT_SOURCE_PORT);
}

function zeroAddress<A>(): A {
  if (sizeof<A>() === 16) return i64x2.splat(0) as A;
  return 0 as A;
}

function maskAddress<A>(address: A, mask: A): A {
  if (sizeof<A>() === 16) return v128.and(address as v128, mask as v128) as A;
  return ((address as u32) & (mask as u32)) as A;
}

function slotBytes<A>(): usize {
  if (sizeof<A>() === 16) return SET_SLOT_BYTES_V6;
  return SET_SLOT_BYTES_V4;
}

function keyOffset<A>(): usize {
  return sizeof<A>() * 2;
}

function hashKey<A>(first: A, second: A, key: u32): u32 {
  let hash =
    (foldWords<A>(first) * SET_HASH_MULTIPLIER_A) ^
    (rotl<u32>(foldWords<A>(second), 16) * SET_HASH_MULTIPLIER_B);
  hash = (hash ^ (hash >>> 15) ^ key) * SET_HASH_MULTIPLIER_C;
  hash = (hash ^ (hash >>> 13)) * SET_HASH_MULTIPLIER_A;
  return hash ^ (hash >>> 16);
}

/** The four words of an address as one; IPv4 is its own word. */
function foldWords<A>(address: A): u32 {
  if (sizeof<A>() === 16) {
    let folded = v128.extract_lane<u32>(address as v128, 0);
    folded = rotl<u32>(folded, 7) * SET_HASH_MULTIPLIER_C + v128.extract_lane<u32>(address as v128, 1);
    folded = rotl<u32>(folded, 7) * SET_HASH_MULTIPLIER_C + v128.extract_lane<u32>(address as v128, 2);
    return rotl<u32>(folded, 7) * SET_HASH_MULTIPLIER_C + v128.extract_lane<u32>(address as v128, 3);
  }
  return address as u32;
}
