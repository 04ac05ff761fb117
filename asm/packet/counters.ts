// The counter block of a context: u64 each, in the order of netfilter/counters.
import { CONTEXT_COUNTERS, CONTEXT_DROPS } from "../abi/context";

/** Add one to a counter. `counter` is a COUNTER_ constant. */
export function count(context: usize, counter: i32): void {
  countMany(context, counter, 1);
}

export function countMany(context: usize, counter: i32, amount: u64): void {
  const at = context + CONTEXT_COUNTERS + ((counter as usize) << 3);
  store<u64>(at, load<u64>(at) + amount);
}

/** Count a packet that was not sent on, by reason. */
export function countDrop(context: usize, reason: u32): void {
  const at = context + CONTEXT_DROPS + ((reason as usize) << 3);
  store<u64>(at, load<u64>(at) + 1);
}

/** Zero every counter and drop reason. */
export function resetCounters(context: usize): void {
  memory.fill(context + CONTEXT_COUNTERS, 0, CONTEXT_DROPS + 64 - CONTEXT_COUNTERS);
}
