// Addresses of one node's Pods, out of the node's range. Freed ones are used again, oldest first, as CNI's host-local
// plug-in goes round its range.
import { type Cidr, cidrContains, ipText, ipWords, parseCidr } from "../../../base/ip.js";

export class PodAddresses {
  readonly #range: Cidr;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 1;

  /** @returns null when `cidr` is no range of addresses */
  static of(cidr: string): PodAddresses | null {
    const range = parseCidr(cidr);
    return range === null ? null : new PodAddresses(range);
  }

  private constructor(range: Cidr) {
    this.#range = range;
    const bits = (range.family === "IPv4" ? 32 : 128) - range.prefixLength;
    this.#count = bits >= 24 ? 1 << 24 : 1 << bits;
  }

  /** @returns null when none is left. The first (network), second (gateway) and last (broadcast) are never given. */
  take(): string | null {
    for (let tries = 0; tries < this.#count; tries++) {
      this.#next = this.#next + 1 >= this.#count - 1 ? 2 : this.#next + 1;
      if (this.#next >= this.#count - 1 || this.#used.has(this.#next)) continue;
      this.#used.add(this.#next);
      return this.#text(this.#next);
    }
    return null;
  }

  release(ip: string): void {
    // A sandbox may still hold one of the range that the node had before.
    if (!cidrContains(this.#range, ip)) return;
    const at = this.#word;
    const offset = ((ipWords(ip)[at] as number) - (this.#range.words[at] as number)) >>> 0;
    this.#used.delete(offset);
  }

  /** The word that tells the range's addresses apart. */
  get #word(): 0 | 3 {
    return this.#range.family === "IPv4" ? 0 : 3;
  }

  #text(offset: number): string {
    const words: [number, number, number, number] = [...this.#range.words];
    words[this.#word] = (words[this.#word] + offset) >>> 0;
    return ipText(words, this.#range.family);
  }
}
