// A cloud without machines: it hands out addresses of a range to Services that ask for a load balancer.
import ipaddr from "ipaddr.js";
import { PlumbError } from "../../../base/errors.js";
import type { Service } from "../../client/cluster-resources.js";
import { keyOf } from "../../client/object-store.js";
import { addressText } from "../harness/address-text.js";

export interface Ingress {
  readonly ip: string;
  readonly ipMode: "VIP" | "Proxy";
}

/** What the Service controller asks a cloud for. */
export interface LoadBalancerCloud {
  /** Has it now: found again after a restart. */
  adopt(service: Service): void;
  /** The same answer until it is removed. @throws when there is nothing to give */
  ensure(service: Service): Promise<readonly Ingress[]>;
  remove(service: Service): Promise<void>;
}

/** @param cidr "203.0.113.0/24"; its first and last address are not given @throws {PlumbError} Usage */
export function hollowCloud(cidr: string): LoadBalancerCloud {
  return new HollowCloud(cidr);
}

class HollowCloud implements LoadBalancerCloud {
  readonly #first: bigint;
  readonly #last: bigint;
  readonly #bits: number;
  readonly #cidr: string;
  readonly #ipOf = new Map<string, string>();
  readonly #used = new Set<string>();
  #next: bigint;

  constructor(cidr: string) {
    if (!ipaddr.isValidCIDR(cidr))
      throw new PlumbError("Usage", `Cannot hand out addresses of '${cidr}': it is no CIDR`);
    const [address, prefix] = ipaddr.parseCIDR(cidr);
    const bytes = address.toByteArray();
    this.#bits = bytes.length * 8;
    const hostBits = BigInt(this.#bits - prefix);
    const base = (BigInt(`0x${Buffer.from(bytes).toString("hex")}`) >> hostBits) << hostBits;
    this.#cidr = cidr;
    this.#first = base + 1n;
    this.#last = base + (1n << hostBits) - 2n;
    this.#next = this.#first;
  }

  adopt(service: Service): void {
    const ip = service.status?.loadBalancer?.ingress?.[0]?.ip;
    if (ip === undefined || this.#used.has(ip)) return;
    this.#take(keyOf(service), ip);
  }

  async ensure(service: Service): Promise<readonly Ingress[]> {
    const key = keyOf(service);
    const wanted = service.spec?.loadBalancerIP;
    const known = this.#ipOf.get(key);
    if (known !== undefined && (!wanted || wanted === known)) return [{ ip: known, ipMode: "VIP" }];
    if (wanted && this.#used.has(wanted)) throw new Error(`address ${wanted} is in use`);
    await this.remove(service);
    const ip = wanted || this.#free();
    this.#take(key, ip);
    return [{ ip, ipMode: "VIP" }];
  }

  async remove(service: Service): Promise<void> {
    const key = keyOf(service);
    const ip = this.#ipOf.get(key);
    if (ip === undefined) return;
    this.#ipOf.delete(key);
    this.#used.delete(ip);
  }

  #take(key: string, ip: string): void {
    this.#ipOf.set(key, ip);
    this.#used.add(ip);
  }

  #free(): string {
    const count = this.#last - this.#first + 1n;
    for (let step = 0n; step < count; step++) {
      const address = this.#first + ((this.#next - this.#first + step) % count);
      const ip = addressText(address, this.#bits);
      if (this.#used.has(ip)) continue;
      this.#next = address + 1n > this.#last ? this.#first : address + 1n;
      return ip;
    }
    throw new Error(`all ${count} addresses of ${this.#cidr} are in use`);
  }
}
