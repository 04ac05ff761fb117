// The hash functions of IPVS: of the service table in both its forms, of the sh and dh schedulers, of Maglev.
// asm/ipvs/hash.ts computes the same numbers; both sides and the encoder must agree bit by bit.
// Source: Linux net/netfilter/ipvs/ip_vs_ctl.c (ip_vs_svc_hashkey), ip_vs_sh.c, ip_vs_dh.c (hash_32 since 4.18), ip_vs_mh.c.
// Ours, where the kernel uses siphash or jhash with a key drawn at boot: mixWord and finishMix, which are MurmurHash3's
// 32-bit body and finalizer (A. Appleby, public domain). They spread as well and give the same table in every run.
import type { Family, IpWords } from "../../base/ip.js";

/** Buckets of the service table up to Linux 6.x: IP_VS_SVC_TAB_BITS is 8. */
export const FIXED_SERVICE_BUCKETS = 256;
/** Buckets of sh and dh: their TAB_BITS is 8. */
export const SOURCE_HASH_BUCKETS = 256;
/** Buckets of Maglev: the prime below 2^12, the kernel's default. */
export const MAGLEV_BUCKETS = 4093;

const GOLDEN_RATIO_32 = 0x61c88647;
const SERVICE_SEED = 0x5f3759df;
const MAGLEV_OFFSET_SEED = 0x2f0b4a37;
const MAGLEV_SKIP_SEED = 0x71e5c90d;

/** The four words of an address xored into one; IPv4 has only the first. */
function foldWords(words: IpWords): number {
  return (words[0] ^ words[1] ^ words[2] ^ words[3]) >>> 0;
}

/**
 * Bucket in the table of 256: addresses that differ only above the low byte collide.
 * The kernel also xors bits of the network namespace's address in, which moves all services alike.
 */
export function fixedServiceBucket(protocol: number, words: IpWords, port: number): number {
  return (protocol ^ foldWords(words) ^ (port >>> 8) ^ port) & (FIXED_SERVICE_BUCKETS - 1);
}

/** Hash of a virtual service in the resizable table; the bucket is its low bits. */
export function serviceHash(family: Family, protocol: number, words: IpWords, port: number): number {
  let hash = mixWord(SERVICE_SEED, words[0]);
  if (family === "IPv6") hash = mixWord(mixWord(mixWord(hash, words[1]), words[2]), words[3]);
  return finishMix(mixWord(hash, ((port << 16) | protocol) >>> 0));
}

/**
 * Buckets of the resizable service table: the count rounded up to a power of two, times 8 (svc_lfactor -3), within
 * 2^4..2^20. The kernel shrinks a table late; ours has the size that its services ask for.
 */
export function resizableServiceBuckets(services: number): number {
  let rounded = 1;
  while (rounded < services) rounded *= 2;
  return Math.min(1 << 20, Math.max(1 << 4, rounded * 8));
}

/** sh and dh: the top eight bits of (folded address + port) times the golden ratio. dh passes port 0. */
export function sourceHashBucket(words: IpWords, port: number): number {
  return Math.imul(foldWords(words) + port, GOLDEN_RATIO_32) >>> 24;
}

/** Maglev: where a client looks, and where a server's permutation starts. */
export function maglevOffset(words: IpWords, port: number): number {
  return maglevHash(MAGLEV_OFFSET_SEED, words, port) % MAGLEV_BUCKETS;
}

/** Maglev: the step of a server's permutation, 1..MAGLEV_BUCKETS-1. */
export function maglevSkip(words: IpWords, port: number): number {
  return (maglevHash(MAGLEV_SKIP_SEED, words, port) % (MAGLEV_BUCKETS - 1)) + 1;
}

function maglevHash(seed: number, words: IpWords, port: number): number {
  return finishMix(mixWord(mixWord(seed, foldWords(words)), port));
}

function mixWord(hash: number, word: number): number {
  const scrambled = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(hash ^ scrambled, 13), 5) + 0xe6546b64) >>> 0;
}

function finishMix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
