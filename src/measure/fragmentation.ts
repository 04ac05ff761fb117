// Fragmentation: the share of a scarce resource (GPUs) that is free but of no use to the typical mix of demand.
//
//   F = sum over nodes n, classes m of  w(m) x free(n) x [m does not fit on n]   /   sum over n of free(n)
//
// w(m): share of class m among all demand that asks for the scarce resource. m fits on n when n is admitted and has
// room for every resource that m asks for. Free GPUs behind used-up CPUs count, and so do remainders smaller than asks.
// Why this way: a cluster may be half empty and take nothing; utilisation does not show it. Demand that asks for none
// of the scarce resource is left out: it can use no GPU anywhere and would add the same to every placement.
// Simplification: a node's free amount is one number, not one per device, as in extended resources.
// Cost: O(nodes x classes). Source: Weng et al., "Beware of Fragmentation", USENIX ATC 2023.

export interface DemandClass {
  /** How common; relative. */
  readonly weight: number;
  /** Amount per resource. */
  readonly requests: ArrayLike<number>;
  /** 1 for each node that may be used at all; null: every node. */
  readonly admitted: Uint8Array | null;
}

/**
 * @param free one column per resource, one amount per node
 * @param scarce index of the resource that is looked at
 * @returns 0..1: 0 when everything free is of use to all, or nothing is free, or nobody asks; 1 when it is to none
 */
export function fragmentation(
  free: readonly Float64Array[],
  scarce: number,
  classes: readonly DemandClass[],
): number {
  const freeScarce = free[scarce] as Float64Array;
  const asking = classes.filter(({ requests }) => (requests[scarce] as number) > 0);
  let demand = 0;
  for (const { weight } of asking) demand += weight;
  let freeTotal = 0;
  let useless = 0;
  for (let node = 0; node < freeScarce.length; node++) {
    const amount = Math.max(0, freeScarce[node] as number);
    if (amount === 0) continue;
    freeTotal += amount;
    for (const demanded of asking) if (!fits(demanded, free, node)) useless += demanded.weight * amount;
  }
  return freeTotal === 0 || demand === 0 ? 0 : useless / (freeTotal * demand);
}

function fits({ admitted, requests }: DemandClass, free: readonly Float64Array[], node: number): boolean {
  if (admitted !== null && admitted[node] === 0) return false;
  for (let resource = 0; resource < free.length; resource++) {
    const asked = requests[resource] as number;
    if (asked > 0 && asked > ((free[resource] as Float64Array)[node] as number)) return false;
  }
  return true;
}
