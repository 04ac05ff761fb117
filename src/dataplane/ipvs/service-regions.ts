// Virtual servers in a table image: buckets, service records, server records, lists and scheduler tables, as
// asm/abi/ipvs.ts draws them. One virtual server is replaced, added or removed in place.
// Cost: build O(services + servers); change O(its servers) plus its bucket's chain; the resizable table is rebuilt when
// the number of services passes a power of two.
import * as abi from "../../../asm/abi/ipvs.js";
import { assert, present } from "../../base/assert.js";
import { ipWords, type Family } from "../../base/ip.js";
import {
  FIXED_SERVICE_BUCKETS,
  fixedServiceBucket,
  resizableServiceBuckets,
  serviceHash,
} from "../../netfilter/ipvs/hash.js";
import { NO_SERVER, schedulerTable, weightLevels } from "../../netfilter/ipvs/lookup-table.js";
import { IPVS_SCHEDULERS, type RealServer, type VirtualServer } from "../../netfilter/ipvs/model.js";
import { inListOrder } from "../../netfilter/ipvs/schedulers.js";
import type { ServiceTableVariant } from "../../netfilter/ipvs/service-table.js";
import { PROTOCOL_NUMBERS } from "../../netfilter/packet.js";
import type { ImageWriter } from "../image-writer.js";
import { RecordArray } from "./record-array.js";

export type ServiceKey = Pick<VirtualServer, "protocol" | "ip" | "port">;

const LIST_ROOM_MIN = 4;
/** Slots kept for Services and endpoints to come: with them grow the workers' private regions, which an update cannot. */
const SLACK = 1.25;
const SLOTS_MIN = 64;

export class ServiceRegions {
  readonly #writer: ImageWriter;
  readonly #family: Family;
  readonly #variant: ServiceTableVariant;
  readonly #services: RecordArray;
  readonly #servers: RecordArray;
  /** Slot of each service, oldest first: the order that rebuilding keeps. */
  readonly #slots = new Map<string, number>();
  /** Bytes of a server record. */
  readonly serverBytes: number;
  /** Where in it the address is. */
  readonly #addressAt: number;
  #bucketCount = 0;
  #buckets = 0;
  #serviceGeneration = 0;
  #serverGeneration = 0;

  constructor(writer: ImageWriter, virtualServers: readonly VirtualServer[], variant: ServiceTableVariant) {
    this.#writer = writer;
    this.#family = writer.family;
    this.#variant = variant;
    const servers = virtualServers.reduce((sum, { realServers }) => sum + realServers.length, 0);
    this.#services = new RecordArray(
      writer,
      abi.IPVS_REGION_SERVICES,
      abi.SERVICE_BYTES,
      room(virtualServers.length),
    );
    const isV4 = writer.family === "IPv4";
    this.serverBytes = isV4 ? abi.SERVER_BYTES_V4 : abi.SERVER_BYTES_V6;
    this.#addressAt = isV4 ? abi.SERVER_ADDRESS_V4 : abi.SERVER_ADDRESS_V6;
    this.#servers = new RecordArray(writer, abi.IPVS_REGION_SERVERS, this.serverBytes, room(servers));
    this.#placeBuckets(this.#bucketsFor(virtualServers.length));
    for (const server of virtualServers) this.#place(server);
  }

  get bucketMask(): number {
    return this.#bucketCount - 1;
  }

  get serviceSlots(): number {
    return this.#services.capacity;
  }

  get serverSlots(): number {
    return this.#servers.capacity;
  }

  /** Add a virtual server at the head of its bucket, or replace the one of the same protocol, address and port. */
  put(server: VirtualServer): void {
    this.#place(server);
    this.#fitBuckets();
  }

  #place(server: VirtualServer): void {
    const key = keyText(server);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = this.#services.take();
      this.#slots.set(key, slot);
      this.#writeIdentity(slot, server);
      this.#link(slot);
    }
    this.#writeServers(slot, server);
  }

  /** Take a virtual server out. Nothing happens when there is none. */
  remove(server: ServiceKey): void {
    const key = keyText(server);
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#unlink(slot);
    this.#slots.delete(key);
    for (const id of this.#list(slot)) this.#freeServer(id);
    this.#releaseList(slot);
    this.#releaseTable(slot);
    this.#services.giveBack(slot);
    this.#fitBuckets();
  }

  #writeIdentity(slot: number, { ip, port, protocol }: VirtualServer): void {
    const at = this.#services.offset(slot);
    const words = ipWords(ip);
    this.#writer.words.set(words, (at + abi.SERVICE_ADDRESS) >>> 2);
    this.#writer.halves[(at + abi.SERVICE_PORT) >>> 1] = port;
    this.#writer.halves[(at + abi.SERVICE_PROTOCOL) >>> 1] = PROTOCOL_NUMBERS[protocol];
  }

  #writeServers(slot: number, server: VirtualServer): void {
    const reals = inListOrder(server.realServers);
    const ids = this.#placeServers(slot, reals);
    this.#placeList(slot, ids);
    const levels = weightLevels(reals.map(({ weight }) => weight));
    const flags = server.sourcePortFlag ? abi.SERVICE_FLAG_SOURCE_PORT : 0;
    this.#placeTable(slot, schedulerTable(server.scheduler, reals));
    this.#set(slot, abi.SERVICE_SERVERS, ids.length);
    this.#set(slot, abi.SERVICE_PERSISTENT_MS, (server.persistentSeconds ?? 0) * 1000);
    this.#set(slot, abi.SERVICE_SCHEDULER, IPVS_SCHEDULERS.indexOf(server.scheduler) | (flags << 8));
    this.#set(slot, abi.SERVICE_GENERATION, ++this.#serviceGeneration);
    this.#set(slot, abi.SERVICE_WRR_DIVISOR, levels.divisor);
    this.#set(slot, abi.SERVICE_WRR_LEVEL_MAX, levels.highest | (levels.first << 16));
  }

  /** Server ids in list order. A server that the service had keeps its id, and with it the connections counted on it. */
  #placeServers(slot: number, reals: readonly RealServer[]): Uint32Array {
    const old = new Map<string, number>();
    for (const id of this.#list(slot)) old.set(this.#serverKey(id), id);
    const ids = new Uint32Array(reals.length);
    for (const [position, real] of reals.entries()) {
      const key = old.size === 0 ? "" : `${this.#addressWords(real.ip).join(".")} ${real.port}`;
      const kept = old.get(key);
      old.delete(key);
      const id = kept ?? this.#newServer(real);
      this.#writer.words[(this.#servers.offset(id) + abi.SERVER_WEIGHT) >>> 2] = real.weight;
      ids[position] = id;
    }
    for (const id of old.values()) this.#freeServer(id);
    return ids;
  }

  #newServer({ ip, port }: RealServer): number {
    const id = this.#servers.take();
    const at = this.#servers.offset(id);
    this.#writer.words.set(this.#addressWords(ip), (at + this.#addressAt) >>> 2);
    this.#writer.halves[(at + abi.SERVER_PORT) >>> 1] = port;
    this.#writer.words[(at + abi.SERVER_GENERATION) >>> 2] = ++this.#serverGeneration;
    return id;
  }

  #freeServer(id: number): void {
    this.#writer.words[(this.#servers.offset(id) + abi.SERVER_GENERATION) >>> 2] = 0;
    this.#servers.giveBack(id);
  }

  #serverKey(id: number): string {
    const at = this.#servers.offset(id);
    const { words, halves } = this.#writer;
    const address = words.subarray((at + this.#addressAt) >>> 2, (at + this.serverBytes) >>> 2);
    return `${address.join(".")} ${halves[(at + abi.SERVER_PORT) >>> 1]}`;
  }

  /** The words of an address that a server record has room for. */
  #addressWords(ip: string): readonly number[] {
    return ipWords(ip).slice(0, (this.serverBytes - this.#addressAt) >>> 2);
  }

  /** Server ids of a service, in list order. */
  #list(slot: number): Uint32Array {
    const count = this.#get(slot, abi.SERVICE_SERVERS);
    const list = this.#get(slot, abi.SERVICE_LIST) >>> 2;
    if (list > 0) return this.#writer.words.slice(list, list + count);
    const first = this.#get(slot, abi.SERVICE_FIRST_SERVER);
    return Uint32Array.from({ length: count }, (_, position) => first + position);
  }

  /** Write the list where the old one stands while it fits; ids that follow one another need none. */
  #placeList(slot: number, ids: Uint32Array): void {
    const first = ids[0] ?? 0;
    this.#set(slot, abi.SERVICE_FIRST_SERVER, first);
    if (ids.every((id, position) => id === first + position)) {
      this.#releaseList(slot);
      return;
    }
    if (ids.length > this.#get(slot, abi.SERVICE_LIST_CAPACITY)) {
      this.#releaseList(slot);
      const capacity = Math.max(LIST_ROOM_MIN, 2 ** Math.ceil(Math.log2(ids.length)));
      this.#set(slot, abi.SERVICE_LIST, this.#writer.allocate(capacity * 4));
      this.#set(slot, abi.SERVICE_LIST_CAPACITY, capacity);
    }
    this.#writer.words.set(ids, this.#get(slot, abi.SERVICE_LIST) >>> 2);
  }

  #releaseList(slot: number): void {
    const capacity = this.#get(slot, abi.SERVICE_LIST_CAPACITY);
    if (capacity === 0) return;
    this.#writer.release(this.#get(slot, abi.SERVICE_LIST), capacity * 4);
    this.#set(slot, abi.SERVICE_LIST, 0);
    this.#set(slot, abi.SERVICE_LIST_CAPACITY, 0);
  }

  #placeTable(slot: number, table: Int32Array | null): void {
    this.#releaseTable(slot);
    if (table === null) return;
    // The piece before the table remembers its length, for release.
    const at = this.#writer.allocate(TABLE_HEAD_BYTES + table.length * 2);
    this.#writer.words[at >>> 2] = table.length;
    const first = (at + TABLE_HEAD_BYTES) >>> 1;
    for (const [bucket, position] of table.entries()) {
      assert(position < abi.NO_POSITION, `list position ${position} does not fit 16 bits`);
      this.#writer.halves[first + bucket] = position === NO_SERVER ? abi.NO_POSITION : position;
    }
    this.#set(slot, abi.SERVICE_TABLE, at + TABLE_HEAD_BYTES);
  }

  #releaseTable(slot: number): void {
    const table = this.#get(slot, abi.SERVICE_TABLE);
    if (table === 0) return;
    const at = table - TABLE_HEAD_BYTES;
    this.#writer.release(at, TABLE_HEAD_BYTES + (this.#writer.words[at >>> 2] as number) * 2);
    this.#set(slot, abi.SERVICE_TABLE, 0);
  }

  #bucketsFor(services: number): number {
    return this.#variant === "fixed" ? FIXED_SERVICE_BUCKETS : resizableServiceBuckets(services);
  }

  #placeBuckets(count: number): void {
    if (this.#bucketCount > 0) this.#writer.release(this.#buckets, this.#bucketCount * 4);
    this.#bucketCount = count;
    this.#buckets = this.#writer.allocate(count * 4);
    this.#writer.setRegion(abi.IPVS_REGION_BUCKETS, this.#buckets, count * 4);
  }

  /** Give the table the size that its services ask for; rebuilding keeps the order of adding. */
  #fitBuckets(): void {
    const count = this.#bucketsFor(this.#slots.size);
    if (count === this.#bucketCount) return;
    this.#placeBuckets(count);
    for (const slot of this.#slots.values()) this.#link(slot);
  }

  #link(slot: number): void {
    const bucket = this.#bucketOf(slot);
    this.#set(slot, abi.SERVICE_NEXT, this.#writer.words[bucket] as number);
    this.#writer.words[bucket] = slot + 1;
  }

  #unlink(slot: number): void {
    let link = this.#bucketOf(slot);
    while (this.#writer.words[link] !== slot + 1) {
      const other = present(this.#writer.words[link], "bucket link") - 1;
      assert(other >= 0, `service slot ${slot} is not in its bucket`);
      link = (this.#services.offset(other) + abi.SERVICE_NEXT) >>> 2;
    }
    this.#writer.words[link] = this.#get(slot, abi.SERVICE_NEXT);
  }

  /** Word index of the bucket that a service belongs to. */
  #bucketOf(slot: number): number {
    const at = this.#services.offset(slot) >>> 2;
    const { words, halves } = this.#writer;
    const [a = 0, b = 0, c = 0, d = 0] = words.subarray(at, at + 4);
    const port = halves[at * 2 + abi.SERVICE_PORT / 2] as number;
    const protocol = halves[at * 2 + abi.SERVICE_PROTOCOL / 2] as number;
    const address = [a, b, c, d] as const;
    const hash =
      this.#variant === "fixed"
        ? fixedServiceBucket(protocol, address, port)
        : serviceHash(this.#family, protocol, address, port);
    return (this.#buckets >>> 2) + (hash & (this.#bucketCount - 1));
  }

  #get(slot: number, field: number): number {
    return this.#writer.words[(this.#services.offset(slot) + field) >>> 2] as number;
  }

  #set(slot: number, field: number, value: number): void {
    this.#writer.words[(this.#services.offset(slot) + field) >>> 2] = value;
  }
}

const TABLE_HEAD_BYTES = 16;

function keyText({ protocol, ip, port }: ServiceKey): string {
  return `${protocol} ${ip} ${port}`;
}

function room(count: number): number {
  return Math.max(SLOTS_MIN, Math.ceil(count * SLACK));
}
