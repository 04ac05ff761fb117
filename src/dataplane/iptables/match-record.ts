// A rule's matches -> the records that asm/iptables/match.ts reads (layouts in asm/abi/iptables.ts).
// A match that packets cannot decide is folded to its assumed answer here, and still counted there.
import * as abi from "../../../asm/abi/iptables.js";
import { assert, unreachable } from "../../base/assert.js";
import { ipWords } from "../../base/ip.js";
import type { IpRange, Match, Negatable, Range } from "../../netfilter/iptables/model.js";
import { CT_STATES } from "../../netfilter/packet.js";
import type { MatchPool } from "./match-pool.js";

/** What match records refer to by number. */
export interface MatchNames {
  setIndex(name: string): number;
  /** Number of a recent list; lists of one name are one list. */
  recentList(name: string, stamps: number): number;
  /** Offset of a new nth counter in the mode state that starts at `first`. */
  nthCounter(first: number): number;
}

type MatchOf<Kind extends Match["kind"]> = Extract<Match, { kind: Kind }>;

/** Append one match's record to the list being built. */
export function writeMatch(pool: MatchPool, match: Match, names: MatchNames): void {
  switch (match.kind) {
    case "comment":
      return pool.record(abi.MATCH_COMMENT, 0);
    case "port":
      return writePort(pool, match);
    case "conntrack":
      return pool.record(abi.MATCH_CONNTRACK, flag(match.states.negated), stateBits(match.states.value));
    case "mark":
      return pool.record(
        abi.MATCH_MARK,
        flag(match.mark.negated),
        match.mark.value.value,
        match.mark.value.mask,
      );
    case "addrtype":
      return writeAddressType(pool, match);
    case "statistic":
      return writeStatistic(pool, match, names);
    case "recent":
      return writeRecent(pool, match, names);
    case "set":
      return pool.record(
        abi.MATCH_SET,
        flag(match.negated),
        names.setIndex(match.name),
        sideBits(match.sides),
      );
    case "iprange":
      return writeRange(pool, match);
    case "icmp":
      return pool.record(abi.MATCH_CONSTANT, 0, match.type.negated ? 0 : 1);
    case "physdev":
      return pool.record(abi.MATCH_CONSTANT, 0, match.isIn.negated ? 1 : 0);
    case "opaque":
      return pool.record(abi.MATCH_CONSTANT, 0, match.assumed ? 1 : 0);
    default:
      return unreachable(match, "match kind");
  }
}

function flag(negated: boolean): number {
  return negated ? abi.MATCH_FLAG_NEGATED : 0;
}

function writePort(pool: MatchPool, match: MatchOf<"port">): void {
  const { source, destination, either, tcpFlags } = match;
  const [only, ...more] = destination?.value ?? [];
  const plain = source === null && either === null && tcpFlags === null && destination?.negated === false;
  if (plain && only !== undefined && more.length === 0) {
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
  pool.record(abi.MATCH_PORT, 0, (present | (negated << 8) | flags) >>> 0, counts, ...ranges);
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
  const operations = {
    set: abi.RECENT_SET,
    rcheck: abi.RECENT_CHECK,
    update: abi.RECENT_UPDATE,
    remove: abi.RECENT_REMOVE,
  };
  const hitcount = match.hitcount ?? 0;
  const list = names.recentList(match.name, Math.max(1, hitcount));
  const how =
    operations[match.operation] | (match.side === "destination" ? 1 << 8 : 0) | (match.reap ? 1 << 16 : 0);
  pool.record(abi.MATCH_RECENT, flag(match.negated), list, match.seconds ?? 0, hitcount, how);
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
