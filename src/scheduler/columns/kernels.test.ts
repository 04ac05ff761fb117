// Every kernel against its twin: random columns, both run, all bytes and the answer compared.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemory } from "../../base/web-assembly.js";
import { Prng } from "../../base/prng.js";
import { instantiateKernels, type Kernels } from "./kernels.js";
import { TWINS, Views } from "./kernel-twins.test-data.js";

const SEED = 20_261_125;
const ROUNDS = 60;
const PAGES = 1;
const LABEL_VALUES = 6;
const TAINT_LISTS = 5;

const wasmMemory = createMemory({ pages: PAGES, pagesMax: 65_536 });
const kernels = instantiateKernels(wasmMemory);

/** Columns of one round, drawn anew; a few nodes, so that all sizes of tails occur. */
class Arena {
  readonly views = new Views(wasmMemory.buffer);
  readonly prng: Prng;
  readonly slots: number;
  #end = 64;

  constructor(prng: Prng) {
    this.prng = prng;
    this.slots = 8 * (1 + prng.below(5));
    this.views.u8.fill(0);
  }

  /** A number from a list. */
  pick = (...values: readonly number[]): number => this.prng.pick(values);

  u8s = (count: number, draw: () => number) => this.#fill(this.views.u8, 1, count, draw);
  u32s = (count: number, draw: () => number) => this.#fill(this.views.u32, 4, count, draw);
  i32s = (count: number, draw: () => number) => this.#fill(this.views.i32, 4, count, draw);
  f64s = (count: number, draw: () => number) => this.#fill(this.views.f64, 8, count, draw);
  i64s(count: number, draw: () => number): number {
    const address = this.#take(count * 8);
    for (let index = 0; index < count; index++) this.views.i64[address / 8 + index] = BigInt(draw());
    return address;
  }

  /** Distinct slots in any order: a list of nodes, or feasible ones. */
  list(): [address: number, count: number] {
    const all = this.prng.shuffled(Array.from({ length: this.slots }, (_, slot) => slot));
    const count = 1 + this.prng.below(all.length);
    return [this.u32s(count, () => all.shift() as number), count];
  }

  range(): [list: number, from: number, to: number] {
    const all = this.prng.shuffled(Array.from({ length: this.slots }, (_, slot) => slot));
    const from = this.prng.below(all.length);
    const to = from + this.prng.below(all.length - from + 1);
    return [this.u32s(all.length, () => all.shift() as number), from, to];
  }

  /** What begins most filters: candidates, verdicts of earlier ones, and a code. */
  filter(): [list: number, from: number, to: number, verdict: number, code: number] {
    return [...this.range(), this.u8s(this.slots, () => this.pick(0, 0, 3)), 1 + this.prng.below(250)];
  }

  scores(draw: () => number = () => 0): [feasible: number, count: number, score: number] {
    const [feasible, count] = this.list();
    return [feasible, count, this.f64s(count + 1, draw)];
  }

  reason = () => this.u32s(this.slots, () => 0);
  domain = () => this.u32s(this.slots, () => this.prng.below(LABEL_VALUES));
  counts = () => this.i32s(this.slots, () => this.pick(0, 0, 1, 2, 700));
  flags = (count = this.slots) => this.u8s(count, () => this.pick(0, 1));
  mask = () => this.u8s(this.slots / 8, () => this.prng.below(256));
  ids = () => this.u32s(this.slots, () => this.prng.below(TAINT_LISTS));

  /** `most`: how large amounts can be; `none`: whether nodes may lack the resource. */
  terms(count: number, { most, none }: { most: number; none: boolean }): [address: number, count: number] {
    const { prng, slots } = this;
    const table = this.#take(count * 32);
    for (let index = 0; index < count; index++) {
      const term = table + index * 32;
      const all = this.f64s(slots, () => (none && prng.below(5) === 0 ? 0 : 1 + prng.below(most)));
      const columns = this.views.f64;
      let slot = 0;
      const used = this.f64s(slots, () => prng.below((columns[all / 8 + slot++] as number) * 1.2 + 1));
      this.views.u32[term / 4] = all;
      this.views.u32[term / 4 + 1] = used;
      columns[term / 8 + 1] = prng.below(most / 4);
      columns[term / 8 + 2] = 1 + prng.below(4);
    }
    return [table, count];
  }

  #fill(
    values: Uint8Array | Uint32Array | Int32Array | Float64Array,
    size: number,
    count: number,
    draw: () => number,
  ) {
    const address = this.#take(count * size);
    for (let index = 0; index < count; index++) values[address / size + index] = draw();
    return address;
  }

  #take(bytes: number): number {
    const address = this.#end;
    this.#end += Math.ceil((bytes + 16) / 16) * 16;
    assert.ok(this.#end <= PAGES * 65_536, "the arena is full");
    return address;
  }
}

/** What Pods ask for and nodes have, mostly; amounts that 100 x must not overflow; small ones, for exact fits. */
const amounts = ({ pick }: Arena) => ({ most: pick(8, 64_000, 2 ** 38, 2 ** 52), none: true });
/** As the host promises for pairs. */
const plainAmounts = ({ pick }: Arena) => ({ most: pick(8, 64_000, 2 ** 45 - 1), none: false });

const DRAWS: { readonly [Name in keyof Kernels]: (arena: Arena) => Parameters<Kernels[Name]> } = {
  begin: (a) => [...a.range(), a.flags()],
  collect: (a) => {
    const found = a.prng.below(3);
    const counts = a.u32s(2, () => found);
    return [...a.range(), a.flags(), a.u32s(a.slots + 3, () => 9), counts, found + 1 + a.prng.below(20)];
  },
  tallyVerdicts: (a) => [
    ...a.range(),
    a.u8s(a.slots, () => a.prng.below(256)),
    a.u32s(256, () => a.prng.below(9)),
  ],

  filterFlagged: (a) => [...a.filter(), a.flags()],
  filterTabled: (a) => [...a.filter(), a.reason(), a.ids(), a.u8s(TAINT_LISTS, () => a.pick(0, 0, 2, 255))],
  filterMasked: (a) => [...a.filter(), a.reason(), 7, a.mask()],
  filterCounted: (a) => [...a.filter(), a.counts()],
  filterFitPair: (a) => {
    const [terms] = a.terms(2, amounts(a));
    return [
      ...a.filter(),
      a.reason(),
      a.u32s(a.slots, () => a.prng.below(12)),
      a.u32s(a.slots, () => 10),
      terms as number,
    ];
  },
  filterFit: (a) => {
    const pods = a.u32s(a.slots, () => a.prng.below(12));
    return [
      ...a.filter(),
      a.reason(),
      pods,
      a.u32s(a.slots, () => 10),
      ...a.terms(a.pick(0, 2, 5), amounts(a)),
    ];
  },
  filterPresent: (a) => [
    ...a.filter(),
    a.reason(),
    4,
    a.domain(),
    a.i64s(LABEL_VALUES, () => a.pick(0, 1, -1)),
  ],
  filterAbsent: (a) => [
    ...a.filter(),
    a.reason(),
    4,
    a.domain(),
    a.i64s(LABEL_VALUES, () => a.pick(0, 1, -1)),
  ],
  filterUnlabelled: (a) => [...a.filter(), a.reason(), 5, a.domain()],
  filterSpread: (a) => {
    const sums = a.i32s(LABEL_VALUES, () => a.prng.below(6));
    return [...a.filter(), a.reason(), a.domain(), sums, a.pick(-1, 0, 2, 5)];
  },

  zero: (a) => [a.u8s(40, () => 7), a.prng.below(40)],
  addDomains: (a) => [
    ...a.list(),
    a.domain(),
    a.counts(),
    a.flags(),
    a.i32s(LABEL_VALUES, () => a.prng.below(5)),
    a.flags(LABEL_VALUES),
  ],
  addWeightedDomains: (a) => {
    const counts = a.i32s(a.slots, () => a.pick(0, 3, -100, 5000));
    return [
      ...a.list(),
      a.domain(),
      counts,
      a.pick(1, -100, 100),
      a.i64s(LABEL_VALUES, () => a.prng.below(5)),
    ];
  },
  anyDomain: (a) => [a.i64s(LABEL_VALUES, () => a.pick(0, 0, 0, 0, 2 ** 40)), 1 + a.prng.below(LABEL_VALUES)],
  minimumDomain: (a) => [a.i32s(LABEL_VALUES, () => a.prng.below(9)), a.flags(LABEL_VALUES), LABEL_VALUES],
  countDomains: (a) => [...a.list(), a.domain(), a.flags(), a.flags(LABEL_VALUES)],
  countEligible: (a) => [...a.list(), a.flags()],
  fillEligible: (a) => [...a.list(), a.flags()],
  keepMasked: (a) => [...a.list(), a.flags(), a.mask()],
  keepTabled: (a) => [...a.list(), a.flags(), a.ids(), a.flags(TAINT_LISTS)],
  keepLabelled: (a) => [...a.list(), a.flags(), a.domain()],

  fillMask: (a) => [a.mask(), a.slots / 8, a.pick(0, 0xff)],
  intersectValues: (a) => [a.mask(), a.slots, a.domain(), a.flags(LABEL_VALUES)],
  uniteMask: (a) => [a.mask(), a.mask(), a.slots / 8],

  addRequests: (a) => [a.prng.below(a.slots), ...a.terms(a.pick(0, 1, 3), amounts(a)), a.pick(1, -1)],

  scoreLeastAllocated: (a) => [...a.scores(), ...a.terms(a.pick(0, 1, 2, 3), amounts(a))],
  scoreLeastAllocatedPairs: (a) => [...a.scores(), a.terms(2, plainAmounts(a))[0]],
  scoreMostAllocated: (a) => [...a.scores(), ...a.terms(a.pick(0, 1, 2, 3), amounts(a))],
  scoreRatio: (a) => {
    const points = a.f64s(6, () => 0);
    const shape = a.prng.pick([
      [0, 0, 100, 100],
      [0, 100, 40, 20, 100, 70],
      [30, 10, 70, 90],
    ]);
    a.views.f64.set(shape, points / 8);
    return [
      ...a.scores(),
      ...a.terms(a.pick(1, 2, 3), { most: 64_000, none: true }),
      points,
      shape.length / 2,
    ];
  },
  scoreBalanced: (a) => [...a.scores(), ...a.terms(a.pick(1, 2, 3), amounts(a)), a.pick(0, 1)],
  scoreBalancedPairs: (a) => [...a.scores(), a.terms(2, plainAmounts(a))[0], a.pick(0, 1)],
  scoreTabled: (a) => [...a.scores(), a.ids(), a.u32s(TAINT_LISTS, () => a.prng.below(9))],
  scoreImages: (a) => {
    const sizes = [0, 1, 2].map(() => a.f64s(a.slots, () => a.pick(0, a.prng.below(2 ** 31))));
    return [...a.scores(), a.u32s(3, () => sizes.pop() as number), a.prng.below(4), 23, a.pick(1000, 3000)];
  },
  addMaskScores: (a) => [...a.scores(() => a.prng.below(100)), a.mask(), a.pick(1, 100)],
  addDomainScores: (a) => [
    ...a.scores(() => a.prng.below(100)),
    a.domain(),
    a.i64s(LABEL_VALUES, () => a.pick(-300, 0, 2 ** 40)),
  ],
  addSpreadScores: (a) => {
    const sums = a.i32s(Math.max(a.slots, LABEL_VALUES), () => a.prng.below(9));
    return [
      ...a.scores(),
      a.flags(),
      a.domain(),
      sums,
      a.pick(0, 1),
      Math.log(a.pick(3, 5, 7)),
      a.pick(0, 4),
    ];
  },
  roundSpreadScores: (a) => a.scores(() => a.prng.below(40) / 4).slice(1) as [number, number],

  normalizeDefault: (a) => [...countAndScores(a, 0, 0, 1, 300), a.pick(0, 1)],
  normalizeRange: (a) => countAndScores(a, -200, 0, 3, 29, 100),
  normalizeSpread: (a) => [...a.scores(() => a.pick(0, 1, 7, 1000)), a.flags()],

  fillTotals: (a) => [...countAndScores(a, 5), a.pick(0, 1)],
  addWeighted: (a) => [
    ...countAndScores(a, 0, 50),
    a.f64s(a.slots + 1, () => a.prng.below(101)),
    a.pick(1, 3),
  ],
  best: (a) => countAndScores(a, -7, 3, 900),
  countBest: (a) => [...countAndScores(a, 3, 900), 900],
  nthBest: (a) => [...countAndScores(a, 3, 900), 900, a.prng.below(6)],
};

function countAndScores(a: Arena, ...values: readonly number[]): [count: number, score: number] {
  const [, count, score] = a.scores(() => a.prng.pick(values));
  return [count, score];
}

test("the core exports exactly the kernels that have a twin", () => {
  const exported = Object.entries(kernels).filter(([, value]) => typeof value === "function");
  assert.deepEqual(exported.map(([name]) => name).sort(), Object.keys(TWINS).sort());
});

for (const name of Object.keys(TWINS) as (keyof Kernels)[]) {
  test(`${name} does what its twin does, on random columns`, () => {
    for (let round = 0; round < ROUNDS; round++) {
      const arena = new Arena(new Prng(SEED).fork(`${name} ${round}`));
      const args = DRAWS[name](arena) as number[];
      const copy = new Views(arena.views.u8.slice().buffer);
      const call = `seed ${SEED}, round ${round}: ${name}(${args.join(", ")})`;
      const expected = (TWINS[name] as (views: Views, ...args: number[]) => unknown)(copy, ...args);
      const answer = (kernels[name] as (...args: number[]) => unknown)(...args);
      assert.equal(answer, expected, call);
      if (Buffer.compare(bytesOf(arena.views), bytesOf(copy)) !== 0)
        assert.fail(`${call}: ${firstDifference(arena.views, copy)}`);
    }
  });
}

function bytesOf({ u8 }: Views): Buffer {
  return Buffer.from(u8.buffer);
}

function firstDifference(views: Views, twins: Views): string {
  const at = views.u8.findIndex((byte, index) => byte !== twins.u8[index]);
  const [u32, f64] = [at >> 2, at >> 3];
  return (
    `at ${at} stands u32 ${views.u32[u32]}, f64 ${views.f64[f64]}; ` +
    `the twin has ${twins.u32[u32]}, ${twins.f64[f64]}`
  );
}
