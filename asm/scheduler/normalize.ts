// Raw scores -> 0..100, in place.
// Source: kube-scheduler plugins/helper/normalize_score.go, interpodaffinity/scoring.go, podtopologyspread/scoring.go.
import { MAX_NODE_SCORE } from "../abi/scheduler";

/** In proportion to the highest; reversed, the highest becomes 0. All 0 stays so, or becomes 100 when reversed. */
export function normalizeDefault(count: u32, score: usize, reverse: bool): void {
  let most: i64 = 0;
  const end = score + ((<usize>count) << 3);
  for (let at = score; at < end; at += 8) {
    const value = load<i64>(at);
    most = value > most ? value : most;
  }
  if (most === 0) {
    if (reverse) for (let at = score; at < end; at += 8) store<i64>(at, MAX_NODE_SCORE);
    return;
  }
  for (let at = score; at < end; at += 8) {
    const share = (MAX_NODE_SCORE * load<i64>(at)) / most;
    store<i64>(at, reverse ? MAX_NODE_SCORE - share : share);
  }
}

/** By place between the lowest and the highest; all 0 when they are equal. */
export function normalizeRange(count: u32, score: usize): void {
  let least: i64 = i64.MAX_VALUE;
  let most: i64 = i64.MIN_VALUE;
  const end = score + ((<usize>count) << 3);
  for (let at = score; at < end; at += 8) {
    const value = load<i64>(at);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  const range = <f64>(most - least);
  for (let at = score; at < end; at += 8) {
    store<i64>(at, range > 0 ? <i64>(<f64>MAX_NODE_SCORE * (<f64>(load<i64>(at) - least) / range)) : 0);
  }
}

/** Fewer matching Pods is better: 100 x (most + least - cost) / most over eligible nodes, 0 for the others. */
export function normalizeSpread(feasible: usize, count: u32, score: usize, eligible: usize): void {
  let least: i64 = i64.MAX_VALUE;
  let most: i64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (load<u8>(eligible + load<u32>(feasible + ((<usize>i) << 2))) === 0) continue;
    const value = load<i64>(score + ((<usize>i) << 3));
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  for (let i: u32 = 0; i < count; i++) {
    const at = score + ((<usize>i) << 3);
    if (load<u8>(eligible + load<u32>(feasible + ((<usize>i) << 2))) === 0) store<i64>(at, 0);
    else if (most === 0) store<i64>(at, MAX_NODE_SCORE);
    else store<i64>(at, (MAX_NODE_SCORE * (most + least - load<i64>(at))) / most);
  }
}
