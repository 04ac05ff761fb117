import assert from "node:assert/strict";
import { test } from "node:test";
import { parseScenarioText } from "./presets.js";
import { isTestCaseList, workloadScenario } from "./workload-scenario.js";

function idsOf(name: string, labels = ""): readonly string[] {
  const text = workloadScenario(name, labels);
  assert.ok(text !== null, name);
  return parseScenarioText(text).cases.map(({ id }) => id);
}

test("workloadScenario takes a workload, a case or a pattern, and labels as upstream's filter", () => {
  assert.deepEqual(idsOf("scheduler_perf:SchedulingBasic/500Nodes"), [
    "workload=SchedulingBasic/500Nodes nodes=500",
  ]);
  assert.deepEqual(idsOf("scheduler_perf:SchedulingBasic", "short"), [
    "workload=SchedulingBasic/5Nodes nodes=5",
  ]);
  assert.ok(idsOf("scheduler_perf:*Spreading*", "performance,-short").length >= 3);
  const file = "bench/scheduler_perf/misc/performance-config.yaml";
  assert.deepEqual(idsOf(`${file}:SchedulingBasic/5Nodes`), ["workload=SchedulingBasic/5Nodes nodes=5"]);
  assert.ok(idsOf(file).length > 30);
});

test("workloadScenario leaves scenarios alone, and says what is there when a name is not", () => {
  assert.equal(workloadScenario("bench/scenarios/quick.yaml", ""), null);
  assert.equal(workloadScenario("nowhere.yaml:Case", ""), null);
  assert.throws(
    () => workloadScenario("scheduler_perf:SchedulingBasix", ""),
    /did you mean "SchedulingBasic"/,
  );
  assert.throws(() => workloadScenario("scheduler_perf:SchedulingBasic", "nolabel"), /has labels 'nolabel'/);
});

test("isTestCaseList tells a list behind comments from a map", () => {
  assert.equal(isTestCaseList("# a\n\n---\n- name: x\n"), true);
  assert.equal(isTestCaseList("apiVersion: v1\nitems:\n- a\n"), false);
});
