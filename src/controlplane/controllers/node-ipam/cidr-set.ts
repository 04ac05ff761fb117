// The ranges of equal size that a cluster's range is cut into, each for one node.
// Cost: 1 bit of memory a range; the next free one is found going round from the last one given.
// Source: pkg/controller/nodeipam/ipam/cidrset.
import ipaddr from "ipaddr.js";
import { PlumbError } from "../../../base/errors.js";
import { addressText } from "../harness/address-text.js";

/** As upstream: no more than 65,536 ranges of one family. */
const BITS_MAX = 16;

export class CidrSet {
  readonly #base: bigint;
  readonly #bits: number;
  readonly #nodeMask: number;
  readonly #count: number;
  readonly #used: Uint8Array;
  #next = 0;
  #usedCount = 0;

  /**
   * @param cidr "10.244.0.0/16"
   * @param nodeMask prefix length of one node's range: 24
   * @throws {PlumbError} Usage when the range cannot be cut so
   */
  constructor(cidr: string, nodeMask: number) {
    const { base, prefix, bits } = parsed(cidr);
    const cut = nodeMask - prefix;
    if (cut < 0 || nodeMask > bits || cut > BITS_MAX)
      throw new PlumbError(
        "Usage",
        `Cannot cut cluster range '${cidr}': node ranges of /${nodeMask}, and at most ${2 ** BITS_MAX} of them`,
      );
    this.#base = (base >> BigInt(bits - prefix)) << BigInt(bits - prefix);
    this.#bits = bits;
    this.#nodeMask = nodeMask;
    this.#count = 2 ** cut;
    this.#used = new Uint8Array(this.#count);
  }

  get freeCount(): number {
    return this.#count - this.#usedCount;
  }

  /** Null when none is left. */
  allocate(): string | null {
    for (let step = 0; step < this.#count; step++) {
      const index = (this.#next + step) % this.#count;
      if (this.#used[index] === 1) continue;
      this.#set(index, 1);
      this.#next = (index + 1) % this.#count;
      return this.#text(index);
    }
    return null;
  }

  /** Marks a range that a node has already. @returns false when it is none of ours */
  occupy(cidr: string): boolean {
    const index = this.#indexOf(cidr);
    if (index === null) return false;
    this.#set(index, 1);
    return true;
  }

  release(cidr: string): void {
    const index = this.#indexOf(cidr);
    if (index !== null) this.#set(index, 0);
  }

  #set(index: number, used: 0 | 1): void {
    this.#usedCount += used - (this.#used[index] ?? 0);
    this.#used[index] = used;
  }

  #indexOf(cidr: string): number | null {
    const { base, bits } = parsed(cidr);
    if (bits !== this.#bits || base < this.#base) return null;
    const index = (base - this.#base) >> BigInt(this.#bits - this.#nodeMask);
    return index < BigInt(this.#count) ? Number(index) : null;
  }

  #text(index: number): string {
    const address = this.#base + (BigInt(index) << BigInt(this.#bits - this.#nodeMask));
    return `${addressText(address, this.#bits)}/${this.#nodeMask}`;
  }
}

function parsed(cidr: string): { readonly base: bigint; readonly prefix: number; readonly bits: number } {
  if (!ipaddr.isValidCIDR(cidr)) throw new PlumbError("Usage", `Cannot read range '${cidr}': it is no CIDR`);
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  const bytes = address.toByteArray();
  return { base: BigInt(`0x${Buffer.from(bytes).toString("hex")}`), prefix, bits: bytes.length * 8 };
}
