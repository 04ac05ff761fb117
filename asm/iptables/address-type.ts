// addrtype: what the routing table would say of an address. Known here: the node's own addresses (LOCAL), multicast,
// limited broadcast; all else is UNICAST. Source: net/netfilter/xt_addrtype.c.
import {
  ADDRTYPE_BROADCAST,
  ADDRTYPE_FLAG_DESTINATION_NEGATED,
  ADDRTYPE_FLAG_SOURCE_NEGATED,
  ADDRTYPE_LOCAL,
  ADDRTYPE_MULTICAST,
  ADDRTYPE_UNICAST,
  IPTABLES_REGION_LOCAL,
  MATCH_FLAGS,
} from "../abi/iptables";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import { hasAddress } from "../ipset/probe";
import { FLIGHT_DESTINATION, FLIGHT_SOURCE } from "../packet/flight";

/** An ADDRTYPE match record against the flight's addresses. */
export function addressTypeHolds<A>(context: usize, image: usize, match: usize): bool {
  const flags = load<u8>(match, MATCH_FLAGS) as u32;
  const source = load<u16>(match, 4) as u32;
  if (source !== 0) {
    const holds = (typeOf<A>(context, image, load<A>(context, FLIGHT_SOURCE)) & source) !== 0;
    if (holds === ((flags & ADDRTYPE_FLAG_SOURCE_NEGATED) !== 0)) return false;
  }
  const destination = load<u16>(match, 6) as u32;
  if (destination !== 0) {
    const holds = (typeOf<A>(context, image, load<A>(context, FLIGHT_DESTINATION)) & destination) !== 0;
    if (holds === ((flags & ADDRTYPE_FLAG_DESTINATION_NEGATED) !== 0)) return false;
  }
  return true;
}

/** Whether an address is one of the node's own, as region LOCAL lists them; loopback is. */
export function isLocal<A>(context: usize, image: usize, address: A): bool {
  if (isLoopback<A>(address)) return true;
  const header = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_LOCAL * IMAGE_REGION_STRIDE);
  return hasAddress<A>(context, header, address);
}

function typeOf<A>(context: usize, image: usize, address: A): u32 {
  if (isLocal<A>(context, image, address)) return ADDRTYPE_LOCAL;
  if (isMulticast<A>(address)) return ADDRTYPE_MULTICAST;
  return isBroadcast<A>(address) ? ADDRTYPE_BROADCAST : ADDRTYPE_UNICAST;
}

function isLoopback<A>(address: A): bool {
  if (sizeof<A>() === 16) {
    if (v128.extract_lane<u64>(address as v128, 0) !== 0) return false;
    return v128.extract_lane<u64>(address as v128, 1) === (1 as u64) << 32;
  }
  return (address as u32) >>> 24 === 127;
}

function isMulticast<A>(address: A): bool {
  if (sizeof<A>() === 16) return v128.extract_lane<u32>(address as v128, 0) >>> 24 === 0xff;
  return (address as u32) >>> 28 === 0xe;
}

function isBroadcast<A>(address: A): bool {
  if (sizeof<A>() === 16) return false;
  return (address as u32) === 0xffffffff;
}
