// The hash functions of IPVS; twins of src/netfilter/ipvs/hash.ts, number for number.
import { IPVS_VARIANT_FIXED } from "../abi/ipvs";

/** The words of an address xored into one. */
function foldWords<A>(address: A): u32 {
  if (sizeof<A>() === 16) {
    const halves = v128.extract_lane<u64>(address as v128, 0) ^ v128.extract_lane<u64>(address as v128, 1);
    return (halves as u32) ^ ((halves >>> 32) as u32);
  }
  return address as u32;
}

/** Hash of a virtual service; the table's mask makes the bucket. `key`: port | protocol << 16. */
export function serviceHash<A>(variant: u32, address: A, key: u32): u32 {
  const port = key & 0xffff;
  const protocol = key >>> 16;
  if (variant === IPVS_VARIANT_FIXED) return protocol ^ foldWords<A>(address) ^ (port >>> 8) ^ port;
  let hash: u32 = 0x5f3759df;
  if (sizeof<A>() === 16) {
    hash = mixWord(hash, v128.extract_lane<u32>(address as v128, 0));
    hash = mixWord(hash, v128.extract_lane<u32>(address as v128, 1));
    hash = mixWord(hash, v128.extract_lane<u32>(address as v128, 2));
    hash = mixWord(hash, v128.extract_lane<u32>(address as v128, 3));
  } else {
    hash = mixWord(hash, address as u32);
  }
  return finishMix(mixWord(hash, (port << 16) | protocol));
}

/** sh and dh: bucket of 256. */
export function sourceHashBucket<A>(address: A, port: u32): u32 {
  return ((foldWords<A>(address) + port) * 0x61c88647) >>> 24;
}

/** Maglev: bucket of 4093. */
export function maglevOffset<A>(address: A, port: u32): u32 {
  return sipHash13(foldWords<A>(address) + port, 2654435761) % 4093;
}

/** SipHash-1-3 of one word under the key (key, key). */
function sipHash13(word: u32, key: u64): u32 {
  const block = join(4 << 24, word);
  let a = join(0x736f6d65, 0x70736575) ^ key;
  let b = join(0x646f7261, 0x6e646f6d) ^ key;
  let c = join(0x6c796765, 0x6e657261) ^ key;
  let d = join(0x74656462, 0x79746573) ^ key ^ block;
  for (let round = 0; round < 4; round++) {
    a += b;
    b = rotl<u64>(b, 13) ^ a;
    a = rotl<u64>(a, 32);
    c += d;
    d = rotl<u64>(d, 16) ^ c;
    a += d;
    d = rotl<u64>(d, 21) ^ a;
    c += b;
    b = rotl<u64>(b, 17) ^ c;
    c = rotl<u64>(c, 32);
    // One round takes the word in; three finish.
    if (round === 0) {
      a ^= block;
      c ^= 0xff;
    }
  }
  return (a ^ b ^ c ^ d) as u32;
}

function join(high: u32, low: u32): u64 {
  return ((high as u64) << 32) | (low as u64);
}

/** Bucket hash of a connection: by its client's side, so that both directions find it in one bucket. */
export function connectionHash<A>(client: A, clientPort: u32, protocol: u32): u32 {
  return finishMix(mixWord(mixWord(protocol, foldWords<A>(client)), clientPort));
}

function mixWord(hash: u32, word: u32): u32 {
  return rotl<u32>(hash ^ (rotl<u32>(word * 0xcc9e2d51, 15) * 0x1b873593), 13) * 5 + 0xe6546b64;
}

function finishMix(hash: u32): u32 {
  hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
  return hash ^ (hash >>> 16);
}
