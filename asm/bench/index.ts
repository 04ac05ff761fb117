// The hot kernels alone (all but one: bench-insert), for bench/native: the same functions that the modes use, without the packet path around them
// (flows has the part of the path that conntrack needs). Each takes packet records and returns how many of them fitted,
// so that nothing is optimised away.
import { CONTEXT_CONNTRACK, CONTEXT_IMAGE } from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import { HOOK_PREROUTING, IPTABLES_REGION_SETS } from "../abi/iptables";
import { SET_SLOT_MASK, SETS_HEAD_BYTES } from "../abi/ipset";
import {
  PACKET_DESTINATION,
  PACKET_DESTINATION_PORT,
  PACKET_PROTOCOL,
  PACKET_SOURCE,
  PACKET_SOURCE_PORT,
  PACKET_STRIDE,
} from "../abi/packet";
import { confirm, prepareFlows, track } from "../conntrack/flow";
import { find, hashTuple, TUPLE_PORTS_BITS } from "../conntrack/table";
import { hasSlot, slotsOf } from "../ipset/probe";
import { walkChain } from "../iptables/walk";
import { resetCounters } from "../packet/counters";
import { take } from "../packet/flight";

/** Empty the conntrack table and the counters. */
export function init(context: usize): void {
  resetCounters(context);
  prepareFlows(context);
}

/** Walk one chain for every packet; counts packets that were not accepted. */
export function walk(context: usize, packets: usize, count: u32, chain: u32): u32 {
  let stopped: u32 = 0;
  const end = packets + (count as usize) * PACKET_STRIDE;
  for (let packet = packets; packet < end; packet += PACKET_STRIDE) {
    take(context, packet);
    if (walkChain<u32>(context, chain, HOOK_PREROUTING) !== 0) stopped++;
  }
  return stopped;
}

/** Look every packet's destination, protocol and port up in the first set; counts the members. */
export function probe(context: usize, packets: usize, count: u32, _chain: u32): u32 {
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const sets = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_SETS * IMAGE_REGION_STRIDE);
  // Loaded once, as the C compiler does with what no store in the loop can change.
  const slots = slotsOf(context, sets + SETS_HEAD_BYTES);
  const mask = load<u32>(sets + SETS_HEAD_BYTES, SET_SLOT_MASK);
  let members: u32 = 0;
  const end = packets + (count as usize) * PACKET_STRIDE;
  for (let packet = packets; packet < end; packet += PACKET_STRIDE) {
    const protocol = load<u8>(packet, PACKET_PROTOCOL) as u32;
    const key = (load<u16>(packet, PACKET_DESTINATION_PORT) as u32) | (protocol << 16);
    if (hasSlot<u32>(slots, mask, load<u32>(packet, PACKET_DESTINATION), 0, key)) members++;
  }
  return members;
}

/** Find every packet's tuple in the conntrack table; counts those found. */
export function lookup(context: usize, packets: usize, count: u32, _chain: u32): u32 {
  const table = load<u32>(context, CONTEXT_CONNTRACK) as usize;
  let found: u32 = 0;
  const end = packets + (count as usize) * PACKET_STRIDE;
  for (let packet = packets; packet < end; packet += PACKET_STRIDE) {
    const source = load<u32>(packet, PACKET_SOURCE);
    const destination = load<u32>(packet, PACKET_DESTINATION);
    const ports = load<u64>(packet, PACKET_SOURCE_PORT) & TUPLE_PORTS_BITS;
    const hash = hashTuple<u32>(source, destination, ports);
    if (find<u32>(table, source, destination, ports, hash) !== 0) found++;
  }
  return found;
}

/** Conntrack's whole stage: find or open and confirm every packet's flow; counts the packets that had room. */
export function flows(context: usize, packets: usize, count: u32, _chain: u32): u32 {
  let tracked: u32 = 0;
  const end = packets + (count as usize) * PACKET_STRIDE;
  for (let packet = packets; packet < end; packet += PACKET_STRIDE) {
    take(context, packet);
    if (track<u32>(context)) {
      if (confirm<u32>(context)) tracked++;
    }
  }
  return tracked;
}
