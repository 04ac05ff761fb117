// The address ranges that synthetic objects are numbered from. One table, so that no two kinds of address can meet.
//
//   what             IPv4                               IPv6
//   Pods             10.244.0.0/16, one /24 per node    fd00:10:244::/56, one /64 per node
//   Pods, larger     10.128.0.0/9, else 100.64.0.0/10   fd00:10:128::/48
//   Services         10.96.0.0/12, else 172.16.0.0/12   fd00:10:96::/108
//   nodes            192.168.0.0/16 from .0.10          fd00:192:168::/112 from ::a
//   load balancers   203.0.113.0/24, 198.19.0.0/16      2001:db8:113::/108
//   external IPs     192.0.2.0/24, 198.18.128.0/17      2001:db8:2::/108
//   outside clients  198.51.100.0/24, 198.18.0.0/17     2001:db8:51::/108
//
// Why these: kubeadm's and kind's defaults for Pods and Services; documentation (RFC 5737, RFC 3849) and benchmarking
// (RFC 2544) ranges for what lies outside, since nobody's real network uses them.
import { assert, present } from "../base/assert.js";
import { PlumbError } from "../base/errors.js";
import { type Cidr, cidrContains, type Family, ipText, knownCidr } from "../base/ip.js";

interface AddressRanges {
  readonly pods: string;
  /** Used instead of `pods` when that is too small: the first that holds none of the input's other addresses. */
  readonly podsLarger: readonly string[];
  /** Likewise: the first that is free. */
  readonly services: readonly string[];
  readonly nodes: string;
  readonly loadBalancers: readonly string[];
  readonly externals: readonly string[];
  readonly clients: readonly string[];
}

export const ADDRESS_RANGES: Readonly<Record<Family, AddressRanges>> = {
  IPv4: {
    pods: "10.244.0.0/16",
    podsLarger: ["10.128.0.0/9", "100.64.0.0/10"],
    services: ["10.96.0.0/12", "172.16.0.0/12"],
    nodes: "192.168.0.0/16",
    loadBalancers: ["203.0.113.0/24", "198.19.0.0/16"],
    externals: ["192.0.2.0/24", "198.18.128.0/17"],
    clients: ["198.51.100.0/24", "198.18.0.0/17"],
  },
  IPv6: {
    pods: "fd00:10:244::/56",
    podsLarger: ["fd00:10:128::/48", "fd00:100:64::/48"],
    services: ["fd00:10:96::/108", "fd00:10:112::/108"],
    nodes: "fd00:192:168::/112",
    loadBalancers: ["2001:db8:113::/108"],
    externals: ["2001:db8:2::/108"],
    clients: ["2001:db8:51::/108"],
  },
};

/** Addresses in a CIDR; 2^52 for anything larger, which no input reaches. */
export function cidrSize(cidr: Cidr): number {
  const hostBits = (cidr.family === "IPv4" ? 32 : 128) - cidr.prefixLength;
  return 2 ** Math.min(52, hostBits);
}

/** Address number `index` of a CIDR, 0 being the network itself, in canonical text. */
export function nthAddress(cidr: Cidr, index: number): string {
  assert(index >= 0 && index < cidrSize(cidr), `address ${index} lies outside ${cidr.text}`);
  const [a, b, c, d] = cidr.words;
  if (cidr.family === "IPv4") return ipText([(a + index) >>> 0, 0, 0, 0], "IPv4");
  return ipText([a, b, (c + Math.floor(index / 2 ** 32)) >>> 0, (d + index) >>> 0], "IPv6");
}

/** Hands out the addresses of some CIDRs in order, without network and broadcast addresses and those taken. */
export class AddressPool {
  readonly #cidrs: readonly Cidr[];
  readonly #taken: ReadonlySet<string>;
  readonly #what: string;
  #cidrIndex = 0;
  #next = 1;

  /** @param what names the pool in the message when it is exhausted */
  constructor(what: string, cidrs: readonly string[], taken: ReadonlySet<string> = new Set()) {
    this.#what = what;
    this.#cidrs = cidrs.map(knownCidr);
    this.#taken = taken;
  }

  /** Leave the first address to somebody else. */
  skipFirst(): void {
    this.#next = Math.max(this.#next, 2);
  }

  /** @throws {PlumbError} LimitExceeded when every address is taken */
  next(): string {
    for (; this.#cidrIndex < this.#cidrs.length; this.#cidrIndex++, this.#next = 1) {
      const cidr = this.#cidrs[this.#cidrIndex] as Cidr;
      while (this.#next < cidrSize(cidr) - 1) {
        const address = nthAddress(cidr, this.#next++);
        if (!this.#taken.has(address)) return address;
      }
    }
    const ranges = this.#cidrs.map((cidr) => cidr.text).join(", ");
    throw new PlumbError(
      "LimitExceeded",
      `Cannot number ${this.#what}: every address of ${ranges} is in use`,
    );
  }
}

/** Whether a CIDR holds none of `addresses`. */
export function isFree(range: string, addresses: readonly string[]): boolean {
  const cidr = knownCidr(range);
  return !addresses.some((address) => cidrContains(cidr, address));
}

/** The first of `candidates` that holds none of `addresses`, or the first of all when none is free. */
export function freeRange(candidates: readonly string[], addresses: readonly string[]): string {
  return candidates.find((range) => isFree(range, addresses)) ?? present(candidates[0], "candidate range");
}

/** Node `index` (from 0): 192.168.0.10, 192.168.0.11, and on. */
export function nodeAddress(family: Family, index: number): string {
  return nthAddress(knownCidr(ADDRESS_RANGES[family].nodes), NODE_ADDRESS_FIRST + index);
}
const NODE_ADDRESS_FIRST = 10;
