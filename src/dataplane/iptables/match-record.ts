// A rule's matches -> the records that asm/iptables/match.ts reads (layouts in asm/abi/iptables.ts).
// A match that packets cannot decide is folded to its assumed answer here, and still counted there.
import * as abi from "../../../asm/abi/iptables.js";
import { assert, unreachable } from "../../base/assert.js";
import { ipWords } from "../../base/ip.js";
import type { IpRange, Match, Negatable, Range } from "../../netfilter/iptables/model.js";
import { CT_STATES, PROTOCOL_NUMBERS } from "../../netfilter/packet.js";
import type { MatchPool } from "./match-pool.js";
import { protocolNumber } from "./protocol-number.js";

/** What match records refer to by number. */
export interface MatchNames {
  /** Null: packets of this image are in no such set. */
  setIndex(name: string, dimensions: number): number | null;
  recentList(name: string): { readonly index: number; readonly stampsMax: number };
  /** Offset of a new nth counter in the mode state that starts at `first`. */
  nthCounter(first: number): number;
}

type MatchOf<Kind extends Match["kind"]> = Extract<Match, { kind: Kind }>;

/**
 * Append one match's record to the list being built.
 * @param protocol the protocol that the rule's header has made sure of, null when none
 */
export function writeMatch(pool: MatchPool, match: Match, names: MatchNames, protocol: string | null): void {
  switch (match.kind) {
    case "comment":
      pool.record(abi.MATCH_COMMENT, 0);
      break;
    case "port":
      writePort(pool, match, protocol);
      break;
    case "conntrack":
      pool.record(abi.MATCH_CONNTRACK, flag(match.states.negated), stateBits(match.states.value));
      break;
    case "mark": {
      const { value, negated } = match.mark;
      pool.record(abi.MATCH_MARK, flag(negated), value.value >>> 0, value.mask >>> 0);
      break;
    }
    case "addrtype":
      writeAddressType(pool, match);
      break;
    case "statistic":
      writeStatistic(pool, match, names);
      break;
    case "recent":
      writeRecent(pool, match, names);
      break;
    case "set": {
      const index = names.setIndex(match.name, match.sides.length) ?? abi.SET_INDEX_NONE;
      pool.record(abi.MATCH_SET, flag(match.negated), index, sideBits(match.sides));
      break;
    }
    case "iprange":
      writeRange(pool, match);
      break;
    case "icmp":
      writeIcmp(pool, match);
      break;
    case "physdev":
      pool.record(abi.MATCH_CONSTANT, 0, match.isIn.negated ? 1 : 0);
      break;
    case "ipvs": {
      const ends = (protocolNumber(match.protocol) | (match.port << 16)) >>> 0;
      pool.record(abi.MATCH_IPVS, 0, ends, 0, 0, ...ipWords(match.address));
      break;
    }
    case "opaque":
      pool.record(abi.MATCH_CONSTANT, 0, match.assumed ? 1 : 0);
      break;
    default:
      unreachable(match, "match kind");
  }
}

function flag(negated: boolean): number {
  return negated ? abi.MATCH_FLAG_NEGATED : 0;
}

function writePort(pool: MatchPool, match: MatchOf<"port">, protocol: string | null): void {
  const { source, destination, either, tcpFlags } = match;
  const required = requiredProtocol(match.extension, protocol);
  const [only, ...more] = destination?.value ?? [];
  const plain = source === null && either === null && tcpFlags === null && destination?.negated === false;
  if (required === 0 && plain && only !== undefined && more.length === 0) {
    pool.record(abi.MATCH_DESTINATION_PORT, 0, rangeWord(only));
    return;
  }
  const sides = [source, destination, either] as const;
  const bits = [abi.PORT_BIT_SOURCE, abi.PORT_BIT_DESTINATION, abi.PORT_BIT_EITHER];
  let present = tcpFlags === null ? 0 : abi.PORT_BIT_TCP_FLAGS;
  let negated = tcpFlags?.negated ? abi.PORT_BIT_TCP_FLAGS : 0;
  let counts = 0;
  for (const [index, side] of sides.entries()) {
    if (side === null) continue;
    assert(side.value.length < 256, `${side.value.length} port ranges in one match`);
    present |= bits[index] as number;
    if (side.negated) negated |= bits[index] as number;
    counts |= side.value.length << (index * 8);
  }
  const flags = tcpFlags === null ? 0 : (tcpFlags.mask << 16) | (tcpFlags.value << 24);
  const ranges = sides.flatMap((side) => side?.value.map(rangeWord) ?? []);
  pool.record(
    abi.MATCH_PORT,
    0,
    (present | (negated << 8) | flags) >>> 0,
    (counts | (required << 24)) >>> 0,
    ...ranges,
  );
}

/** Protocol that the match itself must check: 0 when the rule's header has done so. */
function requiredProtocol(extension: string, protocol: string | null): number {
  const checked = protocol === null ? 0 : protocolNumber(protocol);
  if (extension !== "multiport") {
    const wanted = protocolNumber(extension);
    return wanted === checked ? 0 : wanted;
  }
  const { tcp, udp, sctp } = PROTOCOL_NUMBERS;
  return checked === tcp || checked === udp || checked === sctp ? 0 : abi.PORT_PROTOCOL_WITH_PORTS;
}

function rangeWord({ first, last }: Range): number {
  return (first | (last << 16)) >>> 0;
}

function stateBits(states: MatchOf<"conntrack">["states"]["value"]): number {
  let bits = 0;
  for (const state of states) {
    if (state === "DNAT") bits |= abi.STATE_BIT_DNAT;
    else if (state === "SNAT") bits |= abi.STATE_BIT_SNAT;
    else bits |= 1 << CT_STATES.indexOf(state);
  }
  return bits;
}

const ADDRESS_TYPES: Readonly<Record<string, number>> = {
  LOCAL: abi.ADDRTYPE_LOCAL,
  UNICAST: abi.ADDRTYPE_UNICAST,
  BROADCAST: abi.ADDRTYPE_BROADCAST,
  MULTICAST: abi.ADDRTYPE_MULTICAST,
  UNSPEC: abi.ADDRTYPE_ANY,
};

function writeAddressType(pool: MatchPool, { source, destination }: MatchOf<"addrtype">): void {
  const bits = (side: Negatable<string> | null) =>
    (side?.value.split(",") ?? []).reduce(
      (all, type) => all | (ADDRESS_TYPES[type] ?? abi.ADDRTYPE_OTHER),
      0,
    );
  const flags =
    (source?.negated ? abi.ADDRTYPE_FLAG_SOURCE_NEGATED : 0) |
    (destination?.negated ? abi.ADDRTYPE_FLAG_DESTINATION_NEGATED : 0);
  pool.record(abi.MATCH_ADDRTYPE, flags, bits(source) | (bits(destination) << 16));
}

function writeStatistic(pool: MatchPool, match: MatchOf<"statistic">, names: MatchNames): void {
  if (match.mode === "random") {
    pool.record(abi.MATCH_RANDOM, flag(match.negated), match.threshold);
    return;
  }
  const counter = names.nthCounter(match.packet);
  pool.record(abi.MATCH_NTH, flag(match.negated), match.every, match.packet, counter);
}

function writeRecent(pool: MatchPool, match: MatchOf<"recent">, names: MatchNames): void {
  const list = names.recentList(match.name);
  const operations = {
    set: abi.RECENT_SET,
    rcheck: abi.RECENT_CHECK,
    update: abi.RECENT_UPDATE,
    remove: abi.RECENT_REMOVE,
  };
  const how =
    operations[match.operation] | (match.side === "destination" ? 1 << 8 : 0) | (match.reap ? 1 << 16 : 0);
  pool.record(
    abi.MATCH_RECENT,
    flag(match.negated),
    list.index,
    match.seconds ?? 0,
    match.hitcount ?? 0,
    how,
    list.stampsMax,
  );
}

/** Types that an echo request has; our ICMP packets are that. */
const ECHO_REQUEST = ["any", "255", "8", "8/0", "echo-request", "ping"];
const ECHO_REQUEST_V6 = ["128", "128/0", "echo-request", "ping"];

function writeIcmp(pool: MatchPool, { extension, type }: MatchOf<"icmp">): void {
  const isV4 = extension === "icmp";
  const fits = (isV4 ? ECHO_REQUEST : ECHO_REQUEST_V6).includes(type.value) !== type.negated;
  pool.record(abi.MATCH_ICMP, 0, isV4 ? PROTOCOL_NUMBERS.icmp : PROTOCOL_NUMBERS.icmpv6, fits ? 1 : 0);
}

function sideBits(sides: readonly ("src" | "dst")[]): number {
  return sides.reduce((bits, side, index) => (side === "dst" ? bits | (1 << index) : bits), 0);
}

function writeRange(pool: MatchPool, { source, destination }: MatchOf<"iprange">): void {
  const present = (source ? 1 : 0) | (destination ? 2 : 0);
  const negated = (source?.negated ? 1 : 0) | (destination?.negated ? 2 : 0);
  const ends = (range: Negatable<IpRange> | null) =>
    range ? [...ipWords(range.value.first), ...ipWords(range.value.last)] : [0, 0, 0, 0, 0, 0, 0, 0];
  pool.record(abi.MATCH_IPRANGE, 0, present | (negated << 8), 0, 0, ...ends(source), ...ends(destination));
}
