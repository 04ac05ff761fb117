// NAT set-up: once per direction of a flow, while its entry is still in the flight. It alters the reply tuple, which is
// all that translation is: later packets are translated by comparing the two tuples (translate.ts).
// Counts: one tuple search per set-up, one more per candidate that was taken. Source: net/netfilter/nf_nat_core.c.
import {
  CONNTRACK_STATE_DEADLINE,
  CONNTRACK_STATE_STATUS,
  CONNTRACK_STATUS_DNAT,
  CONNTRACK_STATUS_SNAT,
} from "../abi/conntrack";
import { CONTEXT_CONNTRACK, CONTEXT_NOW_MS, COUNTER_NAT_TUPLE_SEARCHES } from "../abi/context";
import { sameAddress, storeAddress } from "../packet/address";
import { count } from "../packet/counters";
import {
  FLIGHT_BIT_DESTINATION_PENDING,
  FLIGHT_BIT_DNAT,
  FLIGHT_BIT_SNAT,
  FLIGHT_BIT_SOURCE_PENDING,
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_ENTRY,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
  clearBits,
  setBits,
} from "../packet/flight";
import {
  entryOf,
  find,
  hashTuple,
  stateOffset,
  storeTuple,
  tupleBytes,
  tupleDestination,
  tuplePorts,
  tupleSource,
} from "./table";

/** Translate the destination of the flight's new flow. `port` 0 keeps the port. */
export function translateDestination<A>(context: usize, address: A, port: u32): void {
  count(context, COUNTER_NAT_TUPLE_SEARCHES);
  clearBits(context, FLIGHT_BIT_DESTINATION_PENDING);
  const entry = load<u32>(context, FLIGHT_ENTRY) as usize;
  const reply = entry + tupleBytes<A>();
  const kept = tuplePorts<A>(reply);
  const ports = port === 0 ? kept : (kept & ~(0xffff as u64)) | (port as u64);
  if (ports === kept) {
    if (sameAddress<A>(tupleSource<A>(reply), address)) return;
  }
  storeTuple<A>(reply, address, tupleDestination<A>(reply), ports);
  addStatus<A>(entry, CONNTRACK_STATUS_DNAT);
  setBits(context, FLIGHT_BIT_DNAT);
  storeAddress<A>(context + FLIGHT_DESTINATION, address);
  store<u16>(context, ports as u16, FLIGHT_DESTINATION_PORT);
}

/**
 * Translate the source of the flight's new flow: the port is kept when the reply tuple is free, else counted up
 * through firstPort..lastPort (0, 0: 1024..65535).
 * @returns false when every port is taken
 */
export function translateSource<A>(context: usize, address: A, firstPort: u32, lastPort: u32): bool {
  clearBits(context, FLIGHT_BIT_SOURCE_PENDING);
  const entry = load<u32>(context, FLIGHT_ENTRY) as usize;
  const reply = entry + tupleBytes<A>();
  const source = tupleSource<A>(reply);
  const kept = tuplePorts<A>(reply);
  const first = firstPort === 0 ? FIRST_PORT : firstPort;
  const last = firstPort === 0 ? LAST_PORT : lastPort;
  let port = ((kept >>> 16) & 0xffff) as u32;
  if (firstPort !== 0) {
    if (port < first || port > last) port = first;
  }
  for (let tried: u32 = 0; tried <= last - first + 1; tried++) {
    count(context, COUNTER_NAT_TUPLE_SEARCHES);
    const ports = (kept & ~((0xffff as u64) << 16)) | ((port as u64) << 16);
    if (!isTaken<A>(context, source, address, ports)) {
      finishSource<A>(context, entry, address, ports);
      return true;
    }
    port = port >= last || port < first ? first : port + 1;
  }
  return false;
}

/** The rules asked for no translation in this direction: settle it. */
export function leaveDestination(context: usize): void {
  clearBits(context, FLIGHT_BIT_DESTINATION_PENDING);
}

export function leaveSource(context: usize): void {
  clearBits(context, FLIGHT_BIT_SOURCE_PENDING);
}

const FIRST_PORT: u32 = 1024;
const LAST_PORT: u32 = 65535;

function finishSource<A>(context: usize, entry: usize, address: A, ports: u64): void {
  const reply = entry + tupleBytes<A>();
  const port = (ports >>> 16) as u16;
  const same = sameAddress<A>(tupleDestination<A>(reply), address);
  if (same) {
    if (ports === tuplePorts<A>(reply)) return;
  }
  storeTuple<A>(reply, tupleSource<A>(reply), address, ports);
  addStatus<A>(entry, CONNTRACK_STATUS_SNAT);
  setBits(context, FLIGHT_BIT_SNAT);
  storeAddress<A>(context + FLIGHT_SOURCE, address);
  store<u16>(context, port, FLIGHT_SOURCE_PORT);
}

/** Whether a live flow has this tuple in either direction. */
function isTaken<A>(context: usize, source: A, destination: A, ports: u64): bool {
  const table = load<u32>(context, CONTEXT_CONNTRACK) as usize;
  const reference = find<A>(table, source, destination, ports, hashTuple<A>(source, destination, ports));
  if (reference === 0) return false;
  const state = entryOf<A>(table, reference) + stateOffset<A>();
  return load<u32>(state, CONNTRACK_STATE_DEADLINE) > load<u32>(context, CONTEXT_NOW_MS);
}

function addStatus<A>(entry: usize, bits: u32): void {
  const at = entry + stateOffset<A>() + CONNTRACK_STATE_STATUS;
  store<u8>(at, (load<u8>(at) | bits) as u8);
}
