// One statement: whether the rule goes on, ends here, or ends with a verdict.
// Every branch that can be taken is one comparison away: ops are dense, so the switch is a jump table.
import {
  COUNTER_CTSTATE_MATCHES,
  COUNTER_DNAT_TARGETS,
  COUNTER_FIB_LOOKUPS,
  COUNTER_HEADER_MISSES,
  COUNTER_MAP_HITS,
  COUNTER_MAP_PROBES,
  COUNTER_MARK_MATCHES,
  COUNTER_MARK_SETS,
  COUNTER_MASQUERADE_TARGETS,
  COUNTER_PORT_MATCHES,
  COUNTER_RECENT_OPS,
  COUNTER_SET_HITS,
  COUNTER_SET_PROBES,
  DROP_REASON_AFFINITY_FULL,
} from "../abi/context";
import { IPTABLES_REGION_INTERFACES, IPTABLES_REGION_NODE } from "../abi/iptables";
import {
  NFT_FLAG_DESTINATION,
  NFT_FLAG_NEGATED,
  NFT_OP_ADDRESS,
  NFT_OP_ADDRESSES,
  NFT_OP_ADDRESS_LOOKUP,
  NFT_OP_CLIENT_LOOKUP,
  NFT_OP_CLIENT_UPDATE,
  NFT_OP_CT_STATE,
  NFT_OP_CT_STATUS,
  NFT_OP_DESTINATION_PORT,
  NFT_OP_DNAT,
  NFT_OP_FIB_LOCAL,
  NFT_OP_INTERFACE,
  NFT_OP_LOOKUP,
  NFT_OP_MARK,
  NFT_OP_MARK_OR,
  NFT_OP_MARK_XOR,
  NFT_OP_MASQUERADE,
  NFT_OP_NUMGEN_DNAT,
  NFT_OP_NUMGEN_VMAP,
  NFT_OP_PROTOCOL,
  NFT_OP_SOURCE_PORT,
  NFT_OP_VMAP,
  NFT_REGION_TABLES,
  NFT_STATEMENT_A,
  NFT_STATEMENT_B,
  NFT_STATEMENT_BYTES,
  NFT_TABLE_BYTES,
  NFT_TARGET_BYTES_V4,
  NFT_TARGET_BYTES_V6,
  NFT_VERDICT_ACCEPT,
  NFT_VERDICT_SHIFT,
} from "../abi/nftables";
import { translateDestination, translateSource } from "../conntrack/nat";
import { isLocal } from "../iptables/address-type";
import { inNetwork } from "../packet/address";
import { count } from "../packet/counters";
import {
  FLIGHT_CT_BITS,
  FLIGHT_CT_STATE,
  FLIGHT_DESTINATION,
  FLIGHT_DESTINATION_PORT,
  FLIGHT_INTERFACE,
  FLIGHT_MARK,
  FLIGHT_PROTOCOL,
  FLIGHT_SOURCE,
  FLIGHT_SOURCE_PORT,
  setReason,
} from "../packet/flight";
import { below } from "../packet/random";
import { hasClient, updateClient } from "./clients";
import { hasAddress, lookUp } from "./keys";
import { regionOf } from "./region";

/** Everything else is a verdict: kind << 28 | chain. */
export const OUTCOME_NEXT: u32 = 0;
export const OUTCOME_BREAK: u32 = 1;
/** A drop whose reason is in the flight already. */
const OUTCOME_DROPPED: u32 = 0xf0000000;
const ACCEPT: u32 = NFT_VERDICT_ACCEPT << NFT_VERDICT_SHIFT;

/** @param head the statement's first word: op, flags, skip */
export function runStatement<A>(context: usize, image: usize, at: usize, head: u32): u32 {
  const negated = (head & (NFT_FLAG_NEGATED << 8)) !== 0;
  const a = load<u32>(at, NFT_STATEMENT_A);
  const b = load<u32>(at, NFT_STATEMENT_B);
  switch (head & 0xff) {
    case NFT_OP_ADDRESS:
      return header(context, addressHolds<A>(context, at, head, a, b) !== negated);
    case NFT_OP_ADDRESSES:
      return header(context, anyNetworkHolds<A>(context, at, head, a) !== negated);
    case NFT_OP_PROTOCOL:
      return header(context, isOneOf(at, load<u8>(context, FLIGHT_PROTOCOL), a, b) !== negated);
    case NFT_OP_SOURCE_PORT:
      count(context, COUNTER_PORT_MATCHES);
      return held(isOneOf(at, load<u16>(context, FLIGHT_SOURCE_PORT), a, b) !== negated);
    case NFT_OP_DESTINATION_PORT:
      count(context, COUNTER_PORT_MATCHES);
      return held(isOneOf(at, load<u16>(context, FLIGHT_DESTINATION_PORT), a, b) !== negated);
    case NFT_OP_INTERFACE:
      return header(context, interfaceHolds(context, image, at, a, b) !== negated);
    case NFT_OP_CT_STATE:
      count(context, COUNTER_CTSTATE_MATCHES);
      return held((((a >>> load<u32>(context, FLIGHT_CT_STATE)) & 1) !== 0) !== negated);
    case NFT_OP_CT_STATUS:
      count(context, COUNTER_CTSTATE_MATCHES);
      return held((load<u32>(context, FLIGHT_CT_BITS) & a) !== 0);
    case NFT_OP_FIB_LOCAL:
      count(context, COUNTER_FIB_LOOKUPS);
      return held(isLocal<A>(context, image, addressOf<A>(context, head)) !== negated);
    case NFT_OP_MARK:
      count(context, COUNTER_MARK_MATCHES);
      return held(((load<u32>(context, FLIGHT_MARK) & a) === b) !== negated);
    case NFT_OP_MARK_OR:
      count(context, COUNTER_MARK_SETS);
      store<u32>(context, load<u32>(context, FLIGHT_MARK) | a, FLIGHT_MARK);
      return OUTCOME_NEXT;
    case NFT_OP_MARK_XOR:
      count(context, COUNTER_MARK_SETS);
      store<u32>(context, load<u32>(context, FLIGHT_MARK) ^ a, FLIGHT_MARK);
      return OUTCOME_NEXT;
    case NFT_OP_LOOKUP:
      count(context, COUNTER_SET_PROBES);
      return held(isMember<A>(context, image, a, b) !== negated);
    case NFT_OP_ADDRESS_LOOKUP:
      count(context, COUNTER_SET_PROBES);
      return held(isAddressMember<A>(context, image, a, head) !== negated);
    case NFT_OP_VMAP:
      return mapped<A>(context, image, a, b);
    case NFT_OP_CLIENT_LOOKUP:
      count(context, COUNTER_RECENT_OPS);
      return held(hasClient<A>(context, a, load<A>(context, FLIGHT_SOURCE)) !== negated);
    case NFT_OP_CLIENT_UPDATE:
      count(context, COUNTER_RECENT_OPS);
      if (updateClient<A>(context, a, load<A>(context, FLIGHT_SOURCE), b)) return OUTCOME_NEXT;
      setReason(context, DROP_REASON_AFFINITY_FULL);
      return OUTCOME_DROPPED;
    case NFT_OP_NUMGEN_VMAP:
      return load<u32>(at + NFT_STATEMENT_BYTES + ((draw(context, a) as usize) << 2));
    case NFT_OP_NUMGEN_DNAT:
      return translateDrawn<A>(context, at + NFT_STATEMENT_BYTES, a);
    case NFT_OP_DNAT:
      if (sizeof<A>() === 16) return translate<A>(context, load<A>(at + NFT_STATEMENT_BYTES), b);
      return translate<A>(context, a as A, b);
    case NFT_OP_MASQUERADE:
      return masquerade<A>(context, image);
    default:
      // A verdict is all that is left (NFT_OP_VERDICT).
      return a;
  }
}

function held(holds: bool): u32 {
  return holds ? OUTCOME_NEXT : OUTCOME_BREAK;
}

/** Addresses, interfaces and the protocol are the header of a rule: only their failing is counted. */
function header(context: usize, holds: bool): u32 {
  if (holds) return OUTCOME_NEXT;
  count(context, COUNTER_HEADER_MISSES);
  return OUTCOME_BREAK;
}

function addressOf<A>(context: usize, head: u32): A {
  if (head & (NFT_FLAG_DESTINATION << 8)) return load<A>(context, FLIGHT_DESTINATION);
  return load<A>(context, FLIGHT_SOURCE);
}

function addressHolds<A>(context: usize, at: usize, head: u32, a: u32, b: u32): bool {
  const address = addressOf<A>(context, head);
  if (sizeof<A>() === 16) {
    const network = at + NFT_STATEMENT_BYTES;
    return inNetwork<A>(address, load<A>(network), load<A>(network, 16));
  }
  return inNetwork<A>(address, a as A, b as A);
}

function anyNetworkHolds<A>(context: usize, at: usize, head: u32, networks: u32): bool {
  const address = addressOf<A>(context, head);
  let network = at + NFT_STATEMENT_BYTES;
  const end = network + (networks as usize) * sizeof<A>() * 2;
  for (; network < end; network += sizeof<A>() * 2) {
    if (inNetwork<A>(address, load<A>(network), load<A>(network + sizeof<A>()))) return true;
  }
  return false;
}

function isOneOf(at: usize, value: u32, values: u32, only: u32): bool {
  if (values === 1) return value === only;
  for (let index: u32 = 0; index < values; index++) {
    if (load<u32>(at + NFT_STATEMENT_BYTES + ((index as usize) << 2)) === value) return true;
  }
  return false;
}

function interfaceHolds(context: usize, image: usize, at: usize, values: u32, only: u32): bool {
  const name = load<u16>(context, FLIGHT_INTERFACE) as u32;
  const table = regionOf(image, IPTABLES_REGION_INTERFACES);
  const names = load<u32>(table);
  if (values === 1) return load<u8>(table + 4 + (only * names + name)) !== 0;
  for (let index: u32 = 0; index < values; index++) {
    const pattern = load<u32>(at + NFT_STATEMENT_BYTES + ((index as usize) << 2));
    if (load<u8>(table + 4 + (pattern * names + name)) !== 0) return true;
  }
  return false;
}

function isMember<A>(context: usize, image: usize, table: u32, parts: u32): bool {
  if (lookUp<A>(context, image, tableAt(image, table), parts) === 0) return false;
  count(context, COUNTER_SET_HITS);
  return true;
}

function isAddressMember<A>(context: usize, image: usize, table: u32, head: u32): bool {
  if (!hasAddress<A>(image, tableAt(image, table), addressOf<A>(context, head))) return false;
  count(context, COUNTER_SET_HITS);
  return true;
}

function mapped<A>(context: usize, image: usize, table: u32, parts: u32): u32 {
  count(context, COUNTER_MAP_PROBES);
  const verdict = lookUp<A>(context, image, tableAt(image, table), parts);
  if (verdict === 0) return OUTCOME_BREAK;
  count(context, COUNTER_MAP_HITS);
  return verdict;
}

/** numgen random mod n into a map of n: counted as the map lookup that it is. */
function draw(context: usize, choices: u32): u32 {
  const drawn = below(context, choices);
  count(context, COUNTER_MAP_PROBES);
  count(context, COUNTER_MAP_HITS);
  return drawn;
}

function translateDrawn<A>(context: usize, targets: usize, choices: u32): u32 {
  const drawn = draw(context, choices) as usize;
  if (sizeof<A>() === 16) {
    const target = targets + drawn * NFT_TARGET_BYTES_V6;
    return translate<A>(context, load<A>(target), load<u32>(target, 16));
  }
  const target = targets + drawn * NFT_TARGET_BYTES_V4;
  return translate<A>(context, load<A>(target), load<u32>(target, 4));
}

function translate<A>(context: usize, address: A, port: u32): u32 {
  count(context, COUNTER_DNAT_TARGETS);
  translateDestination<A>(context, address, port);
  return ACCEPT;
}

/** The node's own address becomes the source; the port is kept when it can be (fully-random is not modelled). */
function masquerade<A>(context: usize, image: usize): u32 {
  count(context, COUNTER_MASQUERADE_TARGETS);
  translateSource<A>(context, load<A>(regionOf(image, IPTABLES_REGION_NODE)), 0, 0);
  return ACCEPT;
}

function tableAt(image: usize, table: u32): usize {
  return regionOf(image, NFT_REGION_TABLES) + (table as usize) * NFT_TABLE_BYTES;
}
