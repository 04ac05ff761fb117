// Sums of weighted scores, and the best of them.

export function fillTotals(count: u32, total: usize, value: i32): void {
  const end = total + ((<usize>count) << 3);
  for (let at = total; at < end; at += 8) store<i64>(at, <i64>value);
}

/** total += weight x score */
export function addWeighted(count: u32, total: usize, score: usize, weight: i32): void {
  for (let i: usize = 0; i < (<usize>count) << 3; i += 8) {
    store<i64>(total + i, load<i64>(total + i) + <i64>weight * load<i64>(score + i));
  }
}

/** The best total; totals are sums of a few weights x 100 and fit. */
export function best(count: u32, total: usize): i32 {
  let most: i64 = i32.MIN_VALUE;
  const end = total + ((<usize>count) << 3);
  for (let at = total; at < end; at += 8) {
    const value = load<i64>(at);
    most = value > most ? value : most;
  }
  return <i32>most;
}

/** How many have this total. */
export function countBest(count: u32, total: usize, most: i32): u32 {
  let ties: u32 = 0;
  const end = total + ((<usize>count) << 3);
  for (let at = total; at < end; at += 8) ties += <u32>(load<i64>(at) === <i64>most);
  return ties;
}

/** Index of the nth, from 0, that has this total. */
export function nthBest(count: u32, total: usize, most: i32, nth: u32): u32 {
  let left = nth;
  for (let i: u32 = 0; i < count; i++) {
    if (load<i64>(total + ((<usize>i) << 3)) !== <i64>most) continue;
    if (left === 0) return i;
    left--;
  }
  return count;
}
