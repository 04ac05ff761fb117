// Many tests at once: of twenty metrics that did not change, one is below p = 0.05 by chance in 64% of comparisons.
// Holm keeps the chance of any false alarm at alpha (for gates); Benjamini-Hochberg keeps the share of false ones among
// those called (for tables one explores).
// Sources: Holm 1979; Benjamini and Hochberg 1995.

/** Adjusted p-values in the given order: compare each with alpha. Cost: O(n log n). */
export function holm(p: readonly number[]): number[] {
  const order = ascendingOrder(p);
  const adjusted = new Array<number>(p.length);
  let largest = 0;
  order.forEach((index, place) => {
    largest = Math.max(largest, Math.min(1, (p.length - place) * (p[index] as number)));
    adjusted[index] = largest;
  });
  return adjusted;
}

export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = ascendingOrder(p);
  const adjusted = new Array<number>(p.length);
  let smallest = 1;
  for (let place = p.length - 1; place >= 0; place--) {
    const index = order[place] as number;
    smallest = Math.min(smallest, ((p[index] as number) * p.length) / (place + 1));
    adjusted[index] = smallest;
  }
  return adjusted;
}

function ascendingOrder(p: readonly number[]): number[] {
  return p.map((_, index) => index).sort((a, b) => (p[a] as number) - (p[b] as number));
}
