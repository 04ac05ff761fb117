// The general port match: any of source, destination, either end, and TCP flags, each perhaps turned round.
// The frequent single destination range has a record kind of its own (match.ts).
import {
  PORT_BIT_DESTINATION,
  PORT_BIT_EITHER,
  PORT_BIT_SOURCE,
  PORT_BIT_TCP_FLAGS,
  PORT_COUNTS,
  PORT_NEGATED,
  PORT_PRESENT,
  PORT_PROTOCOL,
  PORT_PROTOCOL_WITH_PORTS,
  PORT_RANGES,
  PORT_TCP_FLAGS,
  PORT_TCP_MASK,
} from "../abi/iptables";
import { PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from "../abi/packet";
import {
  FLIGHT_DESTINATION_PORT,
  FLIGHT_PROTOCOL,
  FLIGHT_SOURCE_PORT,
  FLIGHT_TCP_FLAGS,
} from "../packet/flight";

export function portsHold(context: usize, match: usize): bool {
  if (!protocolFits(load<u8>(context, FLIGHT_PROTOCOL), load<u8>(match, PORT_PROTOCOL))) return false;
  const present = load<u8>(match, PORT_PRESENT) as u32;
  const negated = load<u8>(match, PORT_NEGATED) as u32;
  const source = load<u16>(context, FLIGHT_SOURCE_PORT) as u32;
  const destination = load<u16>(context, FLIGHT_DESTINATION_PORT) as u32;
  let ranges = match + PORT_RANGES;
  if (present & PORT_BIT_SOURCE) {
    const ranged = load<u8>(match, PORT_COUNTS) as u32;
    if (inRanges(ranges, ranged, source) === isTurned(negated, PORT_BIT_SOURCE)) return false;
    ranges += (ranged as usize) << 2;
  }
  if (present & PORT_BIT_DESTINATION) {
    const ranged = load<u8>(match, PORT_COUNTS + 1) as u32;
    if (inRanges(ranges, ranged, destination) === isTurned(negated, PORT_BIT_DESTINATION)) return false;
    ranges += (ranged as usize) << 2;
  }
  if (present & PORT_BIT_EITHER) {
    const ranged = load<u8>(match, PORT_COUNTS + 2) as u32;
    const found = inRanges(ranges, ranged, source) || inRanges(ranges, ranged, destination);
    if (found === isTurned(negated, PORT_BIT_EITHER)) return false;
  }
  if (present & PORT_BIT_TCP_FLAGS) {
    const masked = load<u8>(context, FLIGHT_TCP_FLAGS) & load<u8>(match, PORT_TCP_MASK);
    if ((masked === load<u8>(match, PORT_TCP_FLAGS)) === isTurned(negated, PORT_BIT_TCP_FLAGS)) return false;
  }
  return true;
}

function protocolFits(protocol: u32, wanted: u32): bool {
  if (wanted === 0 || wanted === protocol) return true;
  if (wanted !== PORT_PROTOCOL_WITH_PORTS) return false;
  return protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP || protocol === PROTOCOL_SCTP;
}

function inRanges(at: usize, ranged: u32, port: u32): bool {
  for (let index: u32 = 0; index < ranged; index++) {
    if (port >= (load<u16>(at) as u32)) {
      if (port <= (load<u16>(at, 2) as u32)) return true;
    }
    at += 4;
  }
  return false;
}

function isTurned(negated: u32, bit: u32): bool {
  return (negated & bit) !== 0;
}
