// Addresses as a type parameter: A is u32 for IPv4 and v128 for IPv6, so each family gets its own straight code and
// no packet pays a test of its family. `sizeof<A>() === 16` is decided by the compiler.
// In memory an address is four u32 words, most significant first (abi/packet): IPv4 reads word 0, IPv6 all sixteen bytes.

/** Whether two addresses are the same. */
export function sameAddress<A>(left: A, right: A): bool {
  if (sizeof<A>() === 16) return !v128.any_true(v128.xor(left as v128, right as v128));
  return left === right;
}

/** Whether `address` lies in the network `value` under `mask`; value has its host bits cleared. */
export function inNetwork<A>(address: A, value: A, mask: A): bool {
  if (sizeof<A>() === 16)
    return !v128.any_true(v128.xor(v128.and(address as v128, mask as v128), value as v128));
  return ((address as u32) & (mask as u32)) === (value as u32);
}

/** Write an address into sixteen bytes; the words IPv4 does not use become zero. */
export function storeAddress<A>(at: usize, address: A): void {
  if (sizeof<A>() === 16) {
    store<v128>(at, address as v128);
  } else {
    store<u64>(at, address as u32 as u64);
    store<u64>(at, 0, 8);
  }
}

/** Fold an address to 64 bits for hashing; not a hash by itself. */
export function foldAddress<A>(address: A): u64 {
  if (sizeof<A>() === 16) {
    const high = v128.extract_lane<u64>(address as v128, 0);
    const low = v128.extract_lane<u64>(address as v128, 1);
    return high ^ rotl<u64>(low * (((0x9e3779b9 as u64) << 32) | 0x7f4a7c15), 29);
  }
  return address as u32 as u64;
}

/** -1, 0 or 1: numeric order of two addresses, as ranges need it. */
export function compareAddress<A>(left: usize, right: usize): i32 {
  for (let word: usize = 0; word < sizeof<A>(); word += 4) {
    const a = load<u32>(left + word);
    const b = load<u32>(right + word);
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}
