// The hash of set keys, twin of hashKey in asm/ipset/probe.ts: both sides must place a key in the same slot.
// Why 32-bit multiplies: they are one instruction in WASM and Math.imul here.
import {
  SET_HASH_MULTIPLIER_A,
  SET_HASH_MULTIPLIER_B,
  SET_HASH_MULTIPLIER_C,
} from "../../../asm/abi/ipset.js";
import type { IpWords } from "../../base/ip.js";

/** `key` is port | protocol << 16 | prefix length << 24. */
export function hashKey(first: IpWords, second: IpWords, key: number, isV6: boolean): number {
  const folded = Math.imul(foldWords(first, isV6), SET_HASH_MULTIPLIER_A);
  let hash = folded ^ Math.imul(rotateLeft(foldWords(second, isV6), 16), SET_HASH_MULTIPLIER_B);
  hash = Math.imul(hash ^ (hash >>> 15) ^ key, SET_HASH_MULTIPLIER_C);
  hash = Math.imul(hash ^ (hash >>> 13), SET_HASH_MULTIPLIER_A);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function foldWords(words: IpWords, isV6: boolean): number {
  if (!isV6) return words[0];
  let folded = words[0] | 0;
  for (const word of [words[1], words[2], words[3]]) {
    folded = (Math.imul(rotateLeft(folded, 7), SET_HASH_MULTIPLIER_C) + word) | 0;
  }
  return folded;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
