// Making rules: an empty ruleset as a booted kernel has it, and the factories that compilers share.
import type { Cidr, Family } from "../../base/ip.js";
import {
  type Chain,
  type Hook,
  type IptablesRuleset,
  type Match,
  type Rule,
  TABLE_NAMES,
  type Table,
  type TableName,
  type Target,
} from "./model.js";

/** The built-in chains of each table, in the order iptables-save lists them. */
export const BUILTIN_CHAINS: Record<TableName, readonly Hook[]> = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

/** All four tables, their built-in chains empty with policy ACCEPT. */
export function emptyRuleset(family: Family): IptablesRuleset {
  return { family, tables: new Map(TABLE_NAMES.map((name) => [name, emptyTable(name)])) };
}

function emptyTable(name: TableName): Table {
  const builtin = (hook: Hook): [string, Chain] => [hook, { name: hook, policy: "ACCEPT", rules: [] }];
  return { name, chains: new Map(BUILTIN_CHAINS[name].map(builtin)) };
}

/** A rule from the parts that matter; the rest is null. */
export function rule(parts: Partial<Rule>): Rule {
  return {
    source: parts.source ?? null,
    destination: parts.destination ?? null,
    inInterface: parts.inInterface ?? null,
    outInterface: parts.outInterface ?? null,
    protocol: parts.protocol ?? null,
    matches: parts.matches ?? [],
    target: parts.target ?? null,
  };
}

/** Rules of one table or of all, built-in chains included. */
export function countRules(ruleset: IptablesRuleset, table?: TableName): number {
  let count = 0;
  for (const { name, chains } of ruleset.tables.values()) {
    if (table !== undefined && name !== table) continue;
    for (const chain of chains.values()) count += chain.rules.length;
  }
  return count;
}

/** -s or -d. */
export function address(cidr: Cidr, options: { negated: boolean } = { negated: false }): Rule["source"] {
  return { value: cidr, negated: options.negated };
}

export function protocol(name: string): Rule["protocol"] {
  return { value: name, negated: false };
}

export function comment(text: string): Match {
  return { kind: "comment", text };
}

/** `-m tcp --dport 80`; without a port, the bare `-m tcp` that kube-proxy writes before DNAT. */
export function port(extension: string, destinationPort: number | null): Match {
  const destination =
    destinationPort === null
      ? null
      : { value: [{ first: destinationPort, last: destinationPort }], negated: false };
  return { kind: "port", extension, source: null, destination, either: null, tcpFlags: null };
}

export function conntrack(
  states: Extract<Match, { kind: "conntrack" }>["states"]["value"],
  options: { negated: boolean } = { negated: false },
): Match {
  return { kind: "conntrack", states: { value: states, negated: options.negated }, legacyState: false };
}

/** `-m mark --mark bits/bits`. */
export function markBits(bits: number, options: { negated: boolean } = { negated: false }): Match {
  return { kind: "mark", mark: { value: { value: bits, mask: bits }, negated: options.negated } };
}

export function addressType(side: "source" | "destination", type: string): Match {
  const value = { value: type, negated: false };
  const source = side === "source" ? value : null;
  const destination = side === "destination" ? value : null;
  return { kind: "addrtype", source, destination, limitInterface: null };
}

/** `-m set --match-set NAME dst,dst`. */
export function matchSet(name: string, sides: readonly ("src" | "dst")[]): Match {
  return { kind: "set", name, sides, negated: false };
}

/**
 * `-m statistic --mode random`: the match that the kernel makes of a written probability. It keeps 31 bits.
 *
 * @see libxt_statistic
 */
export function randomMatch(text: string, negated: boolean): Match {
  return { kind: "statistic", mode: "random", threshold: Math.round(Number(text) * 2 ** 31), text, negated };
}

export const accept: Target = { kind: "accept", options: "" };
export const drop: Target = { kind: "drop", options: "" };
/** RETURN. */
export const returnToCaller: Target = { kind: "return", options: "" };
export const reject: Target = { kind: "reject", rejectWith: null };

export function jump(chain: string): Target {
  return { kind: "jump", chain };
}

/** `--or-mark`: set bits. Printed as kube-proxy prints its masquerade mark, with eight digits. */
export function orMark(bits: number): Target {
  return { kind: "mark", value: bits, mask: bits, text: `--or-mark ${hexMark(bits)}` };
}

/** `--xor-mark`: flip bits. */
export function xorMark(bits: number): Target {
  return { kind: "mark", value: bits, mask: 0, text: `--xor-mark ${hexMark(bits)}` };
}

/** DNAT to one address and port. */
export function dnatTo(ip: string, toPort: number): Target {
  return { kind: "dnat", to: { first: ip, last: null, ports: { first: toPort, last: toPort } }, options: "" };
}

export function masquerade(options: { randomFully: boolean }): Target {
  return { kind: "masquerade", options: options.randomFully ? "--random-fully" : "" };
}

/** Go's %#08x: "0x" and at least eight digits. */
export function hexMark(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
}
