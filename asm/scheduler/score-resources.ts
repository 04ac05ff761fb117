// Scores by resources, for any number of them. A node without any of a resource is not scored on it.
// Everything is f64: amounts are whole numbers below 2^53, and what upstream truncates is never negative, so that
// Math.floor is its division. Two resources that every node has, the common case, go through score-pairs.ts.
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

/** Below, 100 x part is exact and the quotient cannot round up to an integer that it does not reach. */
const EXACT_BELOW: f64 = 35184372088832.0;

function allocatableOf(term: usize, slot: u32): f64 {
  return load<f64>(<usize>load<u32>(term, TERM_ALLOCATABLE) + ((<usize>slot) << 3));
}

function usedOf(term: usize, slot: u32): f64 {
  return load<f64>(<usize>load<u32>(term, TERM_USED) + ((<usize>slot) << 3));
}

/** 100 x part / whole, truncated; 0 <= part <= whole. */
function percent(part: f64, whole: f64): f64 {
  if (whole < EXACT_BELOW) return Math.floor((part * <f64>MAX_NODE_SCORE) / whole);
  return <f64>((<i64>part * MAX_NODE_SCORE) / <i64>whole);
}

function mean(sum: f64, weights: f64): f64 {
  return weights === 0 ? 0 : Math.floor(sum / weights);
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
    let sum: f64 = 0;
    let weights: f64 = 0;
    for (let term = terms; term < end; term += TERM_STRIDE) {
      const allocatable = allocatableOf(term, slot);
      if (allocatable === 0) continue;
      const weight = load<f64>(term, TERM_WEIGHT);
      const requested = usedOf(term, slot) + load<f64>(term, TERM_REQUEST);
      weights += weight;
      if (requested <= allocatable) sum += weight * percent(allocatable - requested, allocatable);
    }
    store<f64>(score + ((<usize>i) << 3), mean(sum, weights));
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
    let sum: f64 = 0;
    let weights: f64 = 0;
    for (let term = terms; term < end; term += TERM_STRIDE) {
      const allocatable = allocatableOf(term, slot);
      if (allocatable === 0) continue;
      const weight = load<f64>(term, TERM_WEIGHT);
      const requested = usedOf(term, slot) + load<f64>(term, TERM_REQUEST);
      weights += weight;
      sum += weight * percent(Math.min(requested, allocatable), allocatable);
    }
    store<f64>(score + ((<usize>i) << 3), mean(sum, weights));
  }
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
    let sum: f64 = 0;
    let weights: f64 = 0;
    for (let term = terms; term < end; term += TERM_STRIDE) {
      const allocatable = allocatableOf(term, slot);
      if (allocatable === 0) continue;
      const requested = usedOf(term, slot) + load<f64>(term, TERM_REQUEST);
      const utilization = requested > allocatable ? <f64>MAX_NODE_SCORE : percent(requested, allocatable);
      const value = shapeAt(utilization, points, pointCount);
      if (value <= 0) continue;
      const weight = load<f64>(term, TERM_WEIGHT);
      sum += weight * value;
      weights += weight;
    }
    store<f64>(score + ((<usize>i) << 3), weights === 0 ? 0 : rounded(sum / weights));
  }
}

/** Piecewise linear, flat outside the first and last points; the rise is truncated towards the left point. */
function shapeAt(utilization: f64, points: usize, count: u32): f64 {
  let before = points;
  if (utilization <= load<f64>(before, POINT_UTILIZATION)) return load<f64>(before, POINT_SCORE);
  for (let i: u32 = 1; i < count; i++) {
    const point = points + <usize>i * POINT_STRIDE;
    const x1 = load<f64>(point, POINT_UTILIZATION);
    if (utilization <= x1) {
      const x0 = load<f64>(before, POINT_UTILIZATION);
      const y0 = load<f64>(before, POINT_SCORE);
      return y0 + Math.trunc(((load<f64>(point, POINT_SCORE) - y0) * (utilization - x0)) / (x1 - x0));
    }
    before = point;
  }
  return load<f64>(before, POINT_SCORE);
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
    const value = compare ? 50 + Math.floor((50 + after - evenness(slot, terms, termCount, 0)) / 2) : after;
    store<f64>(score + ((<usize>i) << 3), value);
  }
}

/** (1 - standard deviation of the shares) x 100, truncated; shares above 1 count as 1. */
function evenness(slot: u32, terms: usize, termCount: u32, times: f64): f64 {
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
  if (shares < 2) return <f64>MAX_NODE_SCORE;
  if (shares === 2) return Math.floor((1.0 - Math.abs((first - second) / 2.0)) * 100.0);
  const average = total / shares;
  let squares: f64 = 0;
  for (let term = terms; term < end; term += TERM_STRIDE) {
    const allocatable = allocatableOf(term, slot);
    if (allocatable === 0) continue;
    const distance = shareOf(term, slot, allocatable, times) - average;
    squares += distance * distance;
  }
  return Math.floor((1.0 - Math.sqrt(squares / shares)) * 100.0);
}

function shareOf(term: usize, slot: u32, allocatable: f64, times: f64): f64 {
  const requested = usedOf(term, slot) + times * load<f64>(term, TERM_REQUEST);
  return Math.min(requested / allocatable, 1);
}
