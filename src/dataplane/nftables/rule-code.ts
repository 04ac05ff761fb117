// Rules as statement words (asm/abi/nftables.ts draws them): one buffer, filled chain by chain and copied into the image.
import {
  NFT_FLAG_DESTINATION,
  NFT_FLAG_FIRST,
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
  NFT_OP_END,
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
  NFT_OP_VERDICT,
  NFT_OP_VMAP,
  NFT_STATEMENT_BYTES,
  NFT_TARGET_BYTES_V4,
  NFT_TARGET_BYTES_V6,
} from "../../../asm/abi/nftables.js";
import { unreachable } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import { type Cidr, type Family, ipWords, parseCidr, prefixMask } from "../../base/ip.js";
import type {
  NftAddress,
  NftChain,
  NftRule,
  NftStatement,
  NftVerdict,
} from "../../netfilter/nftables/model.js";
import { CT_STATES } from "../../netfilter/packet.js";
import { keyParts, protocolNumber } from "./key.js";

/** Statements and their payload are counted in strides of this many words. */
const STRIDE = NFT_STATEMENT_BYTES / 4;
const SKIP_MAX = 0xffff;

/** The numbers that names stand for in the image. */
export interface CodeNames {
  verdict(verdict: NftVerdict): number;
  table(name: string): number;
  /** Whether the plain set holds single addresses, which have a lookup of their own. */
  isAddressSet(name: string): boolean;
  /** Number and timeout of a dynamic set; null for a plain one. */
  dynamicSet(name: string): { readonly number: number; readonly timeoutMs: number } | null;
  interface(name: string): number;
}

export class RuleCode {
  readonly #names: CodeNames;
  readonly #family: Family;
  /** The chain encoded last; only the first `length` words count. */
  words = new Uint32Array(1024);
  length = 0;

  constructor(names: CodeNames, family: Family) {
    this.#names = names;
    this.#family = family;
  }

  /** Encode a chain into `words`, its END included. */
  encode(chain: NftChain): void {
    this.length = 0;
    for (const rule of chain.rules) this.#rule(rule, chain.name);
    this.#push(NFT_OP_END);
  }

  #rule(rule: NftRule, chain: string): void {
    const starts = rule.statements.map((statement, index) => {
      const start = this.length;
      this.#statement(statement);
      if (index === 0) this.#flag(start, NFT_FLAG_FIRST);
      return start;
    });
    for (const start of starts) {
      const skip = (this.length - start) / STRIDE;
      if (skip > SKIP_MAX) {
        throw new PlumbError(
          "LimitExceeded",
          `Cannot encode chain '${chain}': a rule of ${skip} strides, limit ${SKIP_MAX}`,
        );
      }
      this.words[start] = (this.words[start] as number) | (skip << 16);
    }
  }

  #statement(statement: NftStatement): void {
    const flags = "negated" in statement && statement.negated ? NFT_FLAG_NEGATED : 0;
    switch (statement.kind) {
      case "match":
        this.#match(statement, flags);
        return;
      case "lookup":
        this.#lookup(statement, flags);
        return;
      case "ctstate":
        this.#push(NFT_OP_CT_STATE, flags, stateBits(statement.states));
        return;
      case "ctstatus":
        this.#push(NFT_OP_CT_STATUS, flags, statement.status === "dnat" ? 1 : 2);
        return;
      case "fib":
        this.#push(NFT_OP_FIB_LOCAL, flags | (statement.side === "daddr" ? NFT_FLAG_DESTINATION : 0));
        return;
      case "mark":
        this.#push(NFT_OP_MARK, flags, statement.mask, statement.value);
        return;
      case "setmark":
        this.#push(statement.operation === "or" ? NFT_OP_MARK_OR : NFT_OP_MARK_XOR, flags, statement.value);
        return;
      case "vmap":
        this.#push(NFT_OP_VMAP, flags, this.#names.table(statement.map), keyParts(statement.fields));
        return;
      case "numgen-vmap":
        this.#push(
          NFT_OP_NUMGEN_VMAP,
          flags,
          statement.verdicts.length,
          0,
          statement.verdicts.map((verdict) => this.#names.verdict(verdict)),
        );
        return;
      case "numgen-dnat":
        this.#numgenDnat(statement.targets);
        return;
      case "dnat":
        this.#dnat(statement.target);
        return;
      case "masquerade":
        this.#push(NFT_OP_MASQUERADE, flags);
        return;
      case "update":
        this.#update(statement.set);
        return;
      case "verdict":
        this.#push(NFT_OP_VERDICT, flags, this.#names.verdict(statement.verdict));
        return;
      default:
        unreachable(statement, "nftables statement");
    }
  }

  #match(statement: Extract<NftStatement, { kind: "match" }>, flags: number): void {
    const { field, values } = statement;
    switch (field) {
      case "ip saddr":
        this.#addresses(values, flags);
        return;
      case "ip daddr":
        this.#addresses(values, flags | NFT_FLAG_DESTINATION);
        return;
      case "meta l4proto":
        this.#values(NFT_OP_PROTOCOL, flags, values.map(protocolNumber));
        return;
      case "th sport":
        this.#values(NFT_OP_SOURCE_PORT, flags, values.map(Number));
        return;
      case "th dport":
        this.#values(NFT_OP_DESTINATION_PORT, flags, values.map(Number));
        return;
      case "iifname":
        this.#values(
          NFT_OP_INTERFACE,
          flags,
          values.map((name) => this.#names.interface(name)),
        );
        return;
    }
  }

  #addresses(values: readonly string[], flags: number): void {
    const networks = values.map((text) => networkWords(text, this.#family));
    const [only] = networks;
    if (only === undefined || networks.length > 1) {
      this.#push(NFT_OP_ADDRESSES, flags, networks.length, 0, networks.flat());
      return;
    }
    if (this.#family === "IPv6") {
      this.#push(NFT_OP_ADDRESS, flags, 0, 0, only);
      return;
    }
    this.#push(NFT_OP_ADDRESS, flags, only[0] as number, only[1] as number);
  }

  #values(op: number, flags: number, values: readonly number[]): void {
    const [only] = values;
    if (only !== undefined && values.length === 1) this.#push(op, flags, 1, only);
    else this.#push(op, flags, values.length, 0, values);
  }

  #lookup(statement: Extract<NftStatement, { kind: "lookup" }>, flags: number): void {
    const [field] = statement.fields;
    const ofDestination = field === "ip daddr" ? NFT_FLAG_DESTINATION : 0;
    const dynamic = this.#names.dynamicSet(statement.set);
    if (dynamic !== null) {
      if (statement.fields.length !== 1 || field !== "ip saddr") {
        throw new PlumbError(
          "Unsupported",
          `Cannot encode a lookup in dynamic set '${statement.set}': only ip saddr is kept there`,
        );
      }
      this.#push(NFT_OP_CLIENT_LOOKUP, flags, dynamic.number);
    } else if (this.#names.isAddressSet(statement.set)) {
      this.#push(NFT_OP_ADDRESS_LOOKUP, flags | ofDestination, this.#names.table(statement.set));
    } else {
      this.#push(NFT_OP_LOOKUP, flags, this.#names.table(statement.set), keyParts(statement.fields));
    }
  }

  #update(name: string): void {
    const dynamic = this.#names.dynamicSet(name);
    if (dynamic === null)
      throw new PlumbError("InvalidInput", `Cannot encode 'update @${name}': the set is not dynamic`);
    this.#push(NFT_OP_CLIENT_UPDATE, 0, dynamic.number, dynamic.timeoutMs);
  }

  #numgenDnat(targets: readonly NftAddress[]): void {
    const words = this.#family === "IPv4" ? NFT_TARGET_BYTES_V4 / 4 : NFT_TARGET_BYTES_V6 / 4;
    const payload = targets.flatMap(({ ip, port }) => [...ipWords(ip).slice(0, words - 1), port]);
    this.#push(NFT_OP_NUMGEN_DNAT, 0, targets.length, 0, payload);
  }

  #dnat({ ip, port }: NftAddress): void {
    if (this.#family === "IPv6") this.#push(NFT_OP_DNAT, 0, 0, port, ipWords(ip));
    else this.#push(NFT_OP_DNAT, 0, ipWords(ip)[0], port);
  }

  #flag(start: number, flag: number): void {
    this.words[start] = (this.words[start] as number) | (flag << 8);
  }

  #push(op: number, flags = 0, a = 0, b = 0, payload: readonly number[] = []): void {
    const strides = Math.ceil(payload.length / STRIDE);
    this.#reserve(this.length + (1 + strides) * STRIDE);
    this.words[this.length] = op | (flags << 8);
    this.words[this.length + 1] = a;
    this.words[this.length + 2] = b;
    this.words[this.length + 3] = strides;
    this.words.set(payload, this.length + STRIDE);
    this.words.fill(0, this.length + STRIDE + payload.length, this.length + (1 + strides) * STRIDE);
    this.length += (1 + strides) * STRIDE;
  }

  #reserve(length: number): void {
    if (length <= this.words.length) return;
    const grown = new Uint32Array(Math.max(length, this.words.length * 2));
    grown.set(this.words);
    this.words = grown;
  }
}

/** Value, then mask; one word each in IPv4, four in IPv6. */
function networkWords(text: string, family: Family): number[] {
  const cidr: Cidr | null = parseCidr(text);
  if (cidr === null || cidr.family !== family) {
    throw new PlumbError(
      "InvalidInput",
      `Cannot encode address '${text}': expected an ${family} address or CIDR`,
    );
  }
  const mask = prefixMask(cidr.prefixLength, family);
  return family === "IPv4" ? [cidr.words[0], mask[0]] : [...cidr.words, ...mask];
}

function stateBits(states: readonly string[]): number {
  return states.reduce((bits, state) => {
    const position = (CT_STATES as readonly string[]).indexOf(state.toUpperCase());
    if (position < 0)
      throw new PlumbError(
        "InvalidInput",
        `Cannot encode ct state '${state}': expected ${CT_STATES.join(", ")}`,
      );
    return bits | (1 << position);
  }, 0);
}
