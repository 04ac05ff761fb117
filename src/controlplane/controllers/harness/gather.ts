// While many dependents change one after the other, a reconcile that reads all of them is put off for a time that grows
// with their number: n changes then cost about n reads in all, not n squared.

/** Owners up to this size are looked at after each change. */
const SMALL_COUNT = 100;
/** 30,000 dependents: 300 ms. */
const COUNT_PER_MS = 100;

/** How long to gather changes of something that has so many dependents. */
export function gatherMs(dependentsCount: number): number {
  return dependentsCount <= SMALL_COUNT ? 0 : dependentsCount / COUNT_PER_MS;
}
