// How large a worker's affinity store must be, from what an image asks for (asm/abi/affinity.ts draws the store).
import { AFFINITY_ENTRY_BYTES, AFFINITY_HEADER_BYTES, AFFINITY_LIST_BYTES } from "../../asm/abi/affinity.js";

export interface AffinityPlan {
  readonly lists: number;
  /** Most clients remembered over all lists. */
  readonly entriesMax: number;
  /** Buckets - 1, a power of two less one. */
  readonly bucketMask: number;
  /** Arrival times kept per client, at least 1. */
  readonly stampsMax: number;
}

/** Clients over all lists; above this many the store says it is full. */
const ENTRIES_MAX = 1 << 20;

/** @param options.entriesWanted clients that all lists together may remember */
export function planAffinity(options: {
  readonly lists: number;
  readonly entriesWanted: number;
  readonly stampsMax: number;
}): AffinityPlan {
  const { lists, entriesWanted, stampsMax } = options;
  const entriesMax = Math.min(entriesWanted, ENTRIES_MAX);
  let buckets = 1;
  while (buckets < entriesMax) buckets *= 2;
  return { lists, entriesMax, bucketMask: buckets - 1, stampsMax };
}

/** Bytes of the private region, 0 when no list is asked for. */
export function affinityBytes({ lists, entriesMax, bucketMask, stampsMax }: AffinityPlan): number {
  if (lists === 0) return 0;
  const index = roundUp(AFFINITY_HEADER_BYTES + lists * AFFINITY_LIST_BYTES + (bucketMask + 1) * 4);
  return index + entriesMax * roundUp(AFFINITY_ENTRY_BYTES + stampsMax * 4);
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
