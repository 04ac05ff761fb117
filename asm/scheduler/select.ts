// Sums of weighted scores, and the best of them. Totals are whole numbers, held as f64.

export function fillTotals(count: u32, total: usize, value: f64): void {
  const end = total + ((<usize>count) << 3);
  for (let at = total; at < end; at += 8) store<f64>(at, value);
}

/** total += weight x score; both are 16-byte aligned, and the room behind an odd last element is theirs. */
export function addWeighted(count: u32, total: usize, score: usize, weight: f64): void {
  const weights = f64x2.splat(weight);
  for (let i: usize = 0; i < (<usize>count) << 3; i += 16) {
    v128.store(total + i, f64x2.add(v128.load(total + i), f64x2.mul(weights, v128.load(score + i))));
  }
}

export function best(count: u32, total: usize): f64 {
  let most: f64 = -Infinity;
  const end = total + ((<usize>count) << 3);
  for (let at = total; at < end; at += 8) {
    const value = load<f64>(at);
    most = value > most ? value : most;
  }
  return most;
}

/** How many have this total. */
export function countBest(count: u32, total: usize, most: f64): u32 {
  let ties: u32 = 0;
  const end = total + ((<usize>count) << 3);
  for (let at = total; at < end; at += 8) ties += <u32>(load<f64>(at) === most);
  return ties;
}

/** Index of the nth, from 0, that has this total. */
export function nthBest(count: u32, total: usize, most: f64, nth: u32): u32 {
  let left = nth;
  for (let i: u32 = 0; i < count; i++) {
    if (load<f64>(total + ((<usize>i) << 3)) !== most) continue;
    if (left === 0) return i;
    left--;
  }
  return count;
}
