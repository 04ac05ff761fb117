// Raw scores -> 0..100, in place. Raw scores are whole numbers.
// Source: kube-scheduler plugins/helper/normalize_score.go, interpodaffinity/scoring.go, podtopologyspread/scoring.go.
import { MAX_NODE_SCORE } from "../abi/scheduler";

/** In proportion to the highest; reversed, the highest becomes 0. All 0 stays so, or becomes 100 when reversed. */
export function normalizeDefault(count: u32, score: usize, reverse: bool): void {
  let most: f64 = 0;
  const end = score + ((<usize>count) << 3);
  for (let at = score; at < end; at += 8) {
    const value = load<f64>(at);
    most = value > most ? value : most;
  }
  if (most === 0) {
    if (reverse) for (let at = score; at < end; at += 8) store<f64>(at, <f64>MAX_NODE_SCORE);
    return;
  }
  for (let at = score; at < end; at += 8) {
    const share = Math.floor((<f64>MAX_NODE_SCORE * load<f64>(at)) / most);
    store<f64>(at, reverse ? <f64>MAX_NODE_SCORE - share : share);
  }
}

/** By place between the lowest and the highest; all 0 when they are equal. The quotient comes first, as upstream's. */
export function normalizeRange(count: u32, score: usize): void {
  let least: f64 = Infinity;
  let most: f64 = -Infinity;
  const end = score + ((<usize>count) << 3);
  for (let at = score; at < end; at += 8) {
    const value = load<f64>(at);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  const range = most - least;
  for (let at = score; at < end; at += 8) {
    store<f64>(at, range > 0 ? Math.floor(<f64>MAX_NODE_SCORE * ((load<f64>(at) - least) / range)) : 0);
  }
}

/** Fewer matching Pods is better: 100 x (most + least - cost) / most over eligible nodes, 0 for the others. */
export function normalizeSpread(feasible: usize, count: u32, score: usize, eligible: usize): void {
  let least: f64 = Infinity;
  let most: f64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if (load<u8>(eligible + load<u32>(feasible + ((<usize>i) << 2))) === 0) continue;
    const value = load<f64>(score + ((<usize>i) << 3));
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  for (let i: u32 = 0; i < count; i++) {
    const at = score + ((<usize>i) << 3);
    if (load<u8>(eligible + load<u32>(feasible + ((<usize>i) << 2))) === 0) store<f64>(at, 0);
    else if (most === 0) store<f64>(at, <f64>MAX_NODE_SCORE);
    else store<f64>(at, Math.floor((<f64>MAX_NODE_SCORE * (most + least - load<f64>(at))) / most));
  }
}
