// A batch in groups: before a group's packets are evaluated, one by one and in order, the mode may touch what their
// walks are going to read.
// Why: at 50,000 Services the slots, records and chains of a Service lie outside the inner caches, and the steps of a
// lookup wait for one another. Those of several packets do not: their misses overlap. Touching decides nothing, changes
// nothing but the caches, and counts nothing, so outcomes and counters are those of the packets one by one.
// Cost: some nanoseconds per packet that may open a flow; measured by bench/scale/growth. Source: the vectors of VPP,
// and group prefetching in Chen et al., "Improving Hash Join Performance through Prefetching", ICDE 2004.
//
// M has, besides what path asks of it,
//   touch<A>(packet: usize): u32             anything that was read for a packet that may open a flow
import { CONTEXT_SCRATCH } from "../abi/context";
import {
  PACKET_PROTOCOL,
  PACKET_STRIDE,
  PACKET_TCP_FLAGS,
  PROTOCOL_TCP,
  RESULT_STRIDE,
  TCP_FLAG_SYN,
} from "../abi/packet";
import { evaluateBatch } from "./path";

/** Enough for misses to overlap, few enough for what was touched to stay in L1. 8 to 64 measure alike. */
const GROUP: u32 = 32;

/** As evaluateBatch of packet/path. */
export function evaluateGroups<A, M>(context: usize, packets: usize, results: usize, count: u32): void {
  while (count !== 0) {
    const group: u32 = count < GROUP ? count : GROUP;
    touchGroup<A, M>(context, packets, group);
    evaluateBatch<A, M>(context, packets, results, group);
    packets += (group as usize) * PACKET_STRIDE;
    results += (group as usize) * RESULT_STRIDE;
    count -= group;
  }
}

function touchGroup<A, M>(context: usize, packets: usize, count: u32): void {
  const mode = changetype<M>(context);
  const end = packets + (count as usize) * PACKET_STRIDE;
  let read: u32 = 0;
  for (let packet = packets; packet < end; packet += PACKET_STRIDE) {
    if (mayOpen(packet)) read += mode.touch<A>(packet);
  }
  // Written where nothing is between two packets, so that no compiler drops the loads.
  store<u32>(load<u32>(context, CONTEXT_SCRATCH), read);
}

/** Packets within a TCP connection, most of all traffic, are passed over: they ask no table of Services. */
function mayOpen(packet: usize): bool {
  if (load<u8>(packet, PACKET_PROTOCOL) !== PROTOCOL_TCP) return true;
  return (load<u8>(packet, PACKET_TCP_FLAGS) & TCP_FLAG_SYN) !== 0;
}
