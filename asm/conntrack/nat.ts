// NAT: rules ask for a translation by rewriting the flight; when their hook has let the packet pass, the set-up writes
// it into the flow's reply tuple. That is all that a translation is: later packets compare the two tuples.
// Counts: one tuple search per set-up of a destination, one per candidate tried for a source.
// Twin: src/netfilter/tracer/{path,conntrack}.ts. Source: net/netfilter/nf_nat_core.c.
import {
  CONNTRACK_STATE_DEADLINE,
  CONNTRACK_STATE_STATUS,
  CONNTRACK_STATUS_DNAT,
  CONNTRACK_STATUS_MASQUERADED,
  CONNTRACK_STATUS_SNAT,
} from "../abi/conntrack";
import {
  CONTEXT_CONNTRACK,
  CONTEXT_IMAGE,
  CONTEXT_NOW_MS,
  COUNTER_NAT_TUPLE_SEARCHES,
  DROP_REASON_CONNTRACK_FULL,
} from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import { IPTABLES_REGION_NODE } from "../abi/iptables";
import { sameAddress, storeAddress } from "../packet/address";
import { count, countMany } from "../packet/counters";
import {
  FLIGHT_BIT_DESTINATION_PENDING,
  FLIGHT_BIT_DNAT,
  FLIGHT_BIT_MASQUERADED,
  FLIGHT_BIT_SNAT,
  FLIGHT_BIT_SOURCE_PENDING,
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_ENTRY,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
  FLIGHT_SOURCE_PORTS,
  clearBits,
  hasBit,
  setBits,
  setReason,
} from "../packet/flight";
import {
  entryOf,
  find,
  hashTuple,
  remove,
  stateOffset,
  storeTuple,
  tupleBytes,
  tupleDestination,
  tuplePorts,
  tupleSource,
} from "./table";

/** A rule sends the flight elsewhere. `port` 0 keeps the port. */
export function translateDestination<A>(context: usize, address: A, port: u32): void {
  storeAddress<A>(context + FLIGHT_DESTINATION, address);
  if (port !== 0) store<u16>(context, port as u16, FLIGHT_DESTINATION_PORT);
  setBits(context, FLIGHT_BIT_DNAT);
  clearBits(context, FLIGHT_BIT_DESTINATION_PENDING);
}

/** A rule gives the flight another source, with a port of firstPort..lastPort (0, 0: its own if that is free). */
export function translateSource<A>(context: usize, address: A, firstPort: u32, lastPort: u32): void {
  storeAddress<A>(context + FLIGHT_SOURCE, address);
  masquerade(context, firstPort, lastPort);
}

/** A rule asks for the node's own address as source. */
export function masquerade(context: usize, firstPort: u32, lastPort: u32): void {
  store<u32>(context, firstPort | (lastPort << 16), FLIGHT_SOURCE_PORTS);
  setBits(context, FLIGHT_BIT_SNAT);
  clearBits(context, FLIGHT_BIT_SOURCE_PENDING);
}

/** Write the flight's new destination into its draft. */
export function setUpDestination<A>(context: usize): void {
  count(context, COUNTER_NAT_TUPLE_SEARCHES);
  const draft = load<u32>(context, FLIGHT_ENTRY) as usize;
  const reply = draft + tupleBytes<A>();
  const destination = load<A>(context, FLIGHT_DESTINATION);
  const port = load<u16>(context, FLIGHT_DESTINATION_PORT) as u64;
  const kept = tuplePorts<A>(reply);
  const changed = port !== (kept & 0xffff) || !sameAddress<A>(tupleSource<A>(reply), destination);
  storeTuple<A>(reply, destination, tupleDestination<A>(reply), (kept & ~(0xffff as u64)) | port);
  note<A>(context, draft, CONNTRACK_STATUS_DNAT, FLIGHT_BIT_DNAT, changed);
}

/**
 * Find the flight's new source a port and write both into its draft.
 * @param before the source before the rules ran: when they left it, they masquerade
 * @returns false when no port is free: the packet is dropped
 */
export function setUpSource<A>(context: usize, before: A): bool {
  setBits(context, FLIGHT_BIT_MASQUERADED);
  const at = (load<u32>(context, FLIGHT_ENTRY) as usize) + stateOffset<A>() + CONNTRACK_STATE_STATUS;
  store<u8>(at, (load<u8>(at) | CONNTRACK_STATUS_MASQUERADED) as u8);
  const asked = load<A>(context, FLIGHT_SOURCE);
  if (!sameAddress<A>(asked, before)) return bindSource<A>(context, asked);
  const image = load<u32>(context, CONTEXT_IMAGE) as usize;
  const node = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_NODE * IMAGE_REGION_STRIDE);
  return bindSource<A>(context, load<u32>(node, 16) === 0 ? before : load<A>(node));
}

/** What the kernel calls the null binding: no rule moved the source, but its reply tuple may be another flow's. */
export function settleSource<A>(context: usize): bool {
  if (!hasBit(context, FLIGHT_BIT_SOURCE_PENDING)) return true;
  clearBits(context, FLIGHT_BIT_SOURCE_PENDING);
  const draft = load<u32>(context, FLIGHT_ENTRY) as usize;
  const reply = draft + tupleBytes<A>();
  if (!isTaken<A>(context, tupleSource<A>(reply), tupleDestination<A>(reply), tuplePorts<A>(reply)))
    return true;
  return bindSource<A>(context, load<A>(context, FLIGHT_SOURCE));
}

const FIRST_PORT: u32 = 1024;
const LAST_PORT: u32 = 65535;

/** Keep the port when the reply tuple is free, else count up, from the top on again at the bottom. */
function bindSource<A>(context: usize, address: A): bool {
  const draft = load<u32>(context, FLIGHT_ENTRY) as usize;
  const reply = draft + tupleBytes<A>();
  const server = tupleSource<A>(reply);
  const kept = tuplePorts<A>(reply);
  const asked = load<u32>(context, FLIGHT_SOURCE_PORTS);
  const first = asked === 0 ? FIRST_PORT : asked & 0xffff;
  const last = asked === 0 ? LAST_PORT : asked >>> 16;
  let port = ((kept >>> 16) & 0xffff) as u32;
  if (asked !== 0) {
    if (port < first || port > last) port = first;
  }
  for (let tried: u32 = 1; tried <= last - first + 2; tried++) {
    const ports = (kept & ~((0xffff as u64) << 16)) | ((port as u64) << 16);
    if (!isTaken<A>(context, server, address, ports)) {
      countMany(context, COUNTER_NAT_TUPLE_SEARCHES, tried);
      storeTuple<A>(reply, server, address, ports);
      storeAddress<A>(context + FLIGHT_SOURCE, address);
      store<u16>(context, port as u16, FLIGHT_SOURCE_PORT);
      const changed =
        port !== ((tuplePorts<A>(draft) & 0xffff) as u32) || !sameAddress<A>(tupleSource<A>(draft), address);
      note<A>(context, draft, CONNTRACK_STATUS_SNAT, FLIGHT_BIT_SNAT, changed);
      return true;
    }
    port = port >= last || port < first ? first : port + 1;
  }
  setReason(context, DROP_REASON_CONNTRACK_FULL);
  return false;
}

/** Whether a live flow has this tuple in either direction; an expired one makes room. */
function isTaken<A>(context: usize, source: A, destination: A, ports: u64): bool {
  const table = load<u32>(context, CONTEXT_CONNTRACK) as usize;
  const tuple = find<A>(table, source, destination, ports, hashTuple<A>(source, destination, ports));
  if (tuple === 0) return false;
  const entry = entryOf<A>(tuple);
  if (load<u32>(entry + stateOffset<A>(), CONNTRACK_STATE_DEADLINE) > load<u32>(context, CONTEXT_NOW_MS))
    return true;
  remove<A>(table, entry);
  return false;
}

/** Whether the translation changed anything, for conntrack and for the rules that still follow. */
function note<A>(context: usize, draft: usize, status: u32, bit: u32, changed: bool): void {
  const at = draft + stateOffset<A>() + CONNTRACK_STATE_STATUS;
  if (changed) {
    store<u8>(at, (load<u8>(at) | status) as u8);
    setBits(context, bit);
  } else {
    store<u8>(at, (load<u8>(at) & ~status) as u8);
    clearBits(context, bit);
  }
}
