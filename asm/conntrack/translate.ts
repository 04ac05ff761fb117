// Translation of packets of a known flow: what the NAT set-up decided, applied without rules, at the kernel's hooks:
// destination before routing, source at the end. A direction's new addresses are the other direction's tuple reversed.
import { CONNTRACK_STATE_STATUS, CONNTRACK_STATUS_DNAT, CONNTRACK_STATUS_SNAT } from "../abi/conntrack";
import { storeAddress } from "../packet/address";
import {
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_DIRECTION,
  FLIGHT_ENTRY,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
} from "../packet/flight";
import { stateOffset, tupleBytes, tupleDestination, tuplePorts, tupleSource } from "./table";

/** Rewrite the flight's destination as its flow says. Nothing to do for an untracked packet. */
export function applyDestination<A>(context: usize): void {
  const entry = load<u32>(context, FLIGHT_ENTRY) as usize;
  if (entry === 0) return;
  const direction = load<u32>(context, FLIGHT_DIRECTION);
  const needed = direction === 0 ? CONNTRACK_STATUS_DNAT : CONNTRACK_STATUS_SNAT;
  if (!(load<u8>(entry + stateOffset<A>(), CONNTRACK_STATE_STATUS) & needed)) return;
  const other = entry + (direction === 0 ? tupleBytes<A>() : 0);
  storeAddress<A>(context + FLIGHT_DESTINATION, tupleSource<A>(other));
  store<u16>(context, tuplePorts<A>(other) as u16, FLIGHT_DESTINATION_PORT);
}

/** Rewrite the flight's source as its flow says. */
export function applySource<A>(context: usize): void {
  const entry = load<u32>(context, FLIGHT_ENTRY) as usize;
  if (entry === 0) return;
  const direction = load<u32>(context, FLIGHT_DIRECTION);
  const needed = direction === 0 ? CONNTRACK_STATUS_SNAT : CONNTRACK_STATUS_DNAT;
  if (!(load<u8>(entry + stateOffset<A>(), CONNTRACK_STATE_STATUS) & needed)) return;
  const other = entry + (direction === 0 ? tupleBytes<A>() : 0);
  storeAddress<A>(context + FLIGHT_SOURCE, tupleDestination<A>(other));
  store<u16>(context, (tuplePorts<A>(other) >>> 16) as u16, FLIGHT_SOURCE_PORT);
}
