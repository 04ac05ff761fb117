// filterFit for Pods that ask for two resources, as nearly all do: the columns' addresses and the requests stay out of the
// loop, which makes it twice as fast.
import {
  FIT_REASON_NEVER,
  FIT_REASON_PODS,
  FIT_REASON_TERM,
  TERM_ALLOCATABLE,
  TERM_REQUEST,
  TERM_STRIDE,
  TERM_USED,
  VERDICT_FEASIBLE,
} from "../abi/scheduler";

export function filterFitPair(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  reason: usize,
  pods: usize,
  podsMax: usize,
  terms: usize,
): void {
  const other = terms + TERM_STRIDE;
  const allocatable0 = <usize>load<u32>(terms, TERM_ALLOCATABLE);
  const allocatable1 = <usize>load<u32>(other, TERM_ALLOCATABLE);
  const used0 = <usize>load<u32>(terms, TERM_USED);
  const used1 = <usize>load<u32>(other, TERM_USED);
  const request0 = load<f64>(terms, TERM_REQUEST);
  const request1 = load<f64>(other, TERM_REQUEST);
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    if (load<u8>(verdict + slot) !== VERDICT_FEASIBLE) continue;
    const byte4 = (<usize>slot) << 2;
    const byte8 = (<usize>slot) << 3;
    const has0 = load<f64>(allocatable0 + byte8);
    const has1 = load<f64>(allocatable1 + byte8);
    let lacks: u32 = load<u32>(pods + byte4) + 1 > load<u32>(podsMax + byte4) ? FIT_REASON_PODS : 0;
    if (request0 > has0 - load<f64>(used0 + byte8)) {
      lacks |= request0 > has0 ? FIT_REASON_TERM | FIT_REASON_NEVER : FIT_REASON_TERM;
    }
    if (request1 > has1 - load<f64>(used1 + byte8)) {
      lacks |= request1 > has1 ? (FIT_REASON_TERM << 1) | FIT_REASON_NEVER : FIT_REASON_TERM << 1;
    }
    if (lacks === 0) continue;
    store<u8>(verdict + slot, <u8>code);
    store<u32>(reason + byte4, lacks);
  }
}
