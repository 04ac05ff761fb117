// The table in which IPVS finds the virtual service of a packet: hash buckets of linked services, newest first.
// Two forms: 256 buckets for good (Linux up to 6.x), where 50,000 services make chains of about 200; and one that
// grows with its services (2026 kernels), where a bucket holds an eighth of a service on average.
// Cost of a lookup: the services of the bucket down to the one sought, all of them on a miss; counted.
// Source: Linux net/netfilter/ipvs/ip_vs_ctl.c (__ip_vs_service_find; new entries go to the head, hlist_add_head_rcu).
import { ipWords, type Family } from "../../base/ip.js";
import { PROTOCOL_NUMBERS, type Protocol } from "../packet.js";
import { FIXED_SERVICE_BUCKETS, fixedServiceBucket, resizableServiceBuckets, serviceHash } from "./hash.js";
import type { VirtualServer } from "./model.js";

export type ServiceTableVariant = "fixed" | "resizable";

export interface ServiceLookup<T> {
  readonly found: T | null;
  /** Entries of the bucket that were compared. */
  readonly nodesCompared: number;
}

type ServiceKey = Pick<VirtualServer, "protocol" | "ip" | "port">;

/** Virtual services in their buckets. Built once from a model; the slow twin of asm/ipvs/service-table.ts. */
export class ServiceTable<T extends ServiceKey> {
  readonly #family: Family;
  readonly #variant: ServiceTableVariant;
  readonly #buckets: T[][];

  /** @param services in the order in which they were added */
  constructor(family: Family, variant: ServiceTableVariant, services: readonly T[]) {
    this.#family = family;
    this.#variant = variant;
    const count = variant === "fixed" ? FIXED_SERVICE_BUCKETS : resizableServiceBuckets(services.length);
    this.#buckets = Array.from({ length: count }, () => []);
    for (const service of services) this.#bucket(service.protocol, service.ip, service.port).unshift(service);
  }

  find(protocol: Protocol, ip: string, port: number): ServiceLookup<T> {
    const bucket = this.#bucket(protocol, ip, port);
    let nodesCompared = 0;
    for (const service of bucket) {
      nodesCompared++;
      if (service.ip === ip && service.port === port && service.protocol === protocol) {
        return { found: service, nodesCompared };
      }
    }
    return { found: null, nodesCompared };
  }

  #bucket(protocol: Protocol, ip: string, port: number): T[] {
    const number = PROTOCOL_NUMBERS[protocol];
    const words = ipWords(ip);
    const hash =
      this.#variant === "fixed"
        ? fixedServiceBucket(number, words, port)
        : serviceHash(this.#family, number, words, port);
    return this.#buckets[hash & (this.#buckets.length - 1)] as T[];
  }
}
