// A range of addresses as numbers: the first usable address is 0.
// Source: pkg/registry/core/service/ipallocator (which addresses are usable, size of the static band).
import {
  canonicalIp,
  type Cidr,
  cidrContains,
  type Family,
  familyOf,
  ipText,
  ipWords,
  knownCidr,
} from "../../../base/ip.js";

/** A larger range is used up to here. */
const SIZE_MAX = 2 ** 20;

export interface AddressRange {
  readonly cidr: string;
  readonly family: Family;
  readonly size: number;
  readonly staticCount: number;
  /** "10.96.0.1" is 0. Null: not in the range. */
  indexOf(address: string): number | null;
  addressAt(index: number): string;
}

/** @param cidr "10.96.0.0/12" */
export function addressRange(cidr: string): AddressRange {
  const parsed: Cidr = knownCidr(cidr);
  const { family, words } = parsed;
  const hostBits = (family === "IPv4" ? 32 : 128) - parsed.prefixLength;
  // Neither the range's own address nor, for IPv4, the last one.
  const size = Math.min(SIZE_MAX, 2 ** Math.min(hostBits, 30)) - (family === "IPv4" ? 2 : 1);
  const last = family === "IPv4" ? 0 : 3;
  const lowest = words[last] >>> 0;
  return {
    cidr,
    family,
    size,
    staticCount: staticCount(size, { step: 16, min: 16, max: 256 }),
    indexOf(address) {
      const canonical = canonicalIp(address);
      if (canonical === null || familyOf(canonical) !== family || !cidrContains(parsed, canonical))
        return null;
      const index = (ipWords(canonical)[last] >>> 0) - lowest - 1;
      return index >= 0 && index < size ? index : null;
    },
    addressAt(index) {
      const word = (lowest + index + 1) >>> 0;
      return ipText(family === "IPv4" ? [word, 0, 0, 0] : [words[0], words[1], words[2], word], family);
    },
  };
}

/** How many numbers are kept for those who ask for a certain one. */
export function staticCount(
  size: number,
  { step, min, max }: { readonly step: number; readonly min: number; readonly max: number },
): number {
  return size <= min ? 0 : Math.max(min, Math.min(max, Math.floor(size / step)));
}
