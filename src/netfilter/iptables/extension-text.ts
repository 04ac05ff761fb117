// Matches and targets as text, in two spellings: the one kube-proxy writes for iptables-restore, and the one
// iptables-save prints. Both are read back by the real tools and by parse.ts.
// Source: iptables-extensions(8); the `save` functions of extensions/libxt_*.c.
import { unreachable } from "../../base/assert.js";
import type { Family } from "../../base/ip.js";
import { CT_STATES, TCP_FLAGS } from "../packet.js";
import type { AddressRange, IpRange, Match, Negatable, Range, Target } from "./model.js";
import { quoteSaved, quoteWord } from "./quote.js";
import { hexMark } from "./ruleset.js";

export type Spelling = "restore" | "save";

/** " -m name --option value": with a leading blank, ready to be appended. */
export function matchText(match: Match, spelling: Spelling, family: Family): string {
  if (match.kind === "opaque" && match.extension === "") return ` ${match.text}`;
  return ` -m ${extensionName(match)}${matchOptions(match, spelling, family)}`;
}

/** " --dport 80", without the "-m tcp" before it. */
export function matchOptions(match: Match, spelling: Spelling, family: Family): string {
  switch (match.kind) {
    case "comment":
      return ` --comment ${spelling === "save" ? quoteSaved(match.text) : quoteWord(match.text)}`;
    case "port":
      return portOptions(match);
    case "icmp":
      return negatable(match.extension === "icmp" ? "--icmp-type" : "--icmpv6-type", match.type);
    case "conntrack": {
      const states = spelling === "save" ? savedStates(match.states.value) : match.states.value;
      const option = match.legacyState ? "--state" : "--ctstate";
      return negatable(option, { value: states.join(","), negated: match.states.negated });
    }
    case "mark":
      return negatable("--mark", {
        value: markText(match.mark.value, spelling),
        negated: match.mark.negated,
      });
    case "addrtype":
      return (
        (match.source ? negatable("--src-type", match.source) : "") +
        (match.destination ? negatable("--dst-type", match.destination) : "") +
        (match.limitInterface ? ` --limit-iface-${match.limitInterface}` : "")
      );
    case "statistic":
      return statisticOptions(match, spelling);
    case "recent":
      return recentOptions(match, spelling, family);
    case "set":
      return `${match.negated ? " !" : ""} --match-set ${match.name} ${match.sides.join(",")}`;
    case "iprange":
      return rangeOption("--src-range", match.source) + rangeOption("--dst-range", match.destination);
    case "physdev":
      return `${match.isIn.negated ? " !" : ""} --physdev-is-in`;
    case "ipvs":
      return ` --vaddr ${match.address} --vproto ${match.protocol} --vport ${match.port}`;
    case "opaque":
      return match.text === "" ? "" : ` ${match.text}`;
    default:
      return unreachable(match, "match kind");
  }
}

/** " -j TARGET options", or nothing for a rule that only counts. */
export function targetText(target: Target | null, spelling: Spelling, family: Family): string {
  if (target === null) return "";
  switch (target.kind) {
    case "accept":
    case "drop":
    case "return":
    case "masquerade":
      return named(target.kind.toUpperCase(), target.options);
    case "reject":
      return rejectText(target.rejectWith, spelling, family);
    case "jump":
      return ` -j ${target.chain}`;
    case "goto":
      return ` -g ${target.chain}`;
    case "dnat":
      return named(`DNAT --to-destination ${addressRangeText(target.to)}`, target.options);
    case "snat":
      return named(`SNAT --to-source ${addressRangeText(target.to)}`, target.options);
    case "redirect":
      return named(`REDIRECT${target.ports ? ` --to-ports ${dashed(target.ports)}` : ""}`, target.options);
    case "mark":
      return ` -j MARK ${spelling === "save" ? `--set-xmark ${hex(target.value)}/${hex(target.mask)}` : target.text}`;
    case "notrack":
      return target.options === "" ? " -j NOTRACK" : named("CT", target.options);
    case "continue":
      return named(target.name, target.options);
    default:
      return unreachable(target, "target kind");
  }
}

/** "10.0.0.1-10.0.0.9:80-90"; IPv6 with ports in brackets. */
export function addressRangeText(to: AddressRange): string {
  const addresses = to.first === null ? "" : to.last === null ? to.first : `${to.first}-${to.last}`;
  if (to.ports === null) return addresses;
  return `${addresses.includes(":") ? `[${addresses}]` : addresses}:${dashed(to.ports)}`;
}

function extensionName(match: Match): string {
  switch (match.kind) {
    case "port":
    case "icmp":
    case "opaque":
      return match.extension;
    case "conntrack":
      return match.legacyState ? "state" : "conntrack";
    default:
      return match.kind;
  }
}

function portOptions(match: Extract<Match, { kind: "port" }>): string {
  const multi = match.extension === "multiport";
  const ports = (option: string, side: Negatable<readonly Range[]> | null) =>
    side ? negatable(option, { value: side.value.map(colons).join(","), negated: side.negated }) : "";
  return (
    ports(multi ? "--sports" : "--sport", match.source) +
    ports(multi ? "--dports" : "--dport", match.destination) +
    ports("--ports", match.either) +
    (match.tcpFlags
      ? `${match.tcpFlags.negated ? " !" : ""} --tcp-flags ${flagNames(match.tcpFlags.mask)} ${flagNames(match.tcpFlags.value)}`
      : "")
  );
}

function statisticOptions(match: Extract<Match, { kind: "statistic" }>, spelling: Spelling): string {
  const not = match.negated ? " !" : "";
  if (match.mode === "nth") return ` --mode nth${not} --every ${match.every} --packet ${match.packet}`;
  const text = spelling === "save" ? (match.threshold / 2 ** 31).toFixed(11) : match.text;
  return ` --mode random${not} --probability ${text}`;
}

function recentOptions(
  match: Extract<Match, { kind: "recent" }>,
  spelling: Spelling,
  family: Family,
): string {
  const operation =
    (match.negated ? " !" : "") +
    ` --${match.operation}` +
    (match.seconds === null ? "" : ` --seconds ${match.seconds}`) +
    (match.reap ? " --reap" : "") +
    (match.hitcount === null ? "" : ` --hitcount ${match.hitcount}`);
  if (spelling === "restore") {
    return ` --name ${match.name}${operation}${match.side === "destination" ? " --rdest" : ""}`;
  }
  const mask = family === "IPv4" ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  return `${operation} --name ${match.name} --mask ${mask} --r${match.side === "source" ? "source" : "dest"}`;
}

function rejectText(rejectWith: string | null, spelling: Spelling, family: Family): string {
  const byDefault = family === "IPv4" ? "icmp-port-unreachable" : "icmp6-port-unreachable";
  const shown = rejectWith ?? (spelling === "save" ? byDefault : null);
  return shown === null ? " -j REJECT" : ` -j REJECT --reject-with ${shown}`;
}

/** kube-proxy writes eight digits and always the mask; iptables-save no padding and no full mask. */
function markText(mark: { readonly value: number; readonly mask: number }, spelling: Spelling): string {
  if (spelling === "restore") return `${hexMark(mark.value)}/${hexMark(mark.mask)}`;
  return mark.mask === 0xffffffff ? hex(mark.value) : `${hex(mark.value)}/${hex(mark.mask)}`;
}

const SAVED_STATES: readonly string[] = [
  "INVALID",
  "NEW",
  "RELATED",
  "ESTABLISHED",
  "UNTRACKED",
  "SNAT",
  "DNAT",
];

function savedStates(states: readonly string[]): readonly string[] {
  return [...states].sort((a, b) => SAVED_STATES.indexOf(a) - SAVED_STATES.indexOf(b));
}

function flagNames(bits: number): string {
  const names = Object.entries(TCP_FLAGS).filter(([, bit]) => (bits & bit) !== 0);
  return names.length === 0 ? "NONE" : names.map(([name]) => name).join(",");
}

function rangeOption(option: string, range: Negatable<IpRange> | null): string {
  return range
    ? negatable(option, { value: `${range.value.first}-${range.value.last}`, negated: range.negated })
    : "";
}

function negatable(option: string, { value, negated }: Negatable<string>): string {
  return `${negated ? " !" : ""} ${option} ${value}`;
}

function named(name: string, options: string): string {
  return options === "" ? ` -j ${name}` : ` -j ${name} ${options}`;
}

function colons(range: Range): string {
  return range.first === range.last ? `${range.first}` : `${range.first}:${range.last}`;
}

function dashed(range: Range): string {
  return range.first === range.last ? `${range.first}` : `${range.first}-${range.last}`;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** Every state name a conntrack match may list. */
export const MATCHABLE_STATES: readonly string[] = [...CT_STATES, "SNAT", "DNAT"];
