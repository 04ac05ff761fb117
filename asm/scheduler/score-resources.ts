// Scores by resources. A node without any of a resource is not scored on it.
// Integer arithmetic as upstream's: divisions truncate.
// Source: kube-scheduler plugins/noderesources.
import { rounded } from "./rounded";
import {
  MAX_NODE_SCORE,
  POINT_SCORE,
  POINT_STRIDE,
  POINT_UTILIZATION,
  TERM_ALLOCATABLE,
  TERM_REQUEST,
  TERM_STRIDE,
  TERM_USED,
  TERM_WEIGHT,
} from "../abi/scheduler";

const EXACT_BELOW: i64 = 1 << 45;

function allocatableOf(term: usize, slot: u32): i64 {
  return load<i64>(<usize>load<u32>(term, TERM_ALLOCATABLE) + ((<usize>slot) << 3));
}

function usedOf(term: usize, slot: u32): i64 {
  return load<i64>(<usize>load<u32>(term, TERM_USED) + ((<usize>slot) << 3));
}

/**
 * 100 x part / whole, 0 <= part <= whole: in doubles while the product is exact and the quotient cannot round up to an
 * integer it does not reach (whole below EXACT_BELOW), which is three times as fast as dividing 64-bit integers.
 */
function percent(part: i64, whole: i64): i64 {
  if (whole < EXACT_BELOW) return <i64>((<f64>part * <f64>MAX_NODE_SCORE) / <f64>whole);
  return (part * MAX_NODE_SCORE) / whole;
}

/** Weighted mean over resources of what would be left, 0..100. */
export function scoreLeastAllocated(
  feasible: usize,
  count: u32,
  score: usize,
  terms: usize,
  termCount: u32,
): void {
  const end = terms + <usize>termCount * TERM_STRIDE;
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    let sum: i64 = 0;
    let weights: i64 = 0;
    for (let term = terms; term < end; term += TERM_STRIDE) {
      const allocatable = allocatableOf(term, slot);
      if (allocatable === 0) continue;
      const weight = load<i64>(term, TERM_WEIGHT);
      const requested = usedOf(term, slot) + load<i64>(term, TERM_REQUEST);
      weights += weight;
      if (requested <= allocatable) sum += weight * percent(allocatable - requested, allocatable);
    }
    store<i64>(score + ((<usize>i) << 3), mean(sum, weights));
  }
}

/** Weighted mean over resources of what would be taken, 0..100. */
export function scoreMostAllocated(
  feasible: usize,
  count: u32,
  score: usize,
  terms: usize,
  termCount: u32,
): void {
  const end = terms + <usize>termCount * TERM_STRIDE;
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    let sum: i64 = 0;
    let weights: i64 = 0;
    for (let term = terms; term < end; term += TERM_STRIDE) {
      const allocatable = allocatableOf(term, slot);
      if (allocatable === 0) continue;
      const weight = load<i64>(term, TERM_WEIGHT);
      const requested = usedOf(term, slot) + load<i64>(term, TERM_REQUEST);
      weights += weight;
      sum += weight * percent(requested < allocatable ? requested : allocatable, allocatable);
    }
    store<i64>(score + ((<usize>i) << 3), mean(sum, weights));
  }
}

function mean(sum: i64, weights: i64): i64 {
  return weights === 0 ? 0 : <i64>(<f64>sum / <f64>weights);
}

/** Weighted mean of the shape's value at each utilisation; resources whose value is 0 do not count at all. */
export function scoreRatio(
  feasible: usize,
  count: u32,
  score: usize,
  terms: usize,
  termCount: u32,
  points: usize,
  pointCount: u32,
): void {
  const end = terms + <usize>termCount * TERM_STRIDE;
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    let sum: i64 = 0;
    let weights: i64 = 0;
    for (let term = terms; term < end; term += TERM_STRIDE) {
      const allocatable = allocatableOf(term, slot);
      if (allocatable === 0) continue;
      const requested = usedOf(term, slot) + load<i64>(term, TERM_REQUEST);
      const utilization = requested > allocatable ? MAX_NODE_SCORE : percent(requested, allocatable);
      const value = shapeAt(utilization, points, pointCount);
      if (value <= 0) continue;
      const weight = load<i64>(term, TERM_WEIGHT);
      sum += weight * value;
      weights += weight;
    }
    store<i64>(score + ((<usize>i) << 3), weights === 0 ? 0 : rounded(<f64>sum / <f64>weights));
  }
}

/** Piecewise linear, flat outside the first and last points; integer division. */
function shapeAt(utilization: i64, points: usize, count: u32): i64 {
  let before = points;
  if (utilization <= load<i64>(before, POINT_UTILIZATION)) return load<i64>(before, POINT_SCORE);
  for (let i: u32 = 1; i < count; i++) {
    const point = points + <usize>i * POINT_STRIDE;
    const x1 = load<i64>(point, POINT_UTILIZATION);
    if (utilization <= x1) {
      const x0 = load<i64>(before, POINT_UTILIZATION);
      const y0 = load<i64>(before, POINT_SCORE);
      return y0 + ((load<i64>(point, POINT_SCORE) - y0) * (utilization - x0)) / (x1 - x0);
    }
    before = point;
  }
  return load<i64>(before, POINT_SCORE);
}

/**
 * How even the shares of the resources are with the Pod, against without it where `compare` is set (upstream from 1.35
 * on): 50 + (50 + with - without) / 2.
 */
export function scoreBalanced(
  feasible: usize,
  count: u32,
  score: usize,
  terms: usize,
  termCount: u32,
  compare: bool,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    const after = evenness(slot, terms, termCount, 1);
    const value = compare ? 50 + (50 + after - evenness(slot, terms, termCount, 0)) / 2 : after;
    store<i64>(score + ((<usize>i) << 3), value);
  }
}

/** (1 - standard deviation of the shares) x 100, truncated; shares above 1 count as 1. */
function evenness(slot: u32, terms: usize, termCount: u32, times: i64): i64 {
  const end = terms + <usize>termCount * TERM_STRIDE;
  let shares: f64 = 0;
  let total: f64 = 0;
  let first: f64 = 0;
  let second: f64 = 0;
  for (let term = terms; term < end; term += TERM_STRIDE) {
    const allocatable = allocatableOf(term, slot);
    if (allocatable === 0) continue;
    const share = shareOf(term, slot, allocatable, times);
    if (shares === 0) first = share;
    else second = share;
    shares += 1;
    total += share;
  }
  if (shares < 2) return MAX_NODE_SCORE;
  if (shares === 2) return <i64>((1.0 - Math.abs((first - second) / 2.0)) * 100.0);
  const average = total / shares;
  let squares: f64 = 0;
  for (let term = terms; term < end; term += TERM_STRIDE) {
    const allocatable = allocatableOf(term, slot);
    if (allocatable === 0) continue;
    const distance = shareOf(term, slot, allocatable, times) - average;
    squares += distance * distance;
  }
  return <i64>((1.0 - Math.sqrt(squares / shares)) * 100.0);
}

function shareOf(term: usize, slot: u32, allocatable: i64, times: i64): f64 {
  const requested = usedOf(term, slot) + times * load<i64>(term, TERM_REQUEST);
  return Math.min(<f64>requested / <f64>allocatable, 1);
}
