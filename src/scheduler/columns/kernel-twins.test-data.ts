// Every kernel of asm/scheduler once more, one node at a time over typed views, with nothing done for speed.
import type { Kernels } from "./kernels.js";

/** The kernels' memory, or a copy of it. */
export class Views {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly i64: BigInt64Array;
  readonly f64: Float64Array;

  constructor(buffer: SharedArrayBuffer | ArrayBuffer) {
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.f64 = new Float64Array(buffer);
  }

  /** Slots list[from..to). */
  slots(list: number, to: number, from = 0): number[] {
    return [...this.u32.subarray(list / 4 + from, list / 4 + to)];
  }

  hasBit(mask: number, slot: number): boolean {
    return ((at(this.u8, mask + (slot >> 3)) >> (slot & 7)) & 1) === 1;
  }

  terms(address: number, count: number): Term[] {
    return Array.from({ length: count }, (_, index) => {
      const term = address + index * 32;
      return {
        allocatable: at(this.u32, term / 4) / 8,
        used: at(this.u32, term / 4 + 1) / 8,
        request: at(this.f64, term / 8 + 1),
        weight: at(this.f64, term / 8 + 2),
      };
    });
  }
}

/** Columns as indices of f64. */
interface Term {
  readonly allocatable: number;
  readonly used: number;
  readonly request: number;
  readonly weight: number;
}

type Twins = {
  readonly [Name in keyof Kernels]: (
    views: Views,
    ...args: Parameters<Kernels[Name]>
  ) => ReturnType<Kernels[Name]>;
};

export const TWINS: Twins = {
  begin: (v, list, from, to, verdict) => {
    for (const slot of v.slots(list, to, from)) v.u8[verdict + slot] = 0;
  },
  collect: (v, list, from, to, verdict, feasible, counts, limit) => {
    let looked = 0;
    for (const slot of v.slots(list, to, from)) {
      looked++;
      if (v.u8[verdict + slot] !== 0) continue;
      v.u32[feasible / 4 + at(v.u32, counts / 4)] = slot;
      add(v.u32, counts / 4, 1);
      if (v.u32[counts / 4] === limit) break;
    }
    v.u32[counts / 4 + 1] = looked;
  },
  tallyVerdicts: (v, list, from, to, verdict, tally) => {
    for (const slot of v.slots(list, to, from)) add(v.u32, tally / 4 + at(v.u8, verdict + slot), 1);
  },

  filterFlagged: (v, list, from, to, verdict, code, flags) => {
    for (const slot of feasibleOf(v, list, from, to, verdict))
      if (v.u8[flags + slot] !== 0) v.u8[verdict + slot] = code;
  },
  filterTabled: (v, list, from, to, verdict, code, reason, ids, table) => {
    for (const slot of feasibleOf(v, list, from, to, verdict)) {
      const found = at(v.u8, table + at(v.u32, ids / 4 + slot));
      if (found !== 0) turnDown(v, slot, verdict, code, reason, found);
    }
  },
  filterMasked: (v, list, from, to, verdict, code, reason, why, mask) => {
    for (const slot of feasibleOf(v, list, from, to, verdict))
      if (!v.hasBit(mask, slot)) turnDown(v, slot, verdict, code, reason, why);
  },
  filterCounted: (v, list, from, to, verdict, code, counts) => {
    for (const slot of feasibleOf(v, list, from, to, verdict))
      if (v.u32[counts / 4 + slot] !== 0) v.u8[verdict + slot] = code;
  },
  filterFitPair: (v, ...args) => TWINS.filterFit(v, ...args, 2),
  filterFit: (v, list, from, to, verdict, code, reason, pods, podsMax, terms, termCount) => {
    for (const slot of feasibleOf(v, list, from, to, verdict)) {
      let lacks = at(v.u32, pods / 4 + slot) >= at(v.u32, podsMax / 4 + slot) ? 1 : 0;
      for (const [index, { allocatable, used, request }] of v.terms(terms, termCount).entries()) {
        const all = at(v.f64, allocatable + slot);
        if (at(v.f64, used + slot) + request <= all) continue;
        lacks |= 4 << index;
        if (request > all) lacks |= 2;
      }
      if (lacks !== 0) turnDown(v, slot, verdict, code, reason, lacks);
    }
  },
  filterPresent: (v, list, from, to, verdict, code, reason, why, domain, sums) => {
    for (const slot of feasibleOf(v, list, from, to, verdict)) {
      const place = at(v.u32, domain / 4 + slot);
      if (place > 0 && at(v.i64, sums / 8 + place) > 0n) turnDown(v, slot, verdict, code, reason, why);
    }
  },
  filterAbsent: (v, list, from, to, verdict, code, reason, why, domain, sums) => {
    for (const slot of feasibleOf(v, list, from, to, verdict)) {
      const place = at(v.u32, domain / 4 + slot);
      if (place === 0 || at(v.i64, sums / 8 + place) <= 0n) turnDown(v, slot, verdict, code, reason, why);
    }
  },
  filterUnlabelled: (v, list, from, to, verdict, code, reason, why, domain) => {
    for (const slot of feasibleOf(v, list, from, to, verdict))
      if (v.u32[domain / 4 + slot] === 0) turnDown(v, slot, verdict, code, reason, why);
  },
  filterSpread: (v, list, from, to, verdict, code, reason, domain, sums, most) => {
    for (const slot of feasibleOf(v, list, from, to, verdict)) {
      const place = at(v.u32, domain / 4 + slot);
      if (place === 0) turnDown(v, slot, verdict, code, reason, 1);
      else if (at(v.i32, sums / 4 + place) > most) turnDown(v, slot, verdict, code, reason, 2);
    }
  },

  zero: (v, address, bytes) => {
    v.u8.fill(0, address, address + bytes);
  },
  addDomains: (v, list, count, domain, counts, eligible, sums, seen) => {
    for (const slot of v.slots(list, count)) {
      if (v.u8[eligible + slot] === 0) continue;
      const place = at(v.u32, domain / 4 + slot);
      add(v.i32, sums / 4 + place, at(v.i32, counts / 4 + slot));
      v.u8[seen + place] = 1;
    }
  },
  addWeightedDomains: (v, list, count, domain, counts, weight, sums) => {
    for (const slot of v.slots(list, count)) {
      const sum = sums / 8 + at(v.u32, domain / 4 + slot);
      v.i64[sum] = at(v.i64, sum) + BigInt(weight) * BigInt(at(v.i32, counts / 4 + slot));
    }
  },
  anyDomain: (v, sums, domains) => {
    return v.i64.subarray(sums / 8 + 1, sums / 8 + domains).some((sum) => sum !== 0n) ? 1 : 0;
  },
  minimumDomain: (v, sums, seen, domains) => {
    const places = Array.from({ length: domains }, (_, place) => place).slice(1);
    const ofSeen = places.filter((place) => v.u8[seen + place] !== 0);
    return Math.min(2 ** 31 - 1, ...ofSeen.map((place) => at(v.i32, sums / 4 + place)));
  },
  countDomains: (v, list, count, domain, eligible, seen) => {
    const places = v
      .slots(list, count)
      .filter((slot) => v.u8[eligible + slot] !== 0)
      .map((slot) => at(v.u32, domain / 4 + slot));
    const fresh = new Set(places.filter((place) => v.u8[seen + place] === 0));
    for (const place of fresh) v.u8[seen + place] = 1;
    return fresh.size;
  },
  countEligible: (v, list, count, eligible) =>
    v.slots(list, count).filter((slot) => v.u8[eligible + slot] === 1).length,
  fillEligible: (v, list, count, eligible) => {
    for (const slot of v.slots(list, count)) v.u8[eligible + slot] = 1;
  },
  keepMasked: (v, list, count, eligible, mask) => {
    for (const slot of v.slots(list, count)) if (!v.hasBit(mask, slot)) v.u8[eligible + slot] = 0;
  },
  keepTabled: (v, list, count, eligible, ids, table) => {
    for (const slot of v.slots(list, count))
      if (v.u8[table + at(v.u32, ids / 4 + slot)] !== 0) v.u8[eligible + slot] = 0;
  },
  keepLabelled: (v, list, count, eligible, domain) => {
    for (const slot of v.slots(list, count)) if (v.u32[domain / 4 + slot] === 0) v.u8[eligible + slot] = 0;
  },

  fillMask: (v, mask, bytes, value) => {
    v.u8.fill(value, mask, mask + bytes);
  },
  intersectValues: (v, mask, slots, values, wanted) => {
    for (let slot = 0; slot < slots; slot++) {
      const isWanted = v.u8[wanted + at(v.u32, values / 4 + slot)] === 1;
      if (!isWanted) v.u8[mask + (slot >> 3)] = at(v.u8, mask + (slot >> 3)) & ~(1 << (slot & 7));
    }
  },
  uniteMask: (v, mask, other, bytes) => {
    for (let index = 0; index < bytes; index++)
      v.u8[mask + index] = at(v.u8, mask + index) | at(v.u8, other + index);
  },

  addRequests: (v, slot, terms, termCount, times) => {
    for (const { used, request } of v.terms(terms, termCount)) add(v.f64, used + slot, times * request);
  },

  scoreLeastAllocated: (v, feasible, count, score, terms, termCount) =>
    scoreEach(v, feasible, count, score, (slot) =>
      mean(v, slot, terms, termCount, (taken, all) => (taken > all ? 0n : ((all - taken) * 100n) / all)),
    ),
  scoreLeastAllocatedPairs: (v, feasible, count, score, terms) =>
    TWINS.scoreLeastAllocated(v, feasible, count, score, terms, 2),
  scoreMostAllocated: (v, feasible, count, score, terms, termCount) =>
    scoreEach(v, feasible, count, score, (slot) =>
      mean(v, slot, terms, termCount, (taken, all) => ((taken > all ? all : taken) * 100n) / all),
    ),
  scoreRatio: (v, feasible, count, score, terms, termCount, points, pointCount) =>
    scoreEach(v, feasible, count, score, (slot) => {
      let sum = 0;
      let weights = 0;
      for (const { allocatable, used, request, weight } of v.terms(terms, termCount)) {
        const all = BigInt(at(v.f64, allocatable + slot));
        if (all === 0n) continue;
        const taken = BigInt(at(v.f64, used + slot) + request);
        const value = shapeAt(v, Number(taken > all ? 100n : (taken * 100n) / all), points, pointCount);
        if (value > 0) [sum, weights] = [sum + value * weight, weights + weight];
      }
      return weights === 0 ? 0 : Math.round(sum / weights);
    }),
  scoreBalanced: (v, feasible, count, score, terms, termCount, compare) =>
    scoreEach(v, feasible, count, score, (slot) => {
      const after = evenness(v, slot, terms, termCount, 1);
      if (compare === 0) return after;
      return 50 + Math.floor((50 + after - evenness(v, slot, terms, termCount, 0)) / 2);
    }),
  scoreBalancedPairs: (v, feasible, count, score, terms, compare) =>
    TWINS.scoreBalanced(v, feasible, count, score, terms, 2, compare),
  scoreTabled: (v, feasible, count, score, ids, table) =>
    scoreEach(v, feasible, count, score, (slot) => at(v.u32, table / 4 + at(v.u32, ids / 4 + slot))),
  scoreImages: (v, feasible, count, score, columns, columnCount, leastMiB, mostMiB) =>
    scoreEach(v, feasible, count, score, (slot) => {
      const [least, most] = [leastMiB * 2 ** 20, mostMiB * 2 ** 20];
      const amounts = v.slots(columns, columnCount).map((column) => at(v.f64, column / 8 + slot));
      const sum = amounts.reduce((a, b) => a + b, 0);
      const kept = Math.min(Math.max(sum, least), most);
      return Math.floor((100 * (kept - least)) / (most - least));
    }),
  addMaskScores: (v, feasible, count, score, mask, weight) =>
    addToEach(v, feasible, count, score, (slot) => (v.hasBit(mask, slot) ? weight : 0)),
  addDomainScores: (v, feasible, count, score, domain, sums) =>
    addToEach(v, feasible, count, score, (slot) => {
      const place = at(v.u32, domain / 4 + slot);
      return place === 0 ? 0 : Number(at(v.i64, sums / 8 + place));
    }),
  addSpreadScores: (v, feasible, count, cost, eligible, domain, sums, perNode, weight, skew) =>
    addToEach(v, feasible, count, cost, (slot) => {
      const place = at(v.u32, domain / 4 + slot);
      if (v.u8[eligible + slot] === 0 || place === 0) return 0;
      return at(v.i32, sums / 4 + (perNode === 1 ? slot : place)) * weight + skew;
    }),
  roundSpreadScores: (v, count, cost) => {
    for (let index = 0; index < count; index++)
      v.f64[cost / 8 + index] = Math.round(at(v.f64, cost / 8 + index));
  },

  normalizeDefault: (v, count, score, reverse) => {
    const scores = v.f64.subarray(score / 8, score / 8 + count);
    const most = Math.max(0, ...scores);
    const shares = scores.map((raw) => (most === 0 ? 0 : Math.floor((100 * raw) / most)));
    scores.set(reverse === 1 ? shares.map((share) => 100 - share) : shares);
  },
  normalizeRange: (v, count, score) => {
    const scores = v.f64.subarray(score / 8, score / 8 + count);
    const [least, most] = [Math.min(...scores), Math.max(...scores)];
    scores.set(scores.map((raw) => (most > least ? Math.trunc(100 * ((raw - least) / (most - least))) : 0)));
  },
  normalizeSpread: (v, feasible, count, score, eligible) => {
    const slots = v.slots(feasible, count);
    const scores = v.f64.subarray(score / 8, score / 8 + count);
    const counted = scores.filter((_, index) => v.u8[eligible + at(slots, index)] === 1);
    const [least, most] = [Math.min(...counted), Math.max(0, ...counted)];
    scores.set(
      scores.map((cost, index) => {
        if (v.u8[eligible + at(slots, index)] === 0) return 0;
        return most === 0 ? 100 : Math.floor((100 * (most + least - cost)) / most);
      }),
    );
  },

  fillTotals: (v, count, total, value) => {
    v.f64.fill(value, total / 8, total / 8 + count);
  },
  addWeighted: (v, count, total, score, weight) => {
    // In pairs: the one behind an odd last one belongs to it.
    for (let index = 0; index < count + (count % 2); index++)
      add(v.f64, total / 8 + index, weight * at(v.f64, score / 8 + index));
  },
  best: (v, count, total) => Math.max(...v.f64.subarray(total / 8, total / 8 + count)),
  countBest: (v, count, total, most) =>
    v.f64.subarray(total / 8, total / 8 + count).filter((value) => value === most).length,
  nthBest: (v, count, total, most, nth) => {
    const places = Array.from({ length: count }, (_, index) => index);
    return places.filter((index) => v.f64[total / 8 + index] === most)[nth] ?? count;
  },
};

type Numbers = Uint8Array | Int32Array | Uint32Array | Float64Array;

function at<T extends number | bigint>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`nothing at ${index}`);
  return value;
}

function add(values: Numbers, index: number, amount: number): void {
  values[index] = at(values, index) + amount;
}

function* feasibleOf(v: Views, list: number, from: number, to: number, verdict: number): Generator<number> {
  for (const slot of v.slots(list, to, from)) if (v.u8[verdict + slot] === 0) yield slot;
}

function turnDown(v: Views, slot: number, verdict: number, code: number, reason: number, why: number): void {
  v.u8[verdict + slot] = code;
  v.u32[reason / 4 + slot] = why;
}

function scoreEach(
  v: Views,
  feasible: number,
  count: number,
  score: number,
  scoreOf: (slot: number) => number,
): void {
  for (const [index, slot] of v.slots(feasible, count).entries()) v.f64[score / 8 + index] = scoreOf(slot);
}

function addToEach(
  v: Views,
  feasible: number,
  count: number,
  score: number,
  pointsOf: (slot: number) => number,
): void {
  for (const [index, slot] of v.slots(feasible, count).entries())
    add(v.f64, score / 8 + index, pointsOf(slot));
}

/** In 64-bit integers, as upstream: weighted mean over the resources that the node has. */
function mean(
  v: Views,
  slot: number,
  terms: number,
  termCount: number,
  scoreOf: (taken: bigint, all: bigint) => bigint,
): number {
  let sum = 0n;
  let weights = 0n;
  for (const { allocatable, used, request, weight } of v.terms(terms, termCount)) {
    const all = BigInt(at(v.f64, allocatable + slot));
    if (all === 0n) continue;
    const taken = BigInt(at(v.f64, used + slot)) + BigInt(request);
    sum += BigInt(weight) * scoreOf(taken, all);
    weights += BigInt(weight);
  }
  return weights === 0n ? 0 : Number(sum / weights);
}

function shapeAt(v: Views, utilization: number, points: number, count: number): number {
  const shape = Array.from({ length: count }, (_, index) => ({
    x: at(v.f64, points / 8 + 2 * index),
    y: at(v.f64, points / 8 + 2 * index + 1),
  }));
  const right = shape.findIndex(({ x }) => utilization <= x);
  if (right < 0)
    return at(
      shape.map(({ y }) => y),
      count - 1,
    );
  const b = shape[right] as { x: number; y: number };
  const a = shape[right - 1];
  return a === undefined ? b.y : a.y + Math.trunc(((b.y - a.y) * (utilization - a.x)) / (b.x - a.x));
}

/** (1 - standard deviation of the shares) x 100, truncated. */
function evenness(v: Views, slot: number, terms: number, termCount: number, times: number): number {
  const shares = v
    .terms(terms, termCount)
    .filter(({ allocatable }) => v.f64[allocatable + slot] !== 0)
    .map(({ allocatable, used, request }) =>
      Math.min(1, (at(v.f64, used + slot) + times * request) / at(v.f64, allocatable + slot)),
    );
  if (shares.length < 2) return 100;
  if (shares.length === 2) return Math.trunc((1 - Math.abs((at(shares, 0) - at(shares, 1)) / 2)) * 100);
  const average = shares.reduce((a, b) => a + b, 0) / shares.length;
  const variance = shares.reduce((sum, share) => sum + (share - average) ** 2, 0) / shares.length;
  return Math.trunc((1 - Math.sqrt(variance)) * 100);
}
