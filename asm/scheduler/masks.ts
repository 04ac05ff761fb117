// Node selectors as bits: which nodes a requirement, a term, a selector matches. One bit per slot.
//
//   values   u32[slots]   number of the node's value of one label; 0 where it lacks the label
//   wanted   u8[values]   1 for the values that the requirement accepts; wanted[0] speaks for nodes without the label
//
// Every operator (In, NotIn, Exists, DoesNotExist, Gt, Lt) becomes such a table on the host.

export function fillMask(mask: usize, bytes: usize, value: u8): void {
  memory.fill(mask, value, bytes);
}

/** mask &= nodes whose value is wanted. `slots` is a multiple of 8. */
export function intersectValues(mask: usize, slots: u32, values: usize, wanted: usize): void {
  for (let first: u32 = 0; first < slots; first += 8) {
    const at = mask + (first >> 3);
    let bits = <u32>load<u8>(at);
    if (bits === 0) continue;
    let keep: u32 = 0;
    for (let bit: u32 = 0; bit < 8; bit++) {
      const value = load<u32>(values + ((<usize>(first + bit)) << 2));
      keep |= (<u32>load<u8>(wanted + value)) << bit;
    }
    bits &= keep;
    store<u8>(at, <u8>bits);
  }
}

/** mask |= other */
export function uniteMask(mask: usize, other: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at++) store<u8>(mask + at, load<u8>(mask + at) | load<u8>(other + at));
}
