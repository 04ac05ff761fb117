// The matches of a rule, in the order written, each counted under its class, up to the first that fails.
// Records are laid out by abi/iptables. Source of the semantics: net/netfilter/xt_*.c, man iptables-extensions(8).
import {
  CONTEXT_MODE_STATE,
  COUNTER_COMMENT_MATCHES,
  COUNTER_CTSTATE_MATCHES,
  COUNTER_FIB_LOOKUPS,
  COUNTER_MARK_MATCHES,
  COUNTER_OTHER_MATCHES,
  COUNTER_PORT_MATCHES,
  COUNTER_RECENT_OPS,
  COUNTER_SET_HITS,
  COUNTER_SET_PROBES,
  COUNTER_STATISTIC_MATCHES,
} from "../abi/context";
import { IMAGE_REGION_STRIDE, IMAGE_REGION_TABLE } from "../abi/image";
import {
  HEADER_BIT_DESTINATION,
  HEADER_BIT_IN,
  HEADER_BIT_OUT,
  HEADER_BIT_PROTOCOL,
  HEADER_BIT_SOURCE,
  HEADER_DESTINATION,
  HEADER_DESTINATION_MASK,
  HEADER_IN_INTERFACE,
  HEADER_NEGATED,
  HEADER_OUT_INTERFACE,
  HEADER_PRESENT,
  HEADER_PROTOCOL,
  HEADER_SOURCE,
  HEADER_SOURCE_MASK,
  IPTABLES_REGION_INTERFACES,
  IPTABLES_REGION_SETS,
  MATCH_ADDRTYPE,
  MATCH_BYTES,
  MATCH_COMMENT,
  MATCH_CONNTRACK,
  MATCH_DESTINATION_PORT,
  MATCH_END,
  MATCH_FLAG_NEGATED,
  MATCH_FLAGS,
  MATCH_HEADER,
  MATCH_ICMP,
  MATCH_IPRANGE,
  MATCH_IPVS,
  MATCH_MARK,
  MATCH_NTH,
  MATCH_PORT,
  MATCH_RANDOM,
  MATCH_RECENT,
  MATCH_SET,
  SET_INDEX_NONE,
  STATE_BIT_DNAT,
  STATE_BIT_SNAT,
} from "../abi/iptables";
import { SET_HEADER_BYTES, SETS_HEAD_BYTES } from "../abi/ipset";
import { recentHolds } from "../affinity/recent";
import { inSet } from "../ipset/probe";
import { compareAddress, inNetwork } from "../packet/address";
import { count } from "../packet/counters";
import {
  FLIGHT_BIT_DNAT,
  FLIGHT_BIT_SNAT,
  FLIGHT_CT_BITS,
  FLIGHT_CT_STATE,
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_INTERFACE,
  FLIGHT_MARK,
  FLIGHT_PROTOCOL,
  FLIGHT_SOURCE,
} from "../packet/flight";
import { next32 } from "../packet/random";
import { addressTypeHolds } from "./address-type";
import { portsHold } from "./port";

/** Whether every match record from `match` on holds; HEADER records were tested before and are passed over. */
export function matchesHold<A>(context: usize, image: usize, match: usize): bool {
  while (true) {
    const kind = load<u8>(match) as u32;
    if (kind === MATCH_END) return true;
    // What nearly every rule of kube-proxy has is tested here: the jump of a switch costs more than both.
    if (kind === MATCH_COMMENT) count(context, COUNTER_COMMENT_MATCHES);
    else if (kind === MATCH_DESTINATION_PORT) {
      count(context, COUNTER_PORT_MATCHES);
      const port = load<u16>(context, FLIGHT_DESTINATION_PORT) as u32;
      if (port < (load<u16>(match, 4) as u32)) return false;
      if (port > (load<u16>(match, 6) as u32)) return false;
    } else if (!matchHolds<A>(context, image, match, kind)) return false;
    match += load<u16>(match, MATCH_BYTES);
  }
}

function matchHolds<A>(context: usize, image: usize, match: usize, kind: u32): bool {
  switch (kind) {
    case MATCH_HEADER:
      return true;
    case MATCH_PORT:
      count(context, COUNTER_PORT_MATCHES);
      return portsHold(context, match);
    case MATCH_CONNTRACK:
      count(context, COUNTER_CTSTATE_MATCHES);
      return stateHolds(context, load<u32>(match, 4)) !== isNegated(match);
    case MATCH_MARK:
      count(context, COUNTER_MARK_MATCHES);
      return (
        ((load<u32>(context, FLIGHT_MARK) & load<u32>(match, 8)) === load<u32>(match, 4)) !== isNegated(match)
      );
    case MATCH_ADDRTYPE:
      count(context, COUNTER_FIB_LOOKUPS);
      return addressTypeHolds<A>(context, image, match);
    case MATCH_RANDOM:
      count(context, COUNTER_STATISTIC_MATCHES);
      return (next32(context) & 0x7fffffff) < load<u32>(match, 4) !== isNegated(match);
    case MATCH_NTH:
      count(context, COUNTER_STATISTIC_MATCHES);
      return nthHolds(context, match) !== isNegated(match);
    case MATCH_RECENT:
      count(context, COUNTER_RECENT_OPS);
      return recentHolds<A>(context, match, isNegated(match));
    case MATCH_SET:
      return setHolds<A>(context, image, match) !== isNegated(match);
    case MATCH_IPRANGE:
      count(context, COUNTER_OTHER_MATCHES);
      return rangeHolds<A>(context, match);
    case MATCH_ICMP:
      count(context, COUNTER_OTHER_MATCHES);
      return (load<u8>(context, FLIGHT_PROTOCOL) as u32) === load<u32>(match, 4) && load<u32>(match, 8) !== 0;
    case MATCH_IPVS:
      count(context, COUNTER_OTHER_MATCHES);
      return isForService<A>(context, match);
    default:
      count(context, COUNTER_OTHER_MATCHES);
      return load<u32>(match, 4) !== 0;
  }
}

/** The part of the header that fixed fields cannot hold: negation, interfaces. */
export function headerHolds<A>(context: usize, image: usize, header: usize): bool {
  const present = load<u8>(header, HEADER_PRESENT) as u32;
  const negated = load<u8>(header, HEADER_NEGATED) as u32;
  if (present & HEADER_BIT_SOURCE) {
    const inside = inNetwork<A>(
      load<A>(context, FLIGHT_SOURCE),
      load<A>(header, HEADER_SOURCE),
      load<A>(header, HEADER_SOURCE_MASK),
    );
    if (inside === isSet(negated, HEADER_BIT_SOURCE)) return false;
  }
  if (present & HEADER_BIT_DESTINATION) {
    const inside = inNetwork<A>(
      load<A>(context, FLIGHT_DESTINATION),
      load<A>(header, HEADER_DESTINATION),
      load<A>(header, HEADER_DESTINATION_MASK),
    );
    if (inside === isSet(negated, HEADER_BIT_DESTINATION)) return false;
  }
  if (present & HEADER_BIT_IN) {
    const named = interfaceMatches(
      image,
      load<u16>(header, HEADER_IN_INTERFACE),
      load<u16>(context, FLIGHT_INTERFACE),
    );
    if (named === isSet(negated, HEADER_BIT_IN)) return false;
  }
  // A packet's way out is not modelled: it has no name, as at PREROUTING.
  if (present & HEADER_BIT_OUT) {
    const named = interfaceMatches(image, load<u16>(header, HEADER_OUT_INTERFACE), 0);
    if (named === isSet(negated, HEADER_BIT_OUT)) return false;
  }
  if (present & HEADER_BIT_PROTOCOL) {
    const same = load<u8>(context, FLIGHT_PROTOCOL) === load<u8>(header, HEADER_PROTOCOL);
    if (same === isSet(negated, HEADER_BIT_PROTOCOL)) return false;
  }
  return true;
}

function isSet(bits: u32, bit: u32): bool {
  return (bits & bit) !== 0;
}

function isNegated(match: usize): bool {
  return (load<u8>(match, MATCH_FLAGS) & MATCH_FLAG_NEGATED) !== 0;
}

function interfaceMatches(image: usize, pattern: u32, name: u32): bool {
  const table =
    image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_INTERFACES * IMAGE_REGION_STRIDE);
  return load<u8>(table + 4 + (pattern * load<u32>(table) + name)) !== 0;
}

function stateHolds(context: usize, wanted: u32): bool {
  let bits: u32 = (1 as u32) << load<u32>(context, FLIGHT_CT_STATE);
  const translated = load<u32>(context, FLIGHT_CT_BITS);
  if (translated & FLIGHT_BIT_DNAT) bits |= STATE_BIT_DNAT;
  if (translated & FLIGHT_BIT_SNAT) bits |= STATE_BIT_SNAT;
  return (bits & wanted) !== 0;
}

/** xt_statistic nth: the counter wraps at `every`, and the packet at which it equals `packet` matches. */
function nthHolds(context: usize, match: usize): bool {
  const counter = (load<u32>(context, CONTEXT_MODE_STATE) + load<u32>(match, 12)) as usize;
  const next = load<u32>(counter) + 1;
  const every = load<u32>(match, 4);
  store<u32>(counter, next === every ? 0 : next);
  return next === every;
}

function setHolds<A>(context: usize, image: usize, match: usize): bool {
  count(context, COUNTER_SET_PROBES);
  if (load<u32>(match, 4) === SET_INDEX_NONE) return false;
  const sets = image + load<u32>(image, IMAGE_REGION_TABLE + IPTABLES_REGION_SETS * IMAGE_REGION_STRIDE);
  const header = sets + SETS_HEAD_BYTES + (load<u32>(match, 4) as usize) * SET_HEADER_BYTES;
  if (!inSet<A>(context, header, load<u32>(match, 8))) return false;
  count(context, COUNTER_SET_HITS);
  return true;
}

function rangeHolds<A>(context: usize, match: usize): bool {
  const present = load<u8>(match, 4) as u32;
  const negated = load<u8>(match, 5) as u32;
  if (present & 1) {
    const inside = between<A>(context + FLIGHT_SOURCE, match + 16, match + 32);
    if (inside === isSet(negated, 1)) return false;
  }
  if (present & 2) {
    const inside = between<A>(context + FLIGHT_DESTINATION, match + 48, match + 64);
    if (inside === isSet(negated, 2)) return false;
  }
  return true;
}

function isForService<A>(context: usize, match: usize): bool {
  if (load<u8>(context, FLIGHT_PROTOCOL) !== load<u8>(match, 4)) return false;
  if (load<u16>(context, FLIGHT_DESTINATION_PORT) !== load<u16>(match, 6)) return false;
  return compareAddress<A>(context + FLIGHT_DESTINATION, match + 16) === 0;
}

function between<A>(address: usize, first: usize, last: usize): bool {
  if (compareAddress<A>(address, first) < 0) return false;
  return compareAddress<A>(address, last) <= 0;
}
