// The smallest CIDR that holds some addresses: what an input's Pods or Services seem to be numbered from.
import { assert } from "../base/assert.js";
import { cidrContains, type Cidr, ipText, type IpWords, parseCidr, knownCidr } from "../base/ip.js";

/** Covers addresses and CIDRs of one family; null for none. Cost: O(n). */
export function coverAddresses(texts: readonly string[]): Cidr | null {
  let cover: Cidr | null = null;
  for (const text of texts) {
    const cidr = parseCidr(text);
    assert(cidr !== null, `'${text}' is an address or a CIDR`);
    cover = cover === null ? cidr : join(cover, cidr);
  }
  return cover;
}

/**
 * Those of some addresses that share their first 8 bits, or 32 in IPv6, with most of the others: what is numbered by one
 * plan. A cover of all would hold half the Internet as soon as one address is of another plan.
 */
export function largestCluster(addresses: readonly string[]): readonly string[] {
  const clusters = new Map<string, string[]>();
  for (const address of addresses) {
    const cidr = parseCidr(address);
    assert(cidr !== null, `'${address}' is an address`);
    const key = knownCidr(`${address}/${cidr.family === "IPv4" ? 8 : 32}`).text;
    const cluster = clusters.get(key);
    if (cluster === undefined) clusters.set(key, [address]);
    else cluster.push(address);
  }
  return [...clusters.values()].reduce(
    (most, cluster) => (cluster.length > most.length ? cluster : most),
    [],
  );
}

/** `known` where it holds all of `cover`, else the cover itself. */
export function knownOrCovered(known: string, cover: Cidr | null): string[] {
  if (cover === null) return [known];
  const range = knownCidr(known);
  const isInside =
    range.prefixLength <= cover.prefixLength && cidrContains(range, ipText(cover.words, cover.family));
  return [isInside ? known : cover.text];
}

function join(a: Cidr, b: Cidr): Cidr {
  assert(a.family === b.family, `${a.text} and ${b.text} are of one family`);
  const prefixLength = Math.min(a.prefixLength, b.prefixLength, commonBits(a.words, b.words));
  return knownCidr(`${ipText(a.words, a.family)}/${prefixLength}`);
}

function commonBits(a: IpWords, b: IpWords): number {
  for (let word = 0; word < 4; word++) {
    const different = ((a[word] as number) ^ (b[word] as number)) >>> 0;
    if (different !== 0) return word * 32 + Math.clz32(different);
  }
  return 128;
}
