import assert from "node:assert/strict";
import test from "node:test";
import { type ConditionInput, podConditions } from "./conditions.js";
import { sampleContainer, status } from "./sample-pods.test-data.js";

const BASE: ConditionInput = {
  spec: { containers: [sampleContainer("web")] },
  phase: "Running",
  statuses: [status("web", "running")],
  hasSandbox: true,
  current: [],
  now: "2026-01-01T00:00:10Z",
};

function verdicts(input: Partial<ConditionInput>): Record<string, string> {
  const conditions = podConditions({ ...BASE, ...input });
  return Object.fromEntries(
    conditions.map(({ type, status, reason, message }) => [
      type,
      [status, reason, message].filter(Boolean).join(" | "),
    ]),
  );
}

test("podConditions are all true when everything runs", () => {
  assert.deepEqual(verdicts({}), {
    PodReadyToStartContainers: "True",
    Initialized: "True",
    Ready: "True",
    ContainersReady: "True",
    PodScheduled: "True",
  });
});

test("podConditions name containers that are not ready, not known, not initialized", () => {
  const spec = {
    containers: [sampleContainer("web"), sampleContainer("log")],
    initContainers: [sampleContainer("init")],
  };
  const statuses = [status("init", "running"), status("web", "waiting")];
  const found = verdicts({ spec, statuses, phase: "Pending", hasSandbox: false });
  const message = "containers with unknown status: [log], containers with unready status: [web]";
  assert.equal(found["ContainersReady"], `False | ContainersNotReady | ${message}`);
  assert.equal(found["Ready"], `False | ContainersNotReady | ${message}`);
  assert.equal(found["PodReadyToStartContainers"], "False");
});

test("podConditions say PodCompleted and PodFailed at the end", () => {
  const done = verdicts({ phase: "Succeeded", statuses: [status("web", "exit 0")] });
  assert.equal(done["Ready"], "False | PodCompleted");
  assert.equal(done["Initialized"], "True | PodCompleted");
  assert.equal(
    verdicts({ phase: "Failed", statuses: [status("web", "exit 1")] })["Ready"],
    "False | PodFailed",
  );
});

test("podConditions wait for readiness gates that others set", () => {
  const spec = { ...BASE.spec, readinessGates: [{ conditionType: "example.com/in-pool" }] };
  assert.match(verdicts({ spec })["Ready"] ?? "", /ReadinessGatesNotReady .*does not exist/);
  const current = [{ type: "example.com/in-pool", status: "True" }];
  assert.equal(verdicts({ spec, current })["Ready"], "True");
  assert.equal(verdicts({ spec, current })["example.com/in-pool"], "True");
});

test("podConditions keep the time of transition while the status stays the same", () => {
  const before = "2026-01-01T00:00:01Z";
  const current = [
    { type: "Ready", status: "True", lastTransitionTime: before },
    { type: "ContainersReady", status: "False", lastTransitionTime: before },
  ];
  const conditions = podConditions({ ...BASE, current });
  const timeOf = (type: string) => conditions.find((each) => each.type === type)?.lastTransitionTime;
  assert.equal(timeOf("Ready"), before);
  assert.equal(timeOf("ContainersReady"), BASE.now);
});
