// The scores of score-resources.ts for two resources, CPU and memory, that every node has: two nodes at a time.
// Why: these two loops took two thirds of a Pod's cycle; addresses out of the loop and two divisions per instruction
// make them four times as fast. The host calls them when no node lacks either resource and none has 2^45 or more.
//
//   lane 0: node i     lane 1: node i + 1        an odd last node goes through the general loop
import { TERM_ALLOCATABLE, TERM_REQUEST, TERM_STRIDE, TERM_USED, TERM_WEIGHT } from "../abi/scheduler";
import { scoreBalanced, scoreLeastAllocated } from "./score-resources";

/** Two elements of an f64 column. */
function pair(column: usize, a: usize, b: usize): v128 {
  return v128.load64_lane(column + b, v128.load64_zero(column + a), 1);
}

export function scoreLeastAllocatedPairs(feasible: usize, count: u32, score: usize, terms: usize): void {
  const other = terms + TERM_STRIDE;
  const allocatable0 = <usize>load<u32>(terms, TERM_ALLOCATABLE);
  const allocatable1 = <usize>load<u32>(other, TERM_ALLOCATABLE);
  const used0 = <usize>load<u32>(terms, TERM_USED);
  const used1 = <usize>load<u32>(other, TERM_USED);
  const request0 = f64x2.splat(load<f64>(terms, TERM_REQUEST));
  const request1 = f64x2.splat(load<f64>(other, TERM_REQUEST));
  const weight0 = f64x2.splat(load<f64>(terms, TERM_WEIGHT));
  const weight1 = f64x2.splat(load<f64>(other, TERM_WEIGHT));
  const weights = f64x2.add(weight0, weight1);
  const hundred = f64x2.splat(100);
  const none = f64x2.splat(0);
  const even = count & ~1;
  for (let i: u32 = 0; i < even; i += 2) {
    const slots = feasible + ((<usize>i) << 2);
    const a = (<usize>load<u32>(slots)) << 3;
    const b = (<usize>load<u32>(slots, 4)) << 3;
    const all0 = pair(allocatable0, a, b);
    const all1 = pair(allocatable1, a, b);
    const left0 = f64x2.sub(all0, f64x2.add(pair(used0, a, b), request0));
    const left1 = f64x2.sub(all1, f64x2.add(pair(used1, a, b), request1));
    // Less than nothing left scores 0.
    const score0 = f64x2.pmax(none, f64x2.floor(f64x2.div(f64x2.mul(left0, hundred), all0)));
    const score1 = f64x2.pmax(none, f64x2.floor(f64x2.div(f64x2.mul(left1, hundred), all1)));
    const sum = f64x2.add(f64x2.mul(weight0, score0), f64x2.mul(weight1, score1));
    v128.store(score + ((<usize>i) << 3), f64x2.floor(f64x2.div(sum, weights)));
  }
  if (even !== count)
    scoreLeastAllocated(feasible + ((<usize>even) << 2), 1, score + ((<usize>even) << 3), terms, 2);
}

/** (1 - |share - share| / 2) x 100, truncated. */
function evenness(taken0: v128, all0: v128, taken1: v128, all1: v128): v128 {
  const one = f64x2.splat(1);
  const share0 = f64x2.pmin(f64x2.div(taken0, all0), one);
  const share1 = f64x2.pmin(f64x2.div(taken1, all1), one);
  const deviation = f64x2.abs(f64x2.mul(f64x2.sub(share0, share1), f64x2.splat(0.5)));
  return f64x2.floor(f64x2.mul(f64x2.sub(one, deviation), f64x2.splat(100)));
}

export function scoreBalancedPairs(
  feasible: usize,
  count: u32,
  score: usize,
  terms: usize,
  compare: bool,
): void {
  const other = terms + TERM_STRIDE;
  const allocatable0 = <usize>load<u32>(terms, TERM_ALLOCATABLE);
  const allocatable1 = <usize>load<u32>(other, TERM_ALLOCATABLE);
  const used0 = <usize>load<u32>(terms, TERM_USED);
  const used1 = <usize>load<u32>(other, TERM_USED);
  const request0 = f64x2.splat(load<f64>(terms, TERM_REQUEST));
  const request1 = f64x2.splat(load<f64>(other, TERM_REQUEST));
  const fifty = f64x2.splat(50);
  const half = f64x2.splat(0.5);
  const even = count & ~1;
  for (let i: u32 = 0; i < even; i += 2) {
    const slots = feasible + ((<usize>i) << 2);
    const a = (<usize>load<u32>(slots)) << 3;
    const b = (<usize>load<u32>(slots, 4)) << 3;
    const all0 = pair(allocatable0, a, b);
    const all1 = pair(allocatable1, a, b);
    const taken0 = pair(used0, a, b);
    const taken1 = pair(used1, a, b);
    let value = evenness(f64x2.add(taken0, request0), all0, f64x2.add(taken1, request1), all1);
    if (compare) {
      const change = f64x2.sub(value, evenness(taken0, all0, taken1, all1));
      value = f64x2.add(fifty, f64x2.floor(f64x2.mul(f64x2.add(fifty, change), half)));
    }
    v128.store(score + ((<usize>i) << 3), value);
  }
  if (even !== count)
    scoreBalanced(feasible + ((<usize>even) << 2), 1, score + ((<usize>even) << 3), terms, 2, compare);
}
