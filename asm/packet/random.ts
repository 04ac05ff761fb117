// The random stream: mulberry32, the twin of base/prng.ts, draw for draw. Its state is a word of the context block.
// Cost: eight instructions a draw. Source: T. Ettinger, mulberry32 (public domain).
import { CONTEXT_RANDOM, COUNTER_RANDOM_DRAWS } from "../abi/context";
import { count } from "./counters";

/** Uniform in 0..2^32-1. Counts one draw. */
export function next32(context: usize): u32 {
  count(context, COUNTER_RANDOM_DRAWS);
  const state = load<u32>(context, CONTEXT_RANDOM) + 0x6d2b79f5;
  store<u32>(context, state, CONTEXT_RANDOM);
  let z = (state ^ (state >>> 15)) * (state | 1);
  z ^= z + (z ^ (z >>> 7)) * (z | 61);
  return z ^ (z >>> 14);
}

/** Uniform in 0..bound-1 as nft numgen makes it: the high word of random32 * bound. */
export function below(context: usize, bound: u32): u32 {
  return (((next32(context) as u64) * (bound as u64)) >>> 32) as u32;
}
