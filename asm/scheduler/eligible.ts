// Which nodes count for a spread constraint: a u8 per slot, 1 while a node has passed every test so far.

export function fillEligible(list: usize, count: u32, eligible: usize): void {
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) store<u8>(eligible + load<u32>(at), 1);
}

/** Keeps nodes whose bit in the mask is set. */
export function keepMasked(list: usize, count: u32, eligible: usize, mask: usize): void {
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) {
    const slot = load<u32>(at);
    const bit = (<u32>load<u8>(mask + (slot >> 3)) >> (slot & 7)) & 1;
    store<u8>(eligible + slot, load<u8>(eligible + slot) & <u8>bit);
  }
}

/** Keeps nodes for whose id the table holds 0. */
export function keepTabled(list: usize, count: u32, eligible: usize, ids: usize, table: usize): void {
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) {
    const slot = load<u32>(at);
    const found = load<u8>(table + load<u32>(ids + ((<usize>slot) << 2)));
    if (found !== 0) store<u8>(eligible + slot, 0);
  }
}

/** Keeps nodes that have a value of the label. */
export function keepLabelled(list: usize, count: u32, eligible: usize, domain: usize): void {
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) {
    const slot = load<u32>(at);
    if (load<u32>(domain + ((<usize>slot) << 2)) === 0) store<u8>(eligible + slot, 0);
  }
}

export function countEligible(list: usize, count: u32, eligible: usize): u32 {
  let kept: u32 = 0;
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) kept += load<u8>(eligible + load<u32>(at));
  return kept;
}
