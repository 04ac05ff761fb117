import assert from "node:assert/strict";
import { test } from "node:test";
import type { CaseRecord, Summary } from "../measure/run-record.js";
import { bestCases } from "./best.js";
import { sampleRecord } from "./sample-record.test-data.js";

const [template] = sampleRecord({ modes: ["ipvs"], sizes: [100], workers: [] }).cases as [CaseRecord];
/** Cases with given summaries of one metric. */
function cases(name: string, summaries: readonly Partial<Summary>[]): CaseRecord[] {
  return summaries.map((summary, index) => ({
    ...template,
    id: `case ${index}`,
    metrics: template.metrics.map((metric) =>
      metric.name === name ? { ...metric, summary: { ...metric.summary, ...summary } } : metric,
    ),
  }));
}
const idsOf = (found: ReadonlySet<CaseRecord>) => [...found].map((one) => one.id);

test("bestCases marks the best exact value, and all that equal it", () => {
  const name = "first.rules_evaluated";
  assert.deepEqual(idsOf(bestCases(cases(name, [{ median: 9 }, { median: 12 }, { median: 9 }]), name)), [
    "case 0",
    "case 2",
  ]);
});

test("bestCases shares the mark with timings whose interval overlaps the best one's", () => {
  const name = "first.core_ns";
  const rows = cases(name, [
    { median: 100, ci95: [95, 105] },
    { median: 104, ci95: [101, 107] },
    { median: 150, ci95: [140, 160] },
  ]);
  assert.deepEqual(idsOf(bestCases(rows, name)), ["case 0", "case 1"]);
});

test("bestCases marks nothing when all are alike, one stands alone, or a timing has no interval", () => {
  const name = "first.core_ns";
  assert.equal(
    bestCases(
      cases(name, [
        { median: 1, ci95: [0, 9] },
        { median: 2, ci95: [1, 3] },
      ]),
      name,
    ).size,
    0,
  );
  assert.equal(bestCases(cases(name, [{ median: 1, ci95: [0, 2] }]), name).size, 0);
  assert.equal(
    bestCases(
      cases(name, [
        { median: 1, ci95: null },
        { median: 99, ci95: null },
      ]),
      name,
    ).size,
    0,
  );
});

test("bestCases shares the mark with modelled times within the model's error of the best", () => {
  const name = "first.kernel_ns";
  const rows = cases(name, [{ median: 4430 }, { median: 4520 }, { median: 8000 }]);
  assert.deepEqual(idsOf(bestCases(rows, name)), ["case 0", "case 1"]);
});
