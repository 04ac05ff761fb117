import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../client/object-types.js";
import {
  countByAverage,
  countByShare,
  countByUtilization,
  type CountInput,
  TOLERANCES,
} from "./replica-count.js";
import { type Behavior, limitReplicas, ScalingHistory } from "./scaling-limits.js";

const NOW_MS = Date.UTC(2026, 0, 1, 1);

/** u: measured; m: no metric; p: pending; t: terminating. All request 1000m. */
function input(letters: string, values: readonly number[], currentReplicas = letters.length): CountInput {
  const pods = [...letters].map((letter, index) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `p${index}`, ...(letter === "t" ? { deletionTimestamp: "x" } : {}) },
    spec: { containers: [{ name: "main", resources: { requests: { cpu: "1" } } }] },
    status: {
      phase: letter === "p" ? "Pending" : "Running",
      startTime: "2026-01-01T00:00:00Z",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:10Z" }],
    },
  })) as unknown as Pod[];
  const metrics = new Map(
    values.flatMap((value, index) =>
      value < 0 ? [] : [[`p${index}`, { value, timestampMs: NOW_MS, windowMs: 60_000 }] as const],
    ),
  );
  return { currentReplicas, pods, metrics, tolerances: TOLERANCES, isCpu: true, nowMs: NOW_MS };
}

const COUNTS: readonly [what: string, CountInput, target: number, replicas: number, utilization: number][] = [
  ["scales up by the ratio", input("uuu", [300, 500, 700]), 30, 5, 50],
  // 55 / 50 = 1.1: within tolerance.
  ["leaves a tenth be", input("uuuu", [550, 550, 550, 550]), 50, 4, 55],
  ["scales down by the ratio", input("uuuuu", [100, 300, 500, 250, 250]), 50, 3, 28],
  // Of 90 over 30 three times as many, but as if the unmeasured one were idle: 60 / 30 = 2 over 3 Pods.
  ["takes missing ones as idle on the way up", input("uum", [900, 900, -1]), 30, 6, 90],
  // 10 and 10 of 50, the missing one as 100: 40 / 50 = 0.8 of 3 = 2.4.
  ["takes missing ones as used up on the way down", input("uum", [100, 100, -1]), 50, 3, 10],
  ["takes pending ones as idle on the way up", input("uup", [900, 900, -1]), 30, 6, 90],
  ["does not count pending ones on the way down", input("uup", [100, 100, -1]), 50, 1, 10],
  ["does not count those that terminate", input("uut", [600, 600, 600]), 30, 4, 60],
];

for (const [what, from, target, replicas, utilization] of COUNTS) {
  test(`countByUtilization ${what}`, () => {
    const count = countByUtilization(from, target, "cpu", null);
    assert.deepEqual([count.replicas, count.utilization], [replicas, utilization]);
  });
}

test("countByUtilization says why it cannot tell", () => {
  assert.throws(() => countByUtilization(input("", []), 50, "cpu", null), /no pods returned/);
  assert.throws(() => countByUtilization(input("m", [-1]), 50, "cpu", null), /did not receive metrics/);
  assert.throws(() => countByUtilization(input("u", [1]), 50, "memory", null), /missing request for memory/);
});

test("countByAverage and countByShare", () => {
  assert.equal(countByAverage(input("uuu", [20_000, 10_000, 30_000]), 15_000).replicas, 4);
  assert.equal(countByShare(4, TOLERANCES, 8600, 2000), 4);
  assert.equal(countByShare(4, TOLERANCES, 11_600, 2000), 6);
});

function limit(history: ScalingHistory, current: number, desired: number, more: object = {}) {
  const all = { current, desired, min: 1, max: 100, behavior: null, nowMs: 0, ...more };
  const { replicas, able, limited } = limitReplicas(history, all);
  return [replicas, able.reason, limited.reason];
}

test("limitReplicas without behavior doubles at most, and goes down after five minutes", () => {
  const history = new ScalingHistory();
  assert.deepEqual(limit(history, 10, 50), [20, "ReadyForNewScale", "ScaleUpLimit"]);
  assert.deepEqual(limit(new ScalingHistory(), 10, 15, { max: 12 }), [
    12,
    "ReadyForNewScale",
    "TooManyReplicas",
  ]);
  assert.deepEqual(limit(new ScalingHistory(), 10, 0), [1, "ReadyForNewScale", "TooFewReplicas"]);
  const down = new ScalingHistory();
  down.recommend(8, 0);
  assert.deepEqual(limit(down, 8, 2, { nowMs: 299_000 }), [8, "ScaleDownStabilized", "DesiredWithinRange"]);
  assert.deepEqual(limit(down, 8, 2, { nowMs: 301_000 }), [2, "ReadyForNewScale", "DesiredWithinRange"]);
});

test("limitReplicas with behavior keeps to its policies", () => {
  const behavior: Behavior = {
    scaleUp: {
      policies: [
        { type: "Pods", value: 2, periodSeconds: 60 },
        { type: "Percent", value: 50, periodSeconds: 60 },
      ],
      selectPolicy: "Min",
    },
    scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 3, periodSeconds: 60 }] },
  };
  const history = new ScalingHistory();
  assert.deepEqual(limit(history, 10, 30, { behavior }), [12, "ReadyForNewScale", "ScaleUpLimit"]);
  history.scaled(10, 12, 0);
  assert.deepEqual(limit(history, 12, 30, { behavior, nowMs: 30_000 }), [
    12,
    "ReadyForNewScale",
    "ScaleUpLimit",
  ]);
  assert.deepEqual(limit(history, 12, 30, { behavior, nowMs: 61_000 }), [
    14,
    "ReadyForNewScale",
    "ScaleUpLimit",
  ]);
  assert.deepEqual(limit(new ScalingHistory(), 10, 1, { behavior }), [
    7,
    "ReadyForNewScale",
    "ScaleDownLimit",
  ]);
  const never = { scaleDown: { ...behavior.scaleDown, selectPolicy: "Disabled" } };
  assert.deepEqual(limit(new ScalingHistory(), 10, 1, { behavior: never }), [
    10,
    "ReadyForNewScale",
    "ScaleDownLimit",
  ]);
});

test("limitReplicas goes up only by what was recommended throughout the window", () => {
  const behavior: Behavior = { scaleUp: { stabilizationWindowSeconds: 60 } };
  const history = new ScalingHistory();
  history.recommend(4, 0);
  assert.deepEqual(limit(history, 3, 7, { behavior, nowMs: 30_000 }), [
    4,
    "ScaleUpStabilized",
    "DesiredWithinRange",
  ]);
});
