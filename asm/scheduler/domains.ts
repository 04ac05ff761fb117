// Sums over topology domains: how many matching Pods lie in a zone, on a host, in whatever a label tells apart.
//
//   domain   u32[slots]   number of the node's value of one label; 0 where the node lacks the label
//   counts   u32[slots]   Pods on the node that match
//   sums     [domains]    i32 or i64, index 0 unused
//
// Why summed anew for every Pod: it is one pass over two columns, and nothing can get out of step.

export function zero(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}

/** sums (i32) += counts of the eligible nodes, by domain; `seen` (u8) marks domains that have an eligible node. */
export function addDomains(
  list: usize,
  count: u32,
  domain: usize,
  counts: usize,
  eligible: usize,
  sums: usize,
  seen: usize,
): void {
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) {
    const slot = load<u32>(at);
    if (load<u8>(eligible + slot) === 0) continue;
    const place = load<u32>(domain + ((<usize>slot) << 2));
    const sum = sums + ((<usize>place) << 2);
    store<i32>(sum, load<i32>(sum) + load<i32>(counts + ((<usize>slot) << 2)));
    store<u8>(seen + place, 1);
  }
}

/** sums (i64) += weight x counts, by domain. Nodes without the label add to domain 0, which nobody reads. */
export function addWeightedDomains(
  list: usize,
  count: u32,
  domain: usize,
  counts: usize,
  weight: i32,
  sums: usize,
): void {
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) {
    const slot = load<u32>(at);
    const matching = load<i32>(counts + ((<usize>slot) << 2));
    if (matching === 0) continue;
    const sum = sums + ((<usize>load<u32>(domain + ((<usize>slot) << 2))) << 3);
    store<i64>(sum, load<i64>(sum) + <i64>weight * <i64>matching);
  }
}

/** The smallest sum (i32) of the domains seen; i32.MAX_VALUE when none was. */
export function minimumDomain(sums: usize, seen: usize, domains: u32): i32 {
  let least: i32 = i32.MAX_VALUE;
  for (let place: u32 = 1; place < domains; place++) {
    if (load<u8>(seen + place) === 0) continue;
    const sum = load<i32>(sums + ((<usize>place) << 2));
    least = sum < least ? sum : least;
  }
  return least;
}

/** How many domains the eligible ones of `list` lie in; marks them in `seen`. */
export function countDomains(list: usize, count: u32, domain: usize, eligible: usize, seen: usize): u32 {
  let domains: u32 = 0;
  const end = list + ((<usize>count) << 2);
  for (let at = list; at < end; at += 4) {
    const slot = load<u32>(at);
    if (load<u8>(eligible + slot) === 0) continue;
    const mark = seen + load<u32>(domain + ((<usize>slot) << 2));
    if (load<u8>(mark) !== 0) continue;
    store<u8>(mark, 1);
    domains++;
  }
  return domains;
}

/** Whether any domain has a sum (i64) other than 0. */
export function anyDomain(sums: usize, domains: u32): bool {
  for (let place: u32 = 1; place < domains; place++) {
    if (load<i64>(sums + ((<usize>place) << 3)) !== 0) return true;
  }
  return false;
}
