// addrtype: what the routing table would say of an address. Known here: the node's own addresses (LOCAL), multicast,
// limited broadcast; all else is UNICAST. Source: net/netfilter/xt_addrtype.c.
import {
  ADDRTYPE_ANY,
  ADDRTYPE_BROADCAST,
  ADDRTYPE_LOCAL,
  ADDRTYPE_MULTICAST,
  ADDRTYPE_NONE,
  ADDRTYPE_UNICAST,
  IPTABLES_REGION_LOCAL,
} from "../abi/iptables";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import { hasAddress } from "../ipset/probe";
import { FLIGHT_DESTINATION, FLIGHT_SOURCE } from "../packet/flight";

/** An ADDRTYPE match record against the flight's addresses. */
export function addressTypeHolds<A>(context: usize, image: usize, match: usize): bool {
  const source = load<u8>(match, 4) as u32;
  if (source !== ADDRTYPE_NONE) {
    const holds = isType<A>(context, image, load<A>(context, FLIGHT_SOURCE), source);
    if (holds === (load<u8>(match, 6) !== 0)) return false;
  }
  const destination = load<u8>(match, 5) as u32;
  if (destination !== ADDRTYPE_NONE) {
    const holds = isType<A>(context, image, load<A>(context, FLIGHT_DESTINATION), destination);
    if (holds === (load<u8>(match, 7) !== 0)) return false;
  }
  return true;
}

/** Whether an address is one of the node's own. Loopback is. */
export function isLocal<A>(context: usize, image: usize, address: A): bool {
  const header = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_LOCAL * IMAGE_REGION_STRIDE);
  if (isLoopback<A>(address)) return true;
  return hasAddress<A>(context, header, address);
}

function isType<A>(context: usize, image: usize, address: A, type: u32): bool {
  if (type === ADDRTYPE_ANY) return true;
  if (type === ADDRTYPE_LOCAL) return isLocal<A>(context, image, address);
  if (type === ADDRTYPE_MULTICAST) return isMulticast<A>(address);
  if (type === ADDRTYPE_BROADCAST) return isBroadcast<A>(address);
  if (type !== ADDRTYPE_UNICAST) return false;
  return !isLocal<A>(context, image, address) && !isMulticast<A>(address) && !isBroadcast<A>(address);
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
