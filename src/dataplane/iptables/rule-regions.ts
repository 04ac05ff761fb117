// The part of a table image that holds iptables rules, their sets and what they ask of the node: regions 0..9 of
// modes iptables, userspace and ipvs. Chains are replaced in place while they fit.
// Cost: build O(rules); replace O(rules of the chain).
import * as abi from "../../../asm/abi/iptables.js";
import { SET_HEADER_BYTES } from "../../../asm/abi/ipset.js";
import { assert } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import { ipWords } from "../../base/ip.js";
import {
  type Chain,
  HOOKS,
  type IptablesRuleset,
  TABLE_NAMES,
  type TableName,
} from "../../netfilter/iptables/model.js";
import { BUILTIN_CHAINS } from "../../netfilter/iptables/ruleset.js";
import type { IpSet } from "../../netfilter/ipset/model.js";
import type { IptablesChange } from "../../netfilter/rule-change.js";
import type { ImageWriter } from "../image-writer.js";
import { SetTable } from "../ipset/set-table.js";
import { SetTables } from "../ipset/set-tables.js";
import { InterfaceNames } from "./interfaces.js";
import { MatchPool } from "./match-pool.js";
import { PrivatePlan } from "./private-plan.js";
import { type RuleNames, RuleRecords } from "./rule-record.js";

export interface RuleRegionsInput {
  readonly ruleset: IptablesRuleset;
  readonly ipsets: readonly IpSet[];
  readonly localAddresses: readonly string[];
}

const ZERO = [0, 0, 0, 0] as const;

export class RuleRegions {
  readonly sets: SetTables;
  readonly private: PrivatePlan;
  readonly #writer: ImageWriter;
  readonly #interfaces: InterfaceNames;
  readonly #rules: RuleRecords;
  /** Table -> chain name -> chain index. */
  readonly #chains = new Map<TableName, Map<string, number>>();
  readonly #freeChains: number[] = [];
  #chainCount = 0;
  #chainCapacity: number;

  /** Write all regions. @throws {PlumbError} InvalidInput for rules that name what is not there */
  constructor(writer: ImageWriter, input: RuleRegionsInput) {
    this.#writer = writer;
    this.sets = new SetTables(writer, input.ipsets);
    this.#interfaces = new InterfaceNames(writer);
    this.private = new PrivatePlan(writer);
    this.#rules = new RuleRecords(writer, new MatchPool(writer));
    this.#writeNode(input.localAddresses);
    const tables = [...input.ruleset.tables.values()];
    const chains = tables.reduce((sum, table) => sum + table.chains.size, 0);
    this.#chainCapacity = Math.max(16, Math.ceil(chains * 1.25));
    const bytes = this.#chainCapacity * abi.CHAIN_BYTES;
    writer.setRegion(abi.IPTABLES_REGION_CHAINS, writer.allocate(bytes), bytes);
    for (const table of tables) {
      for (const chain of table.chains.values()) this.#declare(table.name, chain);
    }
    for (const table of tables) {
      for (const chain of table.chains.values()) this.#fill(table.name, chain);
    }
    this.#writeHooks();
    this.private.write();
  }

  /** Names that rules give to interfaces, by number. */
  get interfaces(): readonly string[] {
    return this.#interfaces.names;
  }

  /** Replace or create chains, then remove those that are gone. @throws {PlumbError} InvalidInput */
  update(change: Pick<IptablesChange, "chains"> & Partial<Pick<IptablesChange, "removed">>): void {
    for (const { table, chain } of change.chains) this.#declare(table, chain);
    for (const { table, chain } of change.chains) this.#fill(table, chain);
    for (const { table, name } of change.removed ?? []) this.#remove(table, name);
    this.#writeHooks();
    this.private.write();
  }

  /** Give a chain its index, so that jumps to it can be written before its rules. */
  #declare(table: TableName, chain: Chain): void {
    this.private.survey(chain);
    const names = this.#chains.get(table) ?? new Map<string, number>();
    this.#chains.set(table, names);
    const known = names.get(chain.name);
    const index = known ?? this.#freeChains.pop() ?? this.#chainCount++;
    names.set(chain.name, index);
    if (this.#chainCount > this.#chainCapacity) this.#growChains();
    const policy = { ACCEPT: abi.POLICY_ACCEPT, DROP: abi.POLICY_DROP };
    this.#setField(index, abi.CHAIN_POLICY, chain.policy === null ? abi.POLICY_NONE : policy[chain.policy]);
  }

  #fill(table: TableName, chain: Chain): void {
    const index = this.#indexOf(table, chain.name);
    const { stride } = this.#rules;
    let rulesAt = this.#field(index, abi.CHAIN_RULES_AT);
    const capacity = this.#field(index, abi.CHAIN_CAPACITY);
    if (chain.rules.length > capacity) {
      if (capacity > 0) this.#writer.release(rulesAt, capacity * stride);
      // A chain that had to grow will grow again: KUBE-SERVICES with every new Service.
      const room = capacity === 0 ? chain.rules.length : Math.ceil(chain.rules.length * 1.25);
      rulesAt = this.#writer.allocate(room * stride);
      this.#setField(index, abi.CHAIN_RULES_AT, rulesAt);
      this.#setField(index, abi.CHAIN_CAPACITY, room);
    }
    const names = this.#namesFor(table);
    for (const [position, rule] of chain.rules.entries())
      this.#rules.write(rulesAt + position * stride, rule, names);
    this.#setField(index, abi.CHAIN_COUNT, chain.rules.length);
  }

  #remove(table: TableName, name: string): void {
    const index = this.#indexOf(table, name);
    const capacity = this.#field(index, abi.CHAIN_CAPACITY);
    if (capacity > 0)
      this.#writer.release(this.#field(index, abi.CHAIN_RULES_AT), capacity * this.#rules.stride);
    for (const field of [abi.CHAIN_RULES_AT, abi.CHAIN_COUNT, abi.CHAIN_CAPACITY, abi.CHAIN_POLICY]) {
      this.#setField(index, field, 0);
    }
    this.#chains.get(table)?.delete(name);
    this.#freeChains.push(index);
  }

  #namesFor(table: TableName): RuleNames {
    return {
      chainIndex: (chain) => this.#indexOf(table, chain),
      interfaceIndex: (name) => this.#interfaces.indexOf(name),
      setIndex: (name, dimensions) => this.sets.indexFor(name, dimensions),
      recentList: (name) => this.private.recentList(name),
      nthCounter: (first) => this.private.nthCounter(first),
    };
  }

  #indexOf(table: TableName, chain: string): number {
    const index = this.#chains.get(table)?.get(chain);
    if (index !== undefined) return index;
    throw new PlumbError("InvalidInput", `Cannot encode table '${table}': chain '${chain}' is not defined`);
  }

  #growChains(): void {
    const bytes = this.#chainCapacity * abi.CHAIN_BYTES;
    const at = this.#writer.regionOffset(abi.IPTABLES_REGION_CHAINS);
    this.#chainCapacity = Math.ceil(this.#chainCapacity * 1.5);
    const moved = this.#writer.enlarge(at, bytes, this.#chainCapacity * abi.CHAIN_BYTES);
    this.#writer.setRegion(abi.IPTABLES_REGION_CHAINS, moved, this.#chainCapacity * abi.CHAIN_BYTES);
  }

  #writeHooks(): void {
    const bytes = abi.HOOK_COUNT * abi.TABLE_COUNT * 4;
    let at = this.#writer.regionOffset(abi.IPTABLES_REGION_HOOKS);
    if (at === 0) {
      at = this.#writer.allocate(bytes);
      this.#writer.setRegion(abi.IPTABLES_REGION_HOOKS, at, bytes);
    }
    for (const [hook, name] of HOOKS.entries()) {
      for (const [table, tableName] of TABLE_NAMES.entries()) {
        const isHook = BUILTIN_CHAINS[tableName].includes(name);
        const chain = isHook ? this.#chains.get(tableName)?.get(name) : undefined;
        this.#writer.words[(at >>> 2) + hook * abi.TABLE_COUNT + table] = chain === undefined ? 0 : chain + 1;
      }
    }
  }

  /** Regions LOCAL and NODE: the node's own addresses, and the one it masquerades with. */
  #writeNode(localAddresses: readonly string[]): void {
    const writer = this.#writer;
    const header = writer.allocate(SET_HEADER_BYTES);
    writer.setRegion(abi.IPTABLES_REGION_LOCAL, header, SET_HEADER_BYTES);
    const { family } = writer;
    const own = localAddresses.filter((ip) => ip.includes(":") === (family === "IPv6"));
    const table = new SetTable(writer, () => header, {
      type: "hash:ip",
      family,
      range: null,
      elementsExpected: own.length,
    });
    for (const ip of own)
      table.addKey({ first: ipWords(ip), second: ZERO, key: 0, prefixLength: null, nomatch: false });
    const [outward] = own;
    const node = writer.allocate(32);
    writer.setRegion(abi.IPTABLES_REGION_NODE, node, 32);
    if (outward === undefined) return;
    writer.words.set(ipWords(outward), node >>> 2);
    writer.words[(node >>> 2) + 4] = 1;
  }

  #field(chain: number, field: number): number {
    assert(chain < this.#chainCapacity, `chain ${chain} not below ${this.#chainCapacity}`);
    return this.#writer.words[this.#at(chain, field)] as number;
  }

  #setField(chain: number, field: number, value: number): void {
    this.#writer.words[this.#at(chain, field)] = value;
  }

  #at(chain: number, field: number): number {
    return (this.#writer.regionOffset(abi.IPTABLES_REGION_CHAINS) + chain * abi.CHAIN_BYTES + field) >>> 2;
  }
}
