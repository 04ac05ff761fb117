// Filters that look at a node alone. Each passes over nodes that an earlier filter turned down.
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

/** Turns down nodes whose flag (u8 column) is set. */
export function filterFlagged(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  flags: usize,
): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    if (load<u8>(flags + slot) === 0) continue;
    if (load<u8>(verdict + slot) === VERDICT_FEASIBLE) store<u8>(verdict + slot, <u8>code);
  }
}

/** Turns down nodes for whose id (u32 column) the table (u8 per id) holds something; that is the reason. */
export function filterTabled(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  reason: usize,
  ids: usize,
  table: usize,
): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    const found = load<u8>(table + load<u32>(ids + ((<usize>slot) << 2)));
    if (found === 0) continue;
    if (load<u8>(verdict + slot) !== VERDICT_FEASIBLE) continue;
    store<u8>(verdict + slot, <u8>code);
    store<u32>(reason + ((<usize>slot) << 2), found);
  }
}

/** Turns down nodes whose bit in the mask is not set. */
export function filterMasked(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  reason: usize,
  why: u32,
  mask: usize,
): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    if ((<u32>load<u8>(mask + (slot >> 3)) >> (slot & 7)) & 1) continue;
    if (load<u8>(verdict + slot) !== VERDICT_FEASIBLE) continue;
    store<u8>(verdict + slot, <u8>code);
    store<u32>(reason + ((<usize>slot) << 2), why);
  }
}

/** Turns down nodes that have any of what the column (u32) counts. */
export function filterCounted(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  counts: usize,
): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    if (load<u32>(counts + ((<usize>slot) << 2)) === 0) continue;
    if (load<u8>(verdict + slot) === VERDICT_FEASIBLE) store<u8>(verdict + slot, <u8>code);
  }
}

/** Turns down nodes that are full, or lack some of a resource that the Pod asks for; all lacks become reasons. */
export function filterFit(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  reason: usize,
  pods: usize,
  podsMax: usize,
  terms: usize,
  termCount: u32,
): void {
  const termsEnd = terms + <usize>termCount * TERM_STRIDE;
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    if (load<u8>(verdict + slot) !== VERDICT_FEASIBLE) continue;
    let lacks: u32 =
      load<u32>(pods + ((<usize>slot) << 2)) + 1 > load<u32>(podsMax + ((<usize>slot) << 2))
        ? FIT_REASON_PODS
        : 0;
    let bit: u32 = FIT_REASON_TERM;
    for (let term = terms; term < termsEnd; term += TERM_STRIDE) {
      const allocatable = load<f64>(<usize>load<u32>(term, TERM_ALLOCATABLE) + ((<usize>slot) << 3));
      const used = load<f64>(<usize>load<u32>(term, TERM_USED) + ((<usize>slot) << 3));
      const request = load<f64>(term, TERM_REQUEST);
      if (request > allocatable - used) lacks |= request > allocatable ? bit | FIT_REASON_NEVER : bit;
      bit <<= 1;
    }
    if (lacks === 0) continue;
    store<u8>(verdict + slot, <u8>code);
    store<u32>(reason + ((<usize>slot) << 2), lacks);
  }
}
