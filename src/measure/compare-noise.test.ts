// The comparison against noise recorded on a real machine (bench/noise): identical things must look alike, and a tenth
// must be seen. The recording was made while others used the machine: it drifts, and its samples differ by 4%.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Prng } from "../base/prng.js";
import { sourcePath } from "../base/source-path.js";
import { compareCases, compareRuns } from "./compare.js";
import { regressionsOf } from "./comparison.js";
import { exampleCase, exampleRun } from "./example-run.test-data.js";

const SAMPLES = 10;
const TRIALS = 100;

const recorded = JSON.parse(
  readFileSync(sourcePath(import.meta.url, "./testdata/process-noise.json"), "utf8"),
) as {
  readonly valuesNs: readonly number[];
};

interface Trial {
  /** What the candidate is slower by. */
  readonly slowdown: number;
  /** Whether the sides are cases of one run, sampled block by block, and not two runs. */
  readonly interleaved: boolean;
  /** How much slower the machine gets from the first block to the last. */
  readonly drift: number;
}

/** In how many of 100 comparisons a difference is called, and in how many the gate fails. */
function calls({ slowdown, interleaved, drift }: Trial): { called: number; failed: number } {
  let called = 0;
  let failed = 0;
  for (let seed = 1; seed <= TRIALS; seed++) {
    const prng = new Prng(seed);
    const sample = (mode: string, factor: number) => {
      const draw = (block: number) => prng.pick(recorded.valuesNs) * factor * (1 + (drift * block) / SAMPLES);
      return exampleCase(
        { mode },
        { "first.core_ns": Array.from({ length: SAMPLES }, (_, block) => draw(block)) },
      );
    };
    const comparison = interleaved
      ? compareCases(exampleRun("run", [sample("a", 1), sample("b", 1 + slowdown)]), { label: "mode" })
      : compareRuns([
          exampleRun("before", [sample("a", 1)]),
          exampleRun("after", [sample("a", 1 + slowdown)]),
        ]);
    if (comparison.counts.improved + comparison.counts.regressed > 0) called++;
    if (regressionsOf(comparison, "likely").length > 0) failed++;
  }
  return { called, failed };
}

const SETTINGS = [
  { how: "of two runs", interleaved: false, drift: 0 },
  { how: "of cases of one run", interleaved: true, drift: 0 },
  { how: "of cases of one run while the machine slows down by 30%", interleaved: true, drift: 0.3 },
];

for (const { how, interleaved, drift } of SETTINGS) {
  test(`fewer than 5 of 100 A/A comparisons ${how} call a difference`, () => {
    const { called } = calls({ slowdown: 0, interleaved, drift });
    assert.ok(called < 5, `${called} of ${TRIALS}`);
  });

  test(`at least 95 of 100 comparisons ${how}, of 10 samples, find a slowdown of 10%`, () => {
    const { failed } = calls({ slowdown: 0.1, interleaved, drift });
    assert.ok(failed >= 95, `${failed} of ${TRIALS}`);
  });
}
