// A Pod comes to a node or leaves it: its requests go into the columns.
import { TERM_REQUEST, TERM_STRIDE, TERM_USED } from "../abi/scheduler";

/** used[slot] += times x request, for every term; times is 1 or -1. */
export function addRequests(slot: u32, terms: usize, termCount: u32, times: f64): void {
  const end = terms + <usize>termCount * TERM_STRIDE;
  for (let term = terms; term < end; term += TERM_STRIDE) {
    const at = <usize>load<u32>(term, TERM_USED) + ((<usize>slot) << 3);
    store<f64>(at, load<f64>(at) + times * load<f64>(term, TERM_REQUEST));
  }
}
