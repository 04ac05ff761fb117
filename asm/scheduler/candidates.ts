// Which nodes are looked at, and which of them are left.
import { VERDICT_FEASIBLE } from "../abi/scheduler";

/** Puts the candidates list[from..to) into the running. */
export function begin(list: usize, from: u32, to: u32, verdict: usize): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    store<u8>(verdict + load<u32>(at), VERDICT_FEASIBLE);
  }
}

/**
 * Appends the feasible ones of list[from..to) to `feasible`, which holds counts[0] already, until it holds `limit`.
 * Leaves there how many it holds, and in counts[1] how many candidates were looked at: those behind the last one
 * needed do not count as evaluated.
 */
export function collect(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  feasible: usize,
  counts: usize,
  limit: u32,
): void {
  let found = load<u32>(counts);
  let i = from;
  while (i < to) {
    const slot = load<u32>(list + ((<usize>i) << 2));
    i++;
    if (load<u8>(verdict + slot) !== VERDICT_FEASIBLE) continue;
    store<u32>(feasible + ((<usize>found) << 2), slot);
    found++;
    if (found === limit) break;
  }
  store<u32>(counts, found);
  store<u32>(counts + 4, i - from);
}

/** tally[code] (u32, 256 of them) += candidates of list[from..to) with this verdict. */
export function tallyVerdicts(list: usize, from: u32, to: u32, verdict: usize, tally: usize): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const place = tally + ((<usize>load<u8>(verdict + load<u32>(at))) << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
}
