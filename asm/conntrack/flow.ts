// Conntrack as the packet path uses it: track() at the start, confirm() at the end.
// A new flow's entry is built in the flight and copied into the table only when it is confirmed: a dropped first
// packet leaves nothing behind, as in the kernel. Source: net/netfilter/nf_conntrack_core.c.
import {
  CONNTRACK_STATE_DEADLINE,
  CONNTRACK_STATE_HASH,
  CONNTRACK_STATE_HASH_REPLY,
  CONNTRACK_STATE_MODE,
  CONNTRACK_STATE_PROTOCOL,
  CONNTRACK_STATE_STATUS,
  CONNTRACK_STATUS_MASQUERADED,
  CONNTRACK_STATUS_SEEN_REPLY,
} from "../abi/conntrack";
import {
  CONTEXT_CONNTRACK,
  CONTEXT_NOW_MS,
  COUNTER_CT_INSERTS,
  COUNTER_CT_LOOKUPS,
  DROP_REASON_CONNTRACK_FULL,
} from "../abi/context";
import { CT_STATE_ESTABLISHED, CT_STATE_INVALID, CT_STATE_NEW } from "../abi/packet";
import { count } from "../packet/counters";
import {
  FLIGHT_BIT_DESTINATION_PENDING,
  FLIGHT_BIT_KNOWN,
  FLIGHT_BIT_SOURCE_PENDING,
  FLIGHT_CT_BITS,
  FLIGHT_CT_STATE,
  FLIGHT_DESTINATION,
  FLIGHT_DIRECTION,
  FLIGHT_ENTRY,
  FLIGHT_NEW_ENTRY,
  FLIGHT_PROTOCOL,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
  FLIGHT_TCP_FLAGS,
  setReason,
} from "../packet/flight";
import { advance, begin, isRefused, keepsDeadline, STATE_INVALID, STATE_REOPEN, timeoutMs } from "./protocol";
import {
  directionOf,
  entryOf,
  find,
  hashTuple,
  insert,
  isFull,
  makeRoom,
  noteDeadline,
  prepareTable,
  remove,
  stateOffset,
  storeTuple,
  TUPLE_PORTS_BITS,
  tupleBytes,
  tuplePorts,
  tupleDestination,
  tupleSource,
} from "./table";
import { mayReopen, noteLast } from "./reopen";

/** Empty the conntrack table of a context. The host has written its limit, slot mask and family. */
export function prepareFlows(context: usize): void {
  const table = load<u32>(context, CONTEXT_CONNTRACK) as usize;
  prepareTable(table);
}

/**
 * Find the flight's flow, or build one for its first packet: sets ct state, ct bits, direction and entry of a flight
 * just taken.
 * @returns false when the table is full: the packet is dropped, reason conntrack-full
 */
export function track<A>(context: usize): bool {
  count(context, COUNTER_CT_LOOKUPS);
  const table = load<u32>(context, CONTEXT_CONNTRACK) as usize;
  const now = load<u32>(context, CONTEXT_NOW_MS);
  const source = load<A>(context, FLIGHT_SOURCE);
  const destination = load<A>(context, FLIGHT_DESTINATION);
  const ports = flightPorts(context);
  const hash = hashTuple<A>(source, destination, ports);
  const tuple = find<A>(table, source, destination, ports, hash);
  if (tuple !== 0) {
    const entry = entryOf<A>(tuple);
    const state = entry + stateOffset<A>();
    if (load<u32>(state, CONNTRACK_STATE_DEADLINE) > now) {
      const direction = directionOf(tuple);
      const before = load<u8>(state, CONNTRACK_STATE_PROTOCOL) as u32;
      const flags = load<u8>(context, FLIGHT_TCP_FLAGS);
      const protocol = load<u8>(context, FLIGHT_PROTOCOL);
      const next = mayReopen(state, direction, advance(protocol, before, direction, flags));
      if (next !== STATE_REOPEN) {
        noteLast(state, protocol, direction, flags, next);
        resume<A>(context, table, entry, direction, now, next);
        return true;
      }
    }
    remove<A>(table, entry);
  }
  return open<A>(context, table, source, destination, ports, hash, now);
}

/**
 * Make a new flow's entry findable; nothing for a flow that is in the table already, or for an untracked packet.
 * @returns false when it cannot be: the packet is dropped
 */
export function confirm<A>(context: usize): bool {
  if (!isDraft(context)) return true;
  const built = context + FLIGHT_NEW_ENTRY;
  const table = load<u32>(context, CONTEXT_CONNTRACK) as usize;
  const reply = built + tupleBytes<A>();
  const hash = hashTuple<A>(tupleSource<A>(reply), tupleDestination<A>(reply), tuplePorts<A>(reply));
  store<u32>(built + stateOffset<A>(), hash, CONNTRACK_STATE_HASH_REPLY);
  const entry = insert<A>(table, built, load<u32>(context, CONTEXT_NOW_MS));
  if (entry === 0) {
    setReason(context, DROP_REASON_CONNTRACK_FULL);
    return false;
  }
  count(context, COUNTER_CT_INSERTS);
  store<u32>(context, entry as u32, FLIGHT_ENTRY);
  return true;
}

/** Whether the flight's flow is new and not in the table yet. */
export function isDraft(context: usize): bool {
  return (load<u32>(context, FLIGHT_ENTRY) as usize) === context + FLIGHT_NEW_ENTRY;
}

/** The flight's ports and protocol as a tuple has them. */
export function flightPorts(context: usize): u64 {
  return load<u64>(context, FLIGHT_SOURCE_PORT) & TUPLE_PORTS_BITS;
}

/** A packet of a known flow; `next` is what advance says of it. */
function resume<A>(context: usize, table: usize, entry: usize, direction: u32, now: u32, next: u32): void {
  const state = entry + stateOffset<A>();
  if (next === STATE_INVALID) {
    store<u32>(context, CT_STATE_INVALID, FLIGHT_CT_STATE);
    return;
  }
  const before = load<u8>(state, CONNTRACK_STATE_STATUS) as u32;
  const status = before | (direction * CONNTRACK_STATUS_SEEN_REPLY);
  store<u8>(state, status as u8, CONNTRACK_STATE_STATUS);
  if (!keepsDeadline(next, before)) {
    const timeout = isRefused(next, before) ? 0 : timeoutMs(load<u8>(context, FLIGHT_PROTOCOL), next, status);
    const deadline = deadlineAfter(now, timeout);
    store<u8>(state, next as u8, CONNTRACK_STATE_PROTOCOL);
    store<u32>(state, deadline, CONNTRACK_STATE_DEADLINE);
    noteDeadline(table, deadline);
  }
  store<u32>(context, entry as u32, FLIGHT_ENTRY);
  store<u32>(context, direction, FLIGHT_DIRECTION);
  const seen = (status & CONNTRACK_STATUS_SEEN_REPLY) !== 0;
  store<u32>(context, seen ? CT_STATE_ESTABLISHED : CT_STATE_NEW, FLIGHT_CT_STATE);
  // Status bits DNAT and SNAT, moved down, are the flight's; MASQUERADED, moved up, counts in the original direction.
  const masqueraded = ((status & CONNTRACK_STATUS_MASQUERADED) << 1) & (direction - 1);
  store<u32>(context, ((status >>> 2) & 3) | masqueraded | FLIGHT_BIT_KNOWN, FLIGHT_CT_BITS);
}

/** The first packet of a flow: build its entry in the flight. */
function open<A>(
  context: usize,
  table: usize,
  source: A,
  destination: A,
  ports: u64,
  hash: u32,
  now: u32,
): bool {
  const protocol = load<u8>(context, FLIGHT_PROTOCOL) as u32;
  const first = begin(protocol, load<u8>(context, FLIGHT_TCP_FLAGS));
  if (first >= STATE_REOPEN) {
    store<u32>(context, CT_STATE_INVALID, FLIGHT_CT_STATE);
    return true;
  }
  if (isFull(table)) {
    if (!makeRoom<A>(table, now)) {
      setReason(context, DROP_REASON_CONNTRACK_FULL);
      return false;
    }
  }
  const built = context + FLIGHT_NEW_ENTRY;
  storeTuple<A>(built, source, destination, ports);
  storeTuple<A>(built + tupleBytes<A>(), destination, source, swapPorts(ports));
  const state = built + stateOffset<A>();
  store<u32>(state, deadlineAfter(now, timeoutMs(protocol, first, 0)), CONNTRACK_STATE_DEADLINE);
  // Protocol state, status and what follows it: no status yet.
  store<u32>(state, first, CONNTRACK_STATE_PROTOCOL);
  store<u32>(state, hash, CONNTRACK_STATE_HASH);
  store<u32>(state, 0, CONNTRACK_STATE_MODE);
  store<u32>(context, built as u32, FLIGHT_ENTRY);
  store<u32>(context, CT_STATE_NEW, FLIGHT_CT_STATE);
  store<u32>(context, FLIGHT_BIT_DESTINATION_PENDING | FLIGHT_BIT_SOURCE_PENDING, FLIGHT_CT_BITS);
  return true;
}

/** Ports of the opposite direction. */
export function swapPorts(ports: u64): u64 {
  const source = ports & 0xffff;
  const destination = (ports >>> 16) & 0xffff;
  return ((ports >>> 32) << 32) | (source << 16) | destination;
}

/** Saturates below the largest number, which marks free entries. */
function deadlineAfter(now: u32, timeout: u32): u32 {
  const sum = (now as u64) + (timeout as u64);
  return sum >= (u32.MAX_VALUE as u64) ? u32.MAX_VALUE - 1 : (sum as u32);
}
