// Filters that look at a node's domains: inter-Pod affinity and topology spread.
import { SPREAD_REASON_LABEL, SPREAD_REASON_SKEW, VERDICT_FEASIBLE } from "../abi/scheduler";

function turnDown(verdict: usize, reason: usize, slot: u32, code: u32, why: u32): void {
  store<u8>(verdict + slot, <u8>code);
  store<u32>(reason + ((<usize>slot) << 2), why);
}

/** Anti-affinity: turns down nodes in whose domain something is. Nodes without the label pass. */
export function filterPresent(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  reason: usize,
  why: u32,
  domain: usize,
  sums: usize,
): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    const place = load<u32>(domain + ((<usize>slot) << 2));
    if (load<i64>(sums + ((<usize>place) << 3)) <= 0) continue;
    if (place === 0) continue;
    if (load<u8>(verdict + slot) === VERDICT_FEASIBLE) turnDown(verdict, reason, slot, code, why);
  }
}

/** Affinity: turns down nodes in whose domain nothing is, or that lack the label. */
export function filterAbsent(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  reason: usize,
  why: u32,
  domain: usize,
  sums: usize,
): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    const place = load<u32>(domain + ((<usize>slot) << 2));
    if (place !== 0) {
      if (load<i64>(sums + ((<usize>place) << 3)) > 0) continue;
    }
    if (load<u8>(verdict + slot) === VERDICT_FEASIBLE) turnDown(verdict, reason, slot, code, why);
  }
}

/** Turns down nodes that lack the label. */
export function filterUnlabelled(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  reason: usize,
  why: u32,
  domain: usize,
): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    if (load<u32>(domain + ((<usize>slot) << 2)) !== 0) continue;
    if (load<u8>(verdict + slot) === VERDICT_FEASIBLE) turnDown(verdict, reason, slot, code, why);
  }
}

/** Spread: turns down nodes that lack the label, and those whose domain holds more than `most` matching Pods already. */
export function filterSpread(
  list: usize,
  from: u32,
  to: u32,
  verdict: usize,
  code: u32,
  reason: usize,
  domain: usize,
  sums: usize,
  most: i32,
): void {
  const end = list + ((<usize>to) << 2);
  for (let at = list + ((<usize>from) << 2); at < end; at += 4) {
    const slot = load<u32>(at);
    const place = load<u32>(domain + ((<usize>slot) << 2));
    let why: u32 = SPREAD_REASON_LABEL;
    if (place !== 0) {
      if (load<i32>(sums + ((<usize>place) << 2)) <= most) continue;
      why = SPREAD_REASON_SKEW;
    }
    if (load<u8>(verdict + slot) === VERDICT_FEASIBLE) turnDown(verdict, reason, slot, code, why);
  }
}
