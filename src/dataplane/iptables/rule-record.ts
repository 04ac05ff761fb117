// One rule -> its fixed-stride record: both addresses, protocol, target; the rest goes to the match pool
// (asm/abi/iptables.ts draws it). Cost: about a microsecond; a node of 50,000 Services has 1.6 million rules.
import * as abi from "../../../asm/abi/iptables.js";
import { type Cidr, ipWords, prefixMask } from "../../base/ip.js";
import type { AddressRange, Negatable, Rule, Target } from "../../netfilter/iptables/model.js";
import type { ImageWriter } from "../image-writer.js";
import type { MatchPool } from "./match-pool.js";
import { type MatchNames, writeMatch } from "./match-record.js";
import { protocolNumber } from "./protocol-number.js";

/** What rule records refer to by number. */
export interface RuleNames extends MatchNames {
  /** @throws {PlumbError} InvalidInput when the table has no such chain */
  chainIndex(chain: string): number;
  interfaceIndex(name: string): number;
}

export class RuleRecords {
  readonly stride: number;
  readonly #writer: ImageWriter;
  readonly #pool: MatchPool;
  readonly #control: number;

  constructor(writer: ImageWriter, pool: MatchPool) {
    this.#writer = writer;
    this.#pool = pool;
    const isV6 = writer.family === "IPv6";
    this.stride = isV6 ? abi.RULE_BYTES_V6 : abi.RULE_BYTES_V4;
    this.#control = isV6 ? abi.RULE_CONTROL_V6 : abi.RULE_CONTROL_V4;
  }

  /** Write `rule` at `offset`, which holds zeroes or another rule. @throws {PlumbError} InvalidInput */
  write(offset: number, rule: Rule, names: RuleNames): void {
    const matchesAt = this.#matches(rule, names);
    const operands = this.#operands(rule.target, names);
    const hasHeader = needsHeader(rule);
    // The writer may have grown above: take its views only now.
    this.#addresses(offset, rule);
    const { bytes, words } = this.#writer;
    const control = offset + this.#control;
    bytes[control + abi.RULE_PROTOCOL] =
      rule.protocol && !rule.protocol.negated ? protocolNumber(rule.protocol.value) : 0;
    bytes[control + abi.RULE_TARGET] = targetNumber(rule.target);
    bytes[control + abi.RULE_BITS] = hasHeader ? abi.RULE_BIT_HEADER : 0;
    words[(control + abi.RULE_MATCHES_AT) >>> 2] = matchesAt;
    words[(control + abi.RULE_OPERAND) >>> 2] = operands[0];
    words[(control + abi.RULE_OPERAND_2) >>> 2] = operands[1];
  }

  #addresses(offset: number, { source, destination }: Rule): void {
    const at = offset >>> 2;
    const { words } = this.#writer;
    const plainSource = plain(source);
    const plainDestination = plain(destination);
    if (this.#writer.family === "IPv4") {
      words[at] = plainSource?.words[0] ?? 0;
      words[at + 1] = plainDestination?.words[0] ?? 0;
      words[at + 2] = maskOf(plainSource);
      words[at + 3] = maskOf(plainDestination);
      return;
    }
    writeNetwork(words, (offset + abi.RULE_V6_SOURCE) >>> 2, plainSource);
    writeNetwork(words, (offset + abi.RULE_V6_DESTINATION) >>> 2, plainDestination);
  }

  #matches(rule: Rule, names: RuleNames): number {
    this.#pool.begin();
    if (needsHeader(rule)) this.#header(rule, names);
    const checked = rule.protocol?.negated === false ? rule.protocol.value : null;
    for (const match of rule.matches) writeMatch(this.#pool, match, names, checked);
    return this.#pool.end();
  }

  /** What the fixed fields cannot say: negation and interfaces. */
  #header(rule: Rule, names: RuleNames): void {
    const { source, destination, inInterface, outInterface, protocol } = rule;
    const fields = [
      [source?.negated ? source : null, abi.HEADER_BIT_SOURCE],
      [destination?.negated ? destination : null, abi.HEADER_BIT_DESTINATION],
      [inInterface, abi.HEADER_BIT_IN],
      [outInterface, abi.HEADER_BIT_OUT],
      [protocol?.negated ? protocol : null, abi.HEADER_BIT_PROTOCOL],
    ] as const;
    const present = fields.reduce((bits, [field, bit]) => (field ? bits | bit : bits), 0);
    const negated = fields.reduce((bits, [field, bit]) => (field?.negated ? bits | bit : bits), 0);
    const interfaces =
      (inInterface ? names.interfaceIndex(inInterface.value) : 0) |
      ((outInterface ? names.interfaceIndex(outInterface.value) : 0) << 16);
    const number = protocol?.negated ? protocolNumber(protocol.value) : 0;
    this.#pool.record(
      abi.MATCH_HEADER,
      0,
      interfaces >>> 0,
      (number | (present << 16) | (negated << 24)) >>> 0,
      0,
      ...networkWords(source?.negated ? source.value : null),
      ...networkWords(destination?.negated ? destination.value : null),
    );
  }

  #operands(target: Target | null, names: RuleNames): readonly [number, number] {
    switch (target?.kind) {
      case "jump":
      case "goto":
        return [names.chainIndex(target.chain), 0];
      case "dnat":
        if (isOneIpv4(target.to)) return [ipWords(target.to.first)[0], target.to.ports?.first ?? 0];
        return [this.#translation(target.to), 0];
      case "snat":
        return [this.#translation(target.to), 0];
      case "redirect":
        return [target.ports ? (target.ports.first | (target.ports.last << 16)) >>> 0 : 0, 0];
      case "masquerade":
        return [masqueradePorts(target.options), 0];
      case "mark":
        return [target.value >>> 0, target.mask >>> 0];
      default:
        return [0, 0];
    }
  }

  /** A translation record; shared like matches, through the pool's memory of equal lists. */
  #translation({ first, last, ports }: AddressRange): number {
    const firstWords = first === null ? [0, 0, 0, 0] : ipWords(first);
    const lastWords = last === null ? firstWords : ipWords(last);
    const portWord = ports === null ? 0 : (ports.first | (ports.last << 16)) >>> 0;
    return this.#pool.share([...firstWords, ...lastWords, first === null ? 0 : 1, portWord, 0, 0]);
  }
}

/** --to-ports FIRST[-LAST], as one word; 0 when there is none. */
function masqueradePorts(options: string): number {
  const match = /--to-ports (\d+)(?:-(\d+))?/.exec(options);
  if (match === null) return 0;
  return (Number(match[1]) | (Number(match[2] ?? match[1]) << 16)) >>> 0;
}

function needsHeader({ source, destination, inInterface, outInterface, protocol }: Rule): boolean {
  if (inInterface !== null || outInterface !== null) return true;
  return source?.negated === true || destination?.negated === true || protocol?.negated === true;
}

function plain(side: Negatable<Cidr> | null): Cidr | null {
  return side !== null && !side.negated ? side.value : null;
}

/** IPv4 netmask as one word. */
function maskOf(cidr: Cidr | null): number {
  if (cidr === null || cidr.prefixLength === 0) return 0;
  return (0xffffffff << (32 - cidr.prefixLength)) >>> 0;
}

function writeNetwork(words: Uint32Array, at: number, cidr: Cidr | null): void {
  words.set(networkWords(cidr), at);
}

/** Address and mask, four words each. */
function networkWords(cidr: Cidr | null): readonly number[] {
  return cidr === null
    ? [0, 0, 0, 0, 0, 0, 0, 0]
    : [...cidr.words, ...prefixMask(cidr.prefixLength, cidr.family)];
}

/** One address and at most one port: what kube-proxy's endpoints are. */
function isOneIpv4(to: AddressRange): to is AddressRange & { readonly first: string } {
  if (to.first === null || to.first.includes(":")) return false;
  return (
    (to.last === null || to.last === to.first) && (to.ports === null || to.ports.first === to.ports.last)
  );
}

function targetNumber(target: Target | null): number {
  switch (target?.kind) {
    case undefined:
    case "continue":
      return abi.TARGET_NONE;
    case "accept":
      return abi.TARGET_ACCEPT;
    case "drop":
      return abi.TARGET_DROP;
    case "reject":
      return abi.TARGET_REJECT;
    case "return":
      return abi.TARGET_RETURN;
    case "jump":
      return abi.TARGET_JUMP;
    case "goto":
      return abi.TARGET_GOTO;
    case "dnat":
      return isOneIpv4(target.to) ? abi.TARGET_DNAT_TO : abi.TARGET_DNAT;
    case "snat":
      return abi.TARGET_SNAT;
    case "redirect":
      return abi.TARGET_REDIRECT;
    case "masquerade":
      return abi.TARGET_MASQUERADE;
    case "mark":
      return abi.TARGET_MARK;
    case "notrack":
      return abi.TARGET_NOTRACK;
  }
}
