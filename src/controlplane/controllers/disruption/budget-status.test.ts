import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodDisruptionBudget } from "../../client/cluster-resources.js";
import type { Pod } from "../../client/object-types.js";
import { budgetDecision, failedStatus, isSameBudgetStatus } from "./budget-status.js";

const NOW_MS = Date.UTC(2026, 0, 1);

function budget(spec: object, status: object = {}): PodDisruptionBudget {
  const metadata = { name: "web", namespace: "default", generation: 3 };
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata,
    spec,
    status,
  } as unknown as PodDisruptionBudget;
}

function pods(text: string): Pod[] {
  return [...text].map((letter, index) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `web-${index}`, ...(letter === "t" ? { deletionTimestamp: "x" } : {}) },
    status: { conditions: [{ type: "Ready", status: letter === "." ? "False" : "True" }] },
  })) as unknown as Pod[];
}

// r: ready, .: not ready, t: terminating.
const ROWS: readonly [
  spec: object,
  pods: string,
  scale: number | null,
  [allowed: number, healthy: number, desired: number, expected: number],
][] = [
  [{ minAvailable: 2 }, "rrr", null, [1, 3, 2, 3]],
  [{ minAvailable: 2 }, "rr.", null, [0, 2, 2, 3]],
  [{ minAvailable: 2 }, "rrt", null, [0, 2, 2, 3]],
  [{ minAvailable: "50%" }, "rrr", 5, [0, 3, 3, 5]],
  [{ minAvailable: "30%" }, "rrrr", 4, [2, 4, 2, 4]],
  [{ maxUnavailable: 1 }, "rrrr", 5, [0, 4, 4, 5]],
  [{ maxUnavailable: 1 }, "rrrrr", 5, [1, 5, 4, 5]],
  [{ maxUnavailable: "25%" }, "rrrrr", 5, [2, 5, 3, 5]],
  [{ maxUnavailable: 9 }, "rr", 2, [2, 2, 0, 2]],
  [{ minAvailable: 0 }, "", null, [0, 0, 0, 0]],
];

for (const [spec, text, scale, expected] of ROWS) {
  test(`budgetDecision of ${JSON.stringify(spec)} over '${text}' with scale ${scale}`, () => {
    const { status } = budgetDecision({ budget: budget(spec), pods: pods(text), scale, nowMs: NOW_MS });
    const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = status;
    assert.deepEqual([disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods], expected);
    assert.equal(
      status.conditions[0]?.reason,
      disruptionsAllowed > 0 ? "SufficientPods" : "InsufficientPods",
    );
    assert.equal(isSameBudgetStatus(budget(spec, status), status), true);
  });
}

test("budgetDecision waits two minutes for evictions that were allowed", () => {
  const disruptedPods = {
    "web-0": "2025-12-31T23:59:00Z",
    "web-1": "2025-12-31T23:57:00Z",
    gone: "2025-12-31T23:59:59Z",
  };
  const one = budget({ minAvailable: 1 }, { disruptedPods });
  const { status, recheckMs, notDeleted } = budgetDecision({
    budget: one,
    pods: pods("rrr"),
    scale: null,
    nowMs: NOW_MS,
  });
  assert.deepEqual(status.disruptedPods, { "web-0": "2025-12-31T23:59:00Z" });
  assert.equal(status.currentHealthy, 2);
  assert.equal(recheckMs, 60_000);
  assert.deepEqual(
    notDeleted.map(({ metadata }) => metadata.name),
    ["web-1"],
  );
});

test("failedStatus allows nothing", () => {
  const status = failedStatus(budget({}, { disruptionsAllowed: 2, currentHealthy: 3 }), "why", NOW_MS);
  assert.deepEqual(
    [status.disruptionsAllowed, status.currentHealthy, status.conditions[0]?.reason],
    [0, 3, "SyncFailed"],
  );
});
