// An nftables model as a table image, and a change applied to it in place.
// Chains are blocks found through one table of offsets, so a replaced chain is a new block and one word; sets and maps
// are hash tables that take and lose elements. An update costs what the change holds, however large the table is.
// Cost: about 100 bytes per service port with ten endpoints, and twice 16 bytes (IPv6: 48) per element of a set or map.
import { IMAGE_HEAD_AFFINITY_BYTES } from "../../../asm/abi/image.js";
import { IPTABLES_REGION_LOCAL, IPTABLES_REGION_NODE } from "../../../asm/abi/iptables.js";
import { SET_HEADER_BYTES } from "../../../asm/abi/ipset.js";
import {
  NFT_CLIENTS_HEADER_BYTES,
  NFT_CLIENTS_SLOT_BYTES,
  NFT_CODE_ALIGNMENT,
  NFT_DISPATCH_BYTES,
  NFT_DISPATCH_MAP,
  NFT_DISPATCH_SET,
  NFT_HOOK_BYTES,
  NFT_HOOK_CHAINS_MAX,
  NFT_HOOK_CHAIN_BYTES,
  NFT_HOOK_FIRST_CHAIN,
  NFT_MEMBER,
  NFT_REGION_CHAINS,
  NFT_REGION_DISPATCH,
  NFT_REGION_HOOKS,
  NFT_REGION_TABLES,
  NFT_TABLE_BYTES,
  NFT_TABLE_SLOTS_AT,
  NFT_TABLE_SLOT_MASK,
  NFT_VERDICT_ACCEPT,
  NFT_VERDICT_DROP,
  NFT_VERDICT_GOTO,
  NFT_VERDICT_JUMP,
  NFT_VERDICT_REJECT,
  NFT_VERDICT_RETURN,
  NFT_VERDICT_SHIFT,
} from "../../../asm/abi/nftables.js";
import { assert, present } from "../../base/assert.js";
import { PlumbError } from "../../base/errors.js";
import { ipWords } from "../../base/ip.js";
import { HOOKS } from "../../netfilter/iptables/model.js";
import type {
  NftChain,
  NftChange,
  NftMap,
  NftSet,
  NftTable,
  NftType,
  NftVerdict,
} from "../../netfilter/nftables/model.js";
import type { RuleChange } from "../../netfilter/rule-change.js";
import type { NftablesModel } from "../../netfilter/rule-model.js";
import { ImageWriter } from "../image-writer.js";
import { InterfaceNames } from "../iptables/interfaces.js";
import { SetTable } from "../ipset/set-table.js";
import type { EncodeOptions, ImageEncoder, TableImage } from "../table-image.js";
import { GrowingRegion } from "./growing-region.js";
import { type KeyShape, KeyTable } from "./key-table.js";
import { parseKey } from "./key.js";
import { RuleCode } from "./rule-code.js";

const VERDICT_KINDS: Record<NftVerdict["kind"], number> = {
  accept: NFT_VERDICT_ACCEPT,
  drop: NFT_VERDICT_DROP,
  return: NFT_VERDICT_RETURN,
  reject: NFT_VERDICT_REJECT,
  jump: NFT_VERDICT_JUMP,
  goto: NFT_VERDICT_GOTO,
};

/** Where kube-proxy sends packets to Services, and the addresses of those; see region DISPATCH of the layout. */
const DISPATCH_MAP = "service-ips";
const DISPATCH_SET = "cluster-ips";

/** Slots for clients that a table without affinity still has, for the Service with affinity that a sync may bring. */
const CLIENT_SLOTS_MIN = 2048;
/** More slots than this are not reserved, however many sets there are: 64 MiB per worker. */
const CLIENT_SLOTS_MAX = 1 << 21;

/** Address of 16 bytes and whether there is one, in a cache line of its own. */
const NODE_BYTES = 64;

/**
 * Encode a whole table.
 *
 * @param options affinityClientsMax: clients per dynamic set that are given room, on average over all sets. Beyond it
 *   (and beyond two million slots in all) new clients are dropped with reason affinity-full.
 * @throws {PlumbError} InvalidInput for keys and references that do not fit, LimitExceeded for a table too large
 */
export function encodeNftables(model: NftablesModel, options: EncodeOptions): ImageEncoder {
  return new NftablesEncoder(model, options);
}

interface EncodedChain {
  readonly number: number;
  /** Offset and bytes of its code; 0, 0 while the chain is only referred to. */
  offset: number;
  bytes: number;
}

interface EncodedTable {
  readonly number: number;
  readonly type: readonly NftType[];
  readonly shape: KeyShape;
  readonly keys: KeyTable;
}

class NftablesEncoder implements ImageEncoder {
  readonly #writer: ImageWriter;
  readonly #code: RuleCode;
  readonly #interfaces: InterfaceNames;
  readonly #chains = new Map<string, EncodedChain>();
  readonly #chainTable: GrowingRegion;
  readonly #tables = new Map<string, EncodedTable>();
  readonly #tableHeads: GrowingRegion;
  readonly #dynamicSets = new Map<string, { readonly number: number; readonly timeoutMs: number }>();
  readonly #baseChains = new Map<string, NftChain>();
  /** Chains that code refers to and that have none yet. */
  readonly #wanted = new Set<string>();
  readonly #dispatch: number;
  /** Numbers of dynamic sets are never used twice: clients of a removed set must not be found in another. */
  #dynamicSetNumber = 0;

  constructor(model: NftablesModel, options: EncodeOptions) {
    const { table } = model;
    this.#writer = new ImageWriter("nftables", model.family, expectedBytes(table));
    this.#interfaces = new InterfaceNames(this.#writer);
    this.#alignLine();
    this.#chainTable = new GrowingRegion(this.#writer, NFT_REGION_CHAINS, 4, table.chains.size);
    this.#tableHeads = new GrowingRegion(this.#writer, NFT_REGION_TABLES, NFT_TABLE_BYTES, 16);
    this.#code = new RuleCode(
      {
        verdict: (verdict) => this.#verdict(verdict),
        table: (name) => this.#tableOf(name).number,
        isAddressSet: (name) => this.#tables.get(name)?.shape === "addresses",
        dynamicSet: (name) => this.#dynamicSets.get(name) ?? null,
        interface: (name) => this.#interfaceNumber(name),
      },
      model.family,
    );
    this.#dispatch = this.#writer.allocate(NFT_DISPATCH_BYTES);
    this.#writeNode(model);
    for (const set of table.sets.values()) this.#addSet(set);
    for (const map of table.maps.values()) this.#addMap(map);
    for (const chain of table.chains.values()) this.#writeChain(chain);
    this.#finish();
    this.#writer.head(
      IMAGE_HEAD_AFFINITY_BYTES,
      clientBytes(this.#dynamicSets.size, options.affinityClientsMax),
    );
  }

  get image(): TableImage {
    return {
      mode: "nftables",
      family: this.#writer.family,
      bytes: this.#writer.used(),
      interfaces: this.#interfaces.names,
    };
  }

  update(ruleChange: RuleChange): void {
    assert(
      ruleChange.mode === "nftables",
      `an nftables image cannot take a change of mode ${ruleChange.mode}`,
    );
    const { change } = ruleChange;
    for (const set of change.addedSets) this.#addSet(set);
    for (const chain of change.chains) this.#writeChain(chain);
    this.#changeElements(change);
    for (const name of change.removedChains) this.#removeChain(name);
    for (const name of change.removedSets) this.#removeSet(name);
    this.#finish();
  }

  #changeElements(change: NftChange): void {
    for (const { set, add, remove } of change.setElements) {
      const table = this.#tableOf(set);
      for (const key of remove) table.keys.delete(this.#key(key, table));
      for (const { key } of add) table.keys.set(this.#key(key, table), NFT_MEMBER);
      this.#writeTableHead(table);
    }
    for (const { map, add, remove } of change.mapElements) {
      const table = this.#tableOf(map);
      for (const key of remove) table.keys.delete(this.#key(key, table));
      for (const { key, verdict } of add) table.keys.set(this.#key(key, table), this.#verdict(verdict));
      this.#writeTableHead(table);
    }
  }

  /** What is checked and written last: that nothing is missing, and base chains on their hooks. */
  #finish(): void {
    const [missing] = this.#wanted;
    if (missing !== undefined) {
      throw new PlumbError(
        "InvalidInput",
        `Cannot encode nftables table: a rule or element refers to chain '${missing}', which does not exist`,
      );
    }
    this.#writeHooks();
    this.#writeDispatch();
  }

  #addSet(set: NftSet): void {
    if (set.dynamicTimeoutSeconds !== null) {
      const number = this.#dynamicSets.get(set.name)?.number ?? ++this.#dynamicSetNumber;
      this.#dynamicSets.set(set.name, { number, timeoutMs: set.dynamicTimeoutSeconds * 1000 });
      return;
    }
    const table = this.#addTable(
      set.name,
      set.type,
      set.elements.size,
      isAddressType(set.type) ? "addresses" : "one",
    );
    for (const key of set.elements.keys()) table.keys.set(this.#key(key, table), NFT_MEMBER);
    this.#writeTableHead(table);
  }

  #addMap(map: NftMap): void {
    const table = this.#addTable(map.name, map.type, map.elements.size, "one");
    for (const [key, { verdict }] of map.elements)
      table.keys.set(this.#key(key, table), this.#verdict(verdict));
    this.#writeTableHead(table);
  }

  #addTable(name: string, type: readonly NftType[], elements: number, ofOne: KeyShape): EncodedTable {
    const twoAddresses = type.filter((part) => part === "addr").length > 1;
    const shape = twoAddresses ? "two" : ofOne;
    const keys = new KeyTable(this.#writer, { shape, elementsExpected: elements });
    const table = { number: this.#tableHeads.add(), type, shape, keys };
    this.#tables.set(name, table);
    return table;
  }

  #removeSet(name: string): void {
    this.#dynamicSets.delete(name);
    const table = this.#tables.get(name);
    if (table === undefined) return;
    table.keys.release();
    this.#tables.delete(name);
    this.#tableHeads.remove(table.number);
  }

  #writeTableHead({ number, keys }: EncodedTable): void {
    this.#tableHeads.write(number, NFT_TABLE_SLOTS_AT, keys.slotsAt);
    this.#tableHeads.write(number, NFT_TABLE_SLOT_MASK, keys.slotMask);
  }

  #writeChain(chain: NftChain): void {
    this.#code.encode(chain);
    const { words, length } = this.#code;
    const encoded = this.#chainOf(chain.name);
    if (encoded.bytes > 0) this.#writer.release(encoded.offset, encoded.bytes);
    encoded.bytes = Math.ceil((length * 4) / NFT_CODE_ALIGNMENT) * NFT_CODE_ALIGNMENT;
    encoded.offset = this.#writer.allocate(encoded.bytes);
    this.#writer.words.set(words.subarray(0, length), encoded.offset / 4);
    this.#chainTable.write(encoded.number, 0, encoded.offset);
    this.#wanted.delete(chain.name);
    if (chain.base !== null) this.#baseChains.set(chain.name, chain);
  }

  #interfaceNumber(name: string): number {
    const number = this.#interfaces.indexOf(name);
    this.#alignLine();
    return number;
  }

  /** Take what is left of a cache line: pieces of whole lines then begin on one. All pieces but interfaces' are. */
  #alignLine(): void {
    while (this.#writer.usedBytes % NFT_CODE_ALIGNMENT !== 0) this.#writer.allocate(1);
  }

  #removeChain(name: string): void {
    const encoded = this.#chains.get(name);
    if (encoded === undefined) return;
    this.#writer.release(encoded.offset, encoded.bytes);
    this.#chainTable.remove(encoded.number);
    this.#chains.delete(name);
    this.#baseChains.delete(name);
  }

  #chainOf(name: string): EncodedChain {
    let encoded = this.#chains.get(name);
    if (encoded === undefined) {
      encoded = { number: this.#chainTable.add(), offset: 0, bytes: 0 };
      this.#chains.set(name, encoded);
      this.#wanted.add(name);
    }
    return encoded;
  }

  #verdict(verdict: NftVerdict): number {
    const kind = VERDICT_KINDS[verdict.kind] << NFT_VERDICT_SHIFT;
    return "chain" in verdict ? kind | this.#chainOf(verdict.chain).number : kind;
  }

  #tableOf(name: string): EncodedTable {
    const table = this.#tables.get(name);
    if (table === undefined) {
      throw new PlumbError(
        "InvalidInput",
        `Cannot encode nftables table: a rule refers to set or map '${name}', which does not exist`,
      );
    }
    return table;
  }

  #key(text: string, table: EncodedTable) {
    return parseKey(text, table.type, this.#writer.family);
  }

  #writeHooks(): void {
    if (this.#writer.regionOffset(NFT_REGION_HOOKS) === 0) {
      const bytes = HOOKS.length * NFT_HOOK_BYTES;
      this.#writer.setRegion(NFT_REGION_HOOKS, this.#writer.allocate(bytes), bytes);
    }
    for (const [index, hook] of HOOKS.entries()) {
      const at = (this.#writer.regionOffset(NFT_REGION_HOOKS) + index * NFT_HOOK_BYTES) / 4;
      const chains = [...this.#baseChains.values()]
        .filter(({ base }) => base?.hook === hook.toLowerCase())
        .sort((a, b) => (a.base?.priority ?? 0) - (b.base?.priority ?? 0));
      assert(
        chains.length <= NFT_HOOK_CHAINS_MAX,
        `${chains.length} base chains on hook ${hook}, limit ${NFT_HOOK_CHAINS_MAX}`,
      );
      this.#writer.words[at] = chains.length;
      for (const [position, chain] of chains.entries()) {
        const entry = at + (NFT_HOOK_FIRST_CHAIN + position * NFT_HOOK_CHAIN_BYTES) / 4;
        this.#writer.words[entry] = present(this.#chains.get(chain.name), `chain '${chain.name}'`).number;
        this.#writer.words[entry + 1] = chain.base?.type === "nat" ? 1 : 0;
      }
    }
  }

  #writeDispatch(): void {
    const map = this.#tables.get(DISPATCH_MAP);
    const set = this.#tables.get(DISPATCH_SET);
    const known = map?.shape === "one" && set?.shape === "addresses";
    this.#writer.setRegion(NFT_REGION_DISPATCH, known ? this.#dispatch : 0, known ? NFT_DISPATCH_BYTES : 0);
    if (!known) return;
    this.#writer.words[(this.#dispatch + NFT_DISPATCH_MAP) / 4] = map.number;
    this.#writer.words[(this.#dispatch + NFT_DISPATCH_SET) / 4] = set.number;
  }

  /** The node's own addresses: those it takes packets for, and the one that masquerades. */
  #writeNode({ localAddresses }: NftablesModel): void {
    const writer = this.#writer;
    const { family } = writer;
    const header = writer.allocate(SET_HEADER_BYTES);
    writer.setRegion(IPTABLES_REGION_LOCAL, header, SET_HEADER_BYTES);
    const set = new SetTable(writer, () => header, {
      type: "hash:ip",
      family,
      range: null,
      elementsExpected: localAddresses.length,
    });
    for (const address of localAddresses) set.add(address);
    const node = writer.allocate(NODE_BYTES);
    writer.setRegion(IPTABLES_REGION_NODE, node, NODE_BYTES);
    const [primary] = localAddresses;
    if (primary !== undefined) {
      writer.words.set(ipWords(primary), node / 4);
      writer.words[node / 4 + 4] = 1;
    }
  }
}

function isAddressType(type: readonly NftType[]): boolean {
  return type.length === 1 && type[0] === "addr";
}

/** A guess that saves growing: the code of each chain, and the slots of each element. */
function expectedBytes(table: NftTable): number {
  let elements = 0;
  for (const holder of [...table.sets.values(), ...table.maps.values()]) elements += holder.elements.size;
  const perElement = table.family === "IPv4" ? 48 : 144;
  return table.chains.size * 160 + elements * perElement;
}

/** The clients' region: a power of two of slots, twice what there is room for. */
function clientBytes(sets: number, clientsMax: number): number {
  const wanted = Math.min(CLIENT_SLOTS_MAX, Math.max(CLIENT_SLOTS_MIN, sets * clientsMax * 2));
  let slots = CLIENT_SLOTS_MIN;
  while (slots < wanted) slots *= 2;
  return NFT_CLIENTS_HEADER_BYTES + slots * NFT_CLIENTS_SLOT_BYTES;
}
