// A ruleset as text: the document kube-proxy feeds to iptables-restore, and the one iptables-save prints.
//
// kube-proxy's rules follow one order of words, which this printer gives back without being told it:
//   comment, addrtype and set matches that stand first | -d ... ! -s ... | the other matches | -j     no port
//   ... | -m tcp -p tcp -d ... --dport 80 ! -s ... | ... | -j                                         with a port
//   -p tcp | ... | -j                              a protocol that no port match repeats (IPVS node ports, multiport)
// Order of addresses never changes what a rule means, so any other rule prints in the same order.
//
// Cost: 50,000 Services x 10 endpoints are 220 MB of text, so documents come in chunks of about 64 KiB.
// Source: kube-proxy pkg/proxy/iptables/proxier.go; iptables-save(8).
import type { Family } from "../../base/ip.js";
import { matchOptions, matchText, targetText } from "./extension-text.js";
import type { Chain, IptablesRuleset, Match, Negatable, Rule, Table, TableName } from "./model.js";

/** "-A CHAIN ... -j TARGET", as kube-proxy writes it. No newline. */
export function printRule(chainName: string, rule: Rule): string {
  const { matches, protocol } = rule;
  let text = `-A ${chainName}`;
  const carrier = protocolCarrier(rule);
  if (carrier < 0) {
    if (protocol) text += word("-p", protocol.value, protocol.negated);
    const leading = leadingMatches(matches);
    for (let index = 0; index < leading; index++) text += restoreMatch(matches[index] as Match);
    text += destinationText(rule) + otherAddressText(rule);
    for (let index = leading; index < matches.length; index++) text += restoreMatch(matches[index] as Match);
  } else {
    for (let index = 0; index < matches.length; index++) {
      const match = matches[index] as Match;
      text += index === carrier ? portMatch(rule, match) : restoreMatch(match);
    }
  }
  return text + targetText(rule.target, "restore", FAMILY_FREE);
}

/** "-A CHAIN ... -j TARGET", as iptables-save prints it. No newline. */
export function printSavedRule(chainName: string, rule: Rule, family: Family): string {
  let text = `-A ${chainName}`;
  if (rule.source) text += word("-s", rule.source.value.text, rule.source.negated);
  if (rule.destination) text += word("-d", rule.destination.value.text, rule.destination.negated);
  if (rule.inInterface) text += word("-i", rule.inInterface.value, rule.inInterface.negated);
  if (rule.outInterface) text += word("-o", rule.outInterface.value, rule.outInterface.negated);
  if (rule.protocol) text += word("-p", savedProtocol(rule.protocol.value), rule.protocol.negated);
  for (const match of rule.matches) text += matchText(match, "save", family);
  return text + targetText(rule.target, "save", family);
}

/** ":KUBE-SERVICES - [0:0]". With iptables-restore --noflush it empties the chain. */
export function printChainLine(chain: Pick<Chain, "name" | "policy">): string {
  return `:${chain.name} ${chain.policy ?? "-"} [0:0]`;
}

/**
 * The ruleset as an iptables-restore document.
 *
 * @param options.tables which tables, in this order; those in their boot state are left out. kube-proxy: filter, nat
 * @returns chunks of whole lines, about 64 KiB each
 */
export function* printRestore(
  ruleset: IptablesRuleset,
  options: { tables: readonly TableName[] },
): Generator<string> {
  for (const name of options.tables) {
    const table = ruleset.tables.get(name);
    if (table && !isBootState(table)) yield* printTable(table, printRule);
  }
}

/** The ruleset as iptables-save lists it, without the dated comments; tables in their boot state are left out. */
export function* printSave(ruleset: IptablesRuleset): Generator<string> {
  const print = (chain: string, rule: Rule) => printSavedRule(chain, rule, ruleset.family);
  for (const table of ruleset.tables.values()) {
    if (!isBootState(table)) yield* printTable(table, print);
  }
}

const CHUNK_CHARS = 65536;
/** Restore spelling never depends on the family. */
const FAMILY_FREE: Family = "IPv4";

function* printTable(table: Table, print: (chain: string, rule: Rule) => string): Generator<string> {
  let chunk = `*${table.name}\n`;
  for (const chain of table.chains.values()) {
    chunk += `${printChainLine(chain)}\n`;
    if (chunk.length >= CHUNK_CHARS) {
      yield chunk;
      chunk = "";
    }
  }
  for (const chain of table.chains.values()) {
    for (const rule of chain.rules) {
      chunk += `${print(chain.name, rule)}\n`;
      if (chunk.length >= CHUNK_CHARS) {
        yield chunk;
        chunk = "";
      }
    }
  }
  yield `${chunk}COMMIT\n`;
}

function isBootState(table: Table): boolean {
  for (const chain of table.chains.values()) {
    if (chain.policy !== "ACCEPT" || chain.rules.length > 0) return false;
  }
  return true;
}

/** Position of the port match beside which kube-proxy writes -p; -1 when -p must stand first. */
function protocolCarrier({ protocol, matches }: Rule): number {
  if (protocol === null || protocol.negated) return -1;
  for (let index = 0; index < matches.length; index++) {
    const match = matches[index] as Match;
    if (match.kind === "port" && match.extension === protocol.value) return index;
    // Their options are refused before -p was read.
    if (match.kind === "port" || match.kind === "icmp") return -1;
  }
  return -1;
}

function leadingMatches(matches: readonly Match[]): number {
  let count = 0;
  for (const { kind } of matches) {
    if (kind !== "comment" && kind !== "addrtype" && kind !== "set") break;
    count++;
  }
  return count;
}

function portMatch(rule: Rule, match: Match): string {
  const name = (rule.protocol as Negatable<string>).value;
  return (
    ` -m ${name} -p ${name}${destinationText(rule)}` +
    matchOptions(match, "restore", FAMILY_FREE) +
    otherAddressText(rule)
  );
}

function destinationText({ destination }: Rule): string {
  return destination ? word("-d", bare(destination.value.text), destination.negated) : "";
}

function otherAddressText({ source, inInterface, outInterface }: Rule): string {
  return (
    (source ? word("-s", bare(source.value.text), source.negated) : "") +
    (inInterface ? word("-i", inInterface.value, inInterface.negated) : "") +
    (outInterface ? word("-o", outInterface.value, outInterface.negated) : "")
  );
}

function restoreMatch(match: Match): string {
  return matchText(match, "restore", FAMILY_FREE);
}

/** kube-proxy writes one address without its prefix length. */
function bare(cidr: string): string {
  if (cidr.endsWith("/128")) return cidr.slice(0, -4);
  return cidr.endsWith("/32") && !cidr.includes(":") ? cidr.slice(0, -3) : cidr;
}

/** Numbers that /etc/protocols has a name for, and names that it spells otherwise. */
const SAVED_PROTOCOLS: Readonly<Record<string, string>> = {
  "1": "icmp",
  "2": "igmp",
  "6": "tcp",
  "17": "udp",
  "33": "dccp",
  "47": "gre",
  "50": "esp",
  "51": "ah",
  "58": "ipv6-icmp",
  icmpv6: "ipv6-icmp",
  "89": "ospf",
  "103": "pim",
  "112": "vrrp",
  "115": "l2tp",
  "132": "sctp",
  "136": "udplite",
};

function savedProtocol(name: string): string {
  return SAVED_PROTOCOLS[name] ?? name;
}

function word(option: string, value: string, negated: boolean): string {
  return negated ? ` ! ${option} ${value}` : ` ${option} ${value}`;
}
