import assert from "node:assert/strict";
import { test } from "node:test";
import { metricRecord } from "../measure/summary.js";
import type { CaseRecord } from "../measure/run-record.js";
import { judgeRun, judgeThresholds } from "./judge.js";
import type { Threshold } from "./scenario-types.js";

function caseRecord(mode: string, rules: number): CaseRecord {
  const metrics = [metricRecord("first.rules_evaluated", [{ block: 0, value: rules }])];
  return {
    id: `mode=${mode}`,
    labels: { mode },
    status: "ok",
    reason: null,
    workload: { requested: {}, applied: {} },
    metrics,
  };
}

const LIMIT: Threshold = {
  metric: "first.rules_evaluated",
  where: { mode: "ipvs" },
  must: "<= 30",
  operator: "<=",
  limit: 30,
  because: "it is hashed",
};
const CASES = [caseRecord("ipvs", 30), caseRecord("iptables", 5003)];

test("judgeThresholds holds only the cases a threshold names, the limit included", () => {
  assert.deepEqual(
    judgeThresholds([LIMIT], CASES).map(({ ok, got }) => [ok, got]),
    [[true, 30]],
  );
  assert.deepEqual(
    judgeThresholds([{ ...LIMIT, where: {} }], CASES).map(({ ok }) => ok),
    [true, false],
  );
});

test("judgeThresholds gives null for a metric that no case has, and judgeRun fails the run for it", () => {
  const thresholds = judgeThresholds([{ ...LIMIT, metric: "first.core_ns" }], CASES);
  assert.deepEqual(
    thresholds.map(({ ok, got }) => [ok, got]),
    [[null, null]],
  );
  const verdict = judgeRun({ cases: CASES, thresholds, warnings: [], answer: "a", reproduce: "plumb run x" });
  assert.equal(verdict.status, "fail");
  assert.match(verdict.reasons[0] ?? "", /first\.core_ns mode=ipvs must be <= 30, but no case measured it/);
});

test("judgeRun passes, warns, fails or calls nothing measured inconclusive", () => {
  const input = { cases: CASES, thresholds: [], warnings: [], answer: "a", reproduce: "r" };
  const failed: CaseRecord = { ...caseRecord("ipvs", 1), status: "failed", reason: "lost", metrics: [] };
  assert.equal(judgeRun(input).status, "pass");
  assert.equal(judgeRun({ ...input, warnings: [{ code: "X", message: "m", hint: "h" }] }).status, "warn");
  assert.equal(judgeRun({ ...input, cases: [failed] }).status, "fail");
  assert.equal(judgeRun({ ...input, cases: [] }).status, "inconclusive");
});
