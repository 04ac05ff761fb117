// Conntrack's insertion alone, for bench/native. A module of its own, so that insert has one caller and is inlined into
// it, as in the modes' modules.
import { CONNTRACK_STATE_DEADLINE, CONNTRACK_STATE_HASH, CONNTRACK_STATE_HASH_REPLY } from "../abi/conntrack";
import { CONTEXT_CONNTRACK } from "../abi/context";
import { PACKET_DESTINATION, PACKET_SOURCE, PACKET_SOURCE_PORT, PACKET_STRIDE } from "../abi/packet";
import { swapPorts } from "../conntrack/flow";
import { hashTuple, insert, stateOffset, storeTuple, tupleBytes, TUPLE_PORTS_BITS } from "../conntrack/table";
import { FLIGHT_NEW_ENTRY } from "../packet/flight";

/** Enter a flow for every packet, both directions, without looking first; counts those that had room. */
export function enter(context: usize, packets: usize, count: u32, _chain: u32): u32 {
  const table = load<u32>(context, CONTEXT_CONNTRACK) as usize;
  const built = context + FLIGHT_NEW_ENTRY;
  const state = built + stateOffset<u32>();
  let entered: u32 = 0;
  const end = packets + (count as usize) * PACKET_STRIDE;
  for (let packet = packets; packet < end; packet += PACKET_STRIDE) {
    const source = load<u32>(packet, PACKET_SOURCE);
    const destination = load<u32>(packet, PACKET_DESTINATION);
    const ports = load<u64>(packet, PACKET_SOURCE_PORT) & TUPLE_PORTS_BITS;
    const answer = swapPorts(ports);
    storeTuple<u32>(built, source, destination, ports);
    storeTuple<u32>(built + tupleBytes<u32>(), destination, source, answer);
    store<u32>(state, 120_000, CONNTRACK_STATE_DEADLINE);
    store<u32>(state, hashTuple<u32>(source, destination, ports), CONNTRACK_STATE_HASH);
    store<u32>(state, hashTuple<u32>(destination, source, answer), CONNTRACK_STATE_HASH_REPLY);
    if (insert<u32>(table, built, 0) !== 0) entered++;
  }
  return entered;
}
