// The exports of build/scheduler.wasm. Addresses are bytes in the columns' memory; asm/scheduler says what each does.
import { instantiateOver, loadCore, type WasmMemory } from "../../base/web-assembly.js";

type Address = number;
/** Candidates list[from..to). */
type Range = [list: Address, from: number, to: number];
/** The first `count` of the feasible nodes, and where their scores go. */
type Scores = [feasible: Address, count: number, score: Address];

export interface Kernels {
  begin(...args: [...Range, verdict: Address]): void;
  collect(...args: [...Range, verdict: Address, feasible: Address, counts: Address, limit: number]): void;
  tallyVerdicts(...args: [...Range, verdict: Address, tally: Address]): void;

  filterFlagged(...args: [...Range, verdict: Address, code: number, flags: Address]): void;
  filterTabled(
    ...args: [...Range, verdict: Address, code: number, reason: Address, ids: Address, table: Address]
  ): void;
  filterMasked(
    ...args: [...Range, verdict: Address, code: number, reason: Address, why: number, mask: Address]
  ): void;
  filterCounted(...args: [...Range, verdict: Address, code: number, counts: Address]): void;
  filterFit(
    ...args: [
      ...Range,
      verdict: Address,
      code: number,
      reason: Address,
      pods: Address,
      podsMax: Address,
      terms: Address,
      termCount: number,
    ]
  ): void;
  filterFitPair(
    ...args: [
      ...Range,
      verdict: Address,
      code: number,
      reason: Address,
      pods: Address,
      podsMax: Address,
      terms: Address,
    ]
  ): void;
  filterPresent(
    ...args: [
      ...Range,
      verdict: Address,
      code: number,
      reason: Address,
      why: number,
      domain: Address,
      sums: Address,
    ]
  ): void;
  filterAbsent(
    ...args: [
      ...Range,
      verdict: Address,
      code: number,
      reason: Address,
      why: number,
      domain: Address,
      sums: Address,
    ]
  ): void;
  filterUnlabelled(
    ...args: [...Range, verdict: Address, code: number, reason: Address, why: number, domain: Address]
  ): void;
  filterSpread(
    ...args: [
      ...Range,
      verdict: Address,
      code: number,
      reason: Address,
      domain: Address,
      sums: Address,
      most: number,
    ]
  ): void;

  zero(at: Address, bytes: number): void;
  addDomains(
    list: Address,
    count: number,
    domain: Address,
    counts: Address,
    eligible: Address,
    sums: Address,
    seen: Address,
  ): void;
  addWeightedDomains(
    list: Address,
    count: number,
    domain: Address,
    counts: Address,
    weight: number,
    sums: Address,
  ): void;
  /** 0 or 1. */
  anyDomain(sums: Address, domains: number): number;
  minimumDomain(sums: Address, seen: Address, domains: number): number;
  countDomains(list: Address, count: number, domain: Address, eligible: Address, seen: Address): number;
  countEligible(list: Address, count: number, eligible: Address): number;
  fillEligible(list: Address, count: number, eligible: Address): void;
  keepMasked(list: Address, count: number, eligible: Address, mask: Address): void;
  keepTabled(list: Address, count: number, eligible: Address, ids: Address, table: Address): void;
  keepLabelled(list: Address, count: number, eligible: Address, domain: Address): void;

  fillMask(mask: Address, bytes: number, value: number): void;
  intersectValues(mask: Address, slots: number, values: Address, wanted: Address): void;
  uniteMask(mask: Address, other: Address, bytes: number): void;

  addRequests(slot: number, terms: Address, termCount: number, times: number): void;

  scoreLeastAllocated(...args: [...Scores, terms: Address, termCount: number]): void;
  scoreLeastAllocatedPairs(...args: [...Scores, terms: Address]): void;
  scoreBalancedPairs(...args: [...Scores, terms: Address, compare: number]): void;
  scoreMostAllocated(...args: [...Scores, terms: Address, termCount: number]): void;
  scoreRatio(
    ...args: [...Scores, terms: Address, termCount: number, points: Address, pointCount: number]
  ): void;
  scoreBalanced(...args: [...Scores, terms: Address, termCount: number, compare: number]): void;
  scoreTabled(...args: [...Scores, ids: Address, table: Address]): void;
  scoreImages(
    ...args: [...Scores, columns: Address, columnCount: number, leastMiB: number, mostMiB: number]
  ): void;
  addMaskScores(...args: [...Scores, mask: Address, weight: number]): void;
  addDomainScores(...args: [...Scores, domain: Address, sums: Address]): void;
  addSpreadScores(
    ...args: [
      ...Scores,
      eligible: Address,
      domain: Address,
      sums: Address,
      perNode: number,
      weight: number,
      skew: number,
    ]
  ): void;
  roundSpreadScores(count: number, cost: Address): void;

  normalizeDefault(count: number, score: Address, reverse: number): void;
  normalizeRange(count: number, score: Address): void;
  normalizeSpread(...args: [...Scores, eligible: Address]): void;

  fillTotals(count: number, total: Address, value: number): void;
  addWeighted(count: number, total: Address, score: Address, weight: number): void;
  best(count: number, total: Address): number;
  countBest(count: number, total: Address, most: number): number;
  nthBest(count: number, total: Address, most: number, nth: number): number;
}

export const SCHEDULER_CORE = "scheduler";

/** @throws {PlumbError} NotFound when the core has not been built */
export function instantiateKernels(memory: WasmMemory): Kernels {
  return instantiateOver<Kernels>(loadCore(SCHEDULER_CORE), memory);
}
