// The header of a rule against a packet: addresses, interfaces and protocol, one compare in the kernel.
// Source: net/ipv4/netfilter/ip_tables.c, ip_packet_match.
import { type Cidr, type Family, type IpWords, ipWords, prefixMask } from "../../base/ip.js";
import type { Negatable, Rule } from "../iptables/model.js";
import type { Flight } from "./trace.js";

export class HeaderMatcher {
  /** The two addresses asked for last, as words: a walk asks for them thousands of times. */
  readonly #source = new ParsedAddress();
  readonly #destination = new ParsedAddress();

  fits(rule: Rule, flight: Flight): boolean {
    return (
      contains(rule.destination, flight.destination, this.#destination) &&
      contains(rule.source, flight.source, this.#source) &&
      (rule.protocol === null || isProtocol(rule.protocol.value, flight) !== rule.protocol.negated) &&
      isInterface(rule.inInterface, flight.inInterface) &&
      isInterface(rule.outInterface, null)
    );
  }
}

class ParsedAddress {
  #text = "0.0.0.0";
  #words: IpWords = [0, 0, 0, 0];

  words(text: string): IpWords {
    if (text !== this.#text) {
      this.#text = text;
      this.#words = ipWords(text);
    }
    return this.#words;
  }
}

const masksOf = (family: Family, bits: number) =>
  Array.from({ length: bits + 1 }, (_, prefixLength) => prefixMask(prefixLength, family));
const MASKS: Readonly<Record<Family, readonly IpWords[]>> = {
  IPv4: masksOf("IPv4", 32),
  IPv6: masksOf("IPv6", 128),
};

function contains(side: Negatable<Cidr> | null, address: string, parsed: ParsedAddress): boolean {
  if (side === null) return true;
  const { words, prefixLength, family } = side.value;
  const mask = MASKS[family][prefixLength] as IpWords;
  const own = parsed.words(address);
  const same = (index: 0 | 1 | 2 | 3) => (own[index] & mask[index]) >>> 0 === words[index];
  const inside = address.includes(":") === (family === "IPv6") && same(0) && same(1) && same(2) && same(3);
  return inside !== side.negated;
}

const PROTOCOL_ALIASES: Readonly<Record<string, string>> = {
  "6": "tcp",
  "17": "udp",
  "132": "sctp",
  "1": "icmp",
  "58": "icmpv6",
  "ipv6-icmp": "icmpv6",
  icmp6: "icmpv6",
};

function isProtocol(name: string, { protocol }: Flight): boolean {
  return (PROTOCOL_ALIASES[name] ?? name) === protocol;
}

/** "veth+" stands for every name that begins so; a packet without a name fits only "+". */
function isInterface(pattern: Negatable<string> | null, name: string | null): boolean {
  if (pattern === null) return true;
  const { value, negated } = pattern;
  const own = name ?? "";
  return (value.endsWith("+") ? own.startsWith(value.slice(0, -1)) : own === value) !== negated;
}
