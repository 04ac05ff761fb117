// The hash functions of IPVS: of the service table in both its forms, of the sh and dh schedulers, of Maglev.
// asm/ipvs/hash.ts computes the same numbers; both sides and the encoder must agree bit by bit.
// sh, dh and mh choose exactly as a 64-bit kernel does: their hashes have no key, or a fixed one.
// Source: Linux net/netfilter/ipvs/ip_vs_ctl.c (ip_vs_svc_hashkey), ip_vs_sh.c, ip_vs_dh.c (hash_32 since 4.18), ip_vs_mh.c
// (ip_vs_mh_hashkey), include/linux/siphash.h (hsiphash is SipHash-1-3 on 64 bits); SipHash: Aumasson and Bernstein 2012.
// Ours, where the kernel uses siphash with a key drawn at boot (the resizable service table): mixWord and finishMix, which
// are MurmurHash3's 32-bit body and finalizer (A. Appleby, public domain). They spread as well and give the same table in
// every run.
import type { Family, IpWords } from "../../base/ip.js";

/** Buckets of the service table up to Linux 6.x: IP_VS_SVC_TAB_BITS is 8. */
export const FIXED_SERVICE_BUCKETS = 256;
/** Buckets of sh and dh: their TAB_BITS is 8. */
export const SOURCE_HASH_BUCKETS = 256;
/** Buckets of Maglev: the prime below 2^12, the kernel's default. */
export const MAGLEV_BUCKETS = 4093;

const GOLDEN_RATIO_32 = 0x61c88647;
const SERVICE_SEED = 0x5f3759df;
/** Both words of the keys. */
const MAGLEV_OFFSET_KEY = 2654435761n;
const MAGLEV_SKIP_KEY = 2654446892n;

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
  return maglevHash(MAGLEV_OFFSET_KEY, words, port) % MAGLEV_BUCKETS;
}

/** Maglev: the step of a server's permutation, 1..MAGLEV_BUCKETS-1. */
export function maglevSkip(words: IpWords, port: number): number {
  return (maglevHash(MAGLEV_SKIP_KEY, words, port) % (MAGLEV_BUCKETS - 1)) + 1;
}

function maglevHash(key: bigint, words: IpWords, port: number): number {
  return sipHash13((foldWords(words) + port) >>> 0, key);
}

/** SipHash-1-3 of one 32-bit word under the key (key, key), cut to 32 bits. The slow twin of the one in asm/ipvs/hash.ts. */
function sipHash13(word: number, key: bigint): number {
  const [a, b, c, d] = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n];
  const block = (4n << 56n) | BigInt(word);
  let state: SipState = { a: a ^ key, b: b ^ key, c: c ^ key, d: d ^ key ^ block };
  state = sipRound(state);
  state = { ...state, a: state.a ^ block, c: state.c ^ 0xffn };
  for (let round = 0; round < 3; round++) state = sipRound(state);
  return Number(BigInt.asUintN(32, state.a ^ state.b ^ state.c ^ state.d));
}

interface SipState {
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
  readonly d: bigint;
}

function sipRound(state: SipState): SipState {
  let { a, b, c, d } = state;
  a = add64(a, b);
  b = rotate64(b, 13n) ^ a;
  a = rotate64(a, 32n);
  c = add64(c, d);
  d = rotate64(d, 16n) ^ c;
  a = add64(a, d);
  d = rotate64(d, 21n) ^ a;
  c = add64(c, b);
  b = rotate64(b, 17n) ^ c;
  return { a, b, c: rotate64(c, 32n), d };
}

function add64(one: bigint, other: bigint): bigint {
  return BigInt.asUintN(64, one + other);
}

function rotate64(word: bigint, bits: bigint): bigint {
  return BigInt.asUintN(64, (word << bits) | (word >> (64n - bits)));
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
