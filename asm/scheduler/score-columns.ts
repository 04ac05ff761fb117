// Scores that add up columns.
import { rounded } from "./rounded";

/** score = table[id of the node]; the table holds u32. */
export function scoreTabled(feasible: usize, count: u32, score: usize, ids: usize, table: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    const id = load<u32>(ids + ((<usize>slot) << 2));
    store<f64>(score + ((<usize>i) << 3), <f64>load<u32>(table + ((<usize>id) << 2)));
  }
}

/** score += weight for nodes whose bit is set. */
export function addMaskScores(feasible: usize, count: u32, score: usize, mask: usize, weight: f64): void {
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    const bit = <f64>((<u32>load<u8>(mask + (slot >> 3)) >> (slot & 7)) & 1);
    const at = score + ((<usize>i) << 3);
    store<f64>(at, load<f64>(at) + weight * bit);
  }
}

/** score += the sum (i64) of the node's domain; nothing for nodes without the label. */
export function addDomainScores(feasible: usize, count: u32, score: usize, domain: usize, sums: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    const place = load<u32>(domain + ((<usize>slot) << 2));
    if (place === 0) continue;
    const at = score + ((<usize>i) << 3);
    store<f64>(at, load<f64>(at) + <f64>load<i64>(sums + ((<usize>place) << 3)));
  }
}

/**
 * cost, in the score's place, += matching Pods x weight + (maxSkew - 1), for eligible nodes with the label.
 * Matching Pods are those of the node's domain, or, with `perNode` set, the node's own.
 */
export function addSpreadScores(
  feasible: usize,
  count: u32,
  cost: usize,
  eligible: usize,
  domain: usize,
  sums: usize,
  perNode: bool,
  weight: f64,
  skew: f64,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    if (load<u8>(eligible + slot) === 0) continue;
    const place = load<u32>(domain + ((<usize>slot) << 2));
    if (place === 0) continue;
    const matching = load<i32>(sums + ((<usize>(perNode ? slot : place)) << 2));
    const at = cost + ((<usize>i) << 3);
    store<f64>(at, load<f64>(at) + (<f64>matching * weight + skew));
  }
}

/** In place, halves up: costs are never negative. */
export function roundSpreadScores(count: u32, cost: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = cost + ((<usize>i) << 3);
    store<f64>(at, rounded(load<f64>(at)));
  }
}

/** score = 100 x (sum - least) / (most - least), where sum is what the columns (f64, bytes) hold, kept within the two. */
export function scoreImages(
  feasible: usize,
  count: u32,
  score: usize,
  columns: usize,
  columnCount: u32,
  leastMiB: u32,
  mostMiB: u32,
): void {
  const least = <f64>leastMiB * 1048576.0;
  const most = <f64>mostMiB * 1048576.0;
  for (let i: u32 = 0; i < count; i++) {
    const slot = load<u32>(feasible + ((<usize>i) << 2));
    let sum: f64 = 0;
    for (let c: u32 = 0; c < columnCount; c++) {
      sum += load<f64>(<usize>load<u32>(columns + ((<usize>c) << 2)) + ((<usize>slot) << 3));
    }
    sum = sum < least ? least : sum > most ? most : sum;
    store<f64>(score + ((<usize>i) << 3), Math.floor((100.0 * (sum - least)) / (most - least)));
  }
}
