// Whether a match holds for a packet, each counted under its class (netfilter/counters states the contract).
// Our packets are never fragments, come in through no bridge port and, when ICMP, are echo requests.
// Source: iptables-extensions(8); net/netfilter/xt_*.c.
import { unreachable } from "../../base/assert.js";
import { type IpWords, ipWords } from "../../base/ip.js";
import type { CounterName } from "../counters.js";
import type { IpSet } from "../ipset/model.js";
import { SetIndex } from "../ipset/set-index.js";
import type { IpRange, IptablesRuleset, Match, Negatable, Range, Rule } from "../iptables/model.js";
import { RecentLists } from "./recent-lists.js";
import type { Flight } from "./trace.js";

type MatchOf<Kind extends Match["kind"]> = Extract<Match, { kind: Kind }>;

/** Evaluates matches; keeps what they remember between packets. */
export class IptablesMatches {
  readonly #sets: ReadonlyMap<string, IpSet>;
  readonly #recent: RecentLists;
  /** Packets seen by each nth match. */
  readonly #nthCounts = new Map<Rule, Map<Match, number>>();

  constructor(ruleset: IptablesRuleset, ipsets: readonly IpSet[]) {
    this.#sets = new Map(ipsets.map((set) => [set.name, set]));
    this.#recent = new RecentLists(rulesOf(ruleset));
  }

  /** The matches of a rule in the order written, up to the first that fails. */
  allHold(rule: Rule, flight: Flight): boolean {
    return rule.matches.every((match) => this.#holds(match, rule, flight));
  }

  #holds(match: Match, rule: Rule, flight: Flight): boolean {
    const { counts } = flight;
    const counter = COUNTER_OF[match.kind];
    counts[counter]++;
    switch (match.kind) {
      case "comment":
        return true;
      case "port":
        return portHolds(match, flight);
      case "icmp":
        return icmpHolds(match, flight);
      case "conntrack":
        return stateHolds(match, flight) !== match.states.negated;
      case "mark": {
        const { value, mask } = match.mark.value;
        return ((flight.mark & mask) >>> 0 === value >>> 0) !== match.mark.negated;
      }
      case "addrtype":
        return addressTypesHold(match, flight);
      case "statistic":
        if (match.mode === "nth") return this.#nthHolds(match, rule) !== match.negated;
        counts.randomDraws++;
        return flight.chance.under(match.threshold) !== match.negated;
      case "recent": {
        const address = match.side === "source" ? flight.source : flight.destination;
        return this.#recent.evaluate(match, address, flight.timeMs);
      }
      case "set":
        return this.#setHolds(match, flight) !== match.negated;
      case "iprange":
        return inRange(match.source, flight.source) && inRange(match.destination, flight.destination);
      case "physdev":
        return match.isIn.negated;
      case "ipvs":
        return (
          flight.protocol === match.protocol &&
          flight.destination === match.address &&
          flight.destinationPort === match.port
        );
      case "opaque":
        return match.assumed;
      default:
        return unreachable(match, "match kind");
    }
  }

  /** The packet at which the counter wraps matches; it starts at --packet. */
  #nthHolds(match: Extract<MatchOf<"statistic">, { mode: "nth" }>, rule: Rule): boolean {
    const counts = this.#nthCounts.get(rule) ?? new Map<Match, number>();
    this.#nthCounts.set(rule, counts);
    const next = ((counts.get(match) ?? match.packet) + 1) % match.every;
    counts.set(match, next);
    return next === 0;
  }

  /** A set that nobody declared holds nothing. */
  #setHolds(match: MatchOf<"set">, flight: Flight): boolean {
    const set = this.#sets.get(match.name);
    if (!set) return false;
    const index = SetIndex.of(set);
    const source = { ip: flight.source, port: flight.sourcePort };
    const destination = { ip: flight.destination, port: flight.destinationPort };
    const found = index.contains(
      flight.protocol,
      match.sides.map((side) => (side === "src" ? source : destination)),
    );
    if (found) flight.counts.setHits++;
    return found;
  }
}

const COUNTER_OF: Readonly<Record<Match["kind"], CounterName>> = {
  comment: "commentMatches",
  port: "portMatches",
  conntrack: "ctstateMatches",
  mark: "markMatches",
  addrtype: "fibLookups",
  statistic: "statisticMatches",
  recent: "recentOps",
  set: "setProbes",
  icmp: "otherMatches",
  iprange: "otherMatches",
  physdev: "otherMatches",
  ipvs: "otherMatches",
  opaque: "otherMatches",
};

function* rulesOf(ruleset: IptablesRuleset): Generator<Rule> {
  for (const table of ruleset.tables.values()) {
    for (const chain of table.chains.values()) yield* chain.rules;
  }
}

function portHolds(match: MatchOf<"port">, flight: Flight): boolean {
  const { protocol, packet } = flight;
  const hasPorts = protocol === "tcp" || protocol === "udp" || protocol === "sctp";
  if (match.extension === "multiport" ? !hasPorts : match.extension !== protocol) return false;
  const { source, destination, either, tcpFlags } = match;
  if (source && inPorts(source.value, flight.sourcePort) === source.negated) return false;
  if (destination && inPorts(destination.value, flight.destinationPort) === destination.negated) return false;
  if (either) {
    const found = inPorts(either.value, flight.sourcePort) || inPorts(either.value, flight.destinationPort);
    if (found === either.negated) return false;
  }
  return tcpFlags === null || ((packet.tcpFlags & tcpFlags.mask) === tcpFlags.value) !== tcpFlags.negated;
}

function inPorts(ranges: readonly Range[], port: number): boolean {
  return ranges.some(({ first, last }) => port >= first && port <= last);
}

const ECHO_REQUEST = ["any", "255", "8", "8/0", "echo-request", "ping"];
const ECHO_REQUEST_V6 = ["128", "128/0", "echo-request", "ping"];

function icmpHolds({ extension, type }: MatchOf<"icmp">, { protocol }: Flight): boolean {
  if (protocol !== (extension === "icmp" ? "icmp" : "icmpv6")) return false;
  const types = extension === "icmp" ? ECHO_REQUEST : ECHO_REQUEST_V6;
  return types.includes(type.value) !== type.negated;
}

function stateHolds({ states }: MatchOf<"conntrack">, flight: Flight): boolean {
  return states.value.some((state) => {
    if (state === "DNAT") return flight.ctDnat;
    return state === "SNAT" ? flight.ctSnat : state === flight.ctState;
  });
}

function addressTypesHold({ source, destination }: MatchOf<"addrtype">, flight: Flight): boolean {
  const holds = (types: Negatable<string> | null, address: string) => {
    if (types === null) return true;
    const names = types.value.split(",");
    return (names.includes("UNSPEC") || names.includes(addressType(address, flight))) !== types.negated;
  };
  return holds(source, flight.source) && holds(destination, flight.destination);
}

/** What the routing table would say, as far as it is known here. */
function addressType(address: string, flight: Flight): string {
  if (flight.isLocal(address)) return "LOCAL";
  const [first] = ipWords(address);
  const isMulticast = address.includes(":") ? first >>> 24 === 0xff : first >>> 28 === 0xe;
  if (isMulticast) return "MULTICAST";
  return address === "255.255.255.255" ? "BROADCAST" : "UNICAST";
}

function inRange(range: Negatable<IpRange> | null, address: string): boolean {
  if (range === null) return true;
  const words = ipWords(address);
  const inside =
    compare(words, ipWords(range.value.first)) >= 0 && compare(words, ipWords(range.value.last)) <= 0;
  return inside !== range.negated;
}

function compare(a: IpWords, b: IpWords): number {
  for (const index of [0, 1, 2, 3] as const) {
    if (a[index] !== b[index]) return a[index] - b[index];
  }
  return 0;
}
