import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../base/source-path.js";
import { recordedScenario, scenarioOfRecord } from "./recorded-scenario.js";
import { parseScenario } from "./scenario.js";

function scenarioOf(file: string, text: string) {
  return parseScenario({ file, text }, { resolvePreset: () => null });
}

function preset(name: string) {
  const file = join(packageRoot, "bench/scenarios", `${name}.yaml`);
  return scenarioOf(file, readFileSync(file, "utf8"));
}

test("files that come with the program are recorded without its place, and found again", () => {
  for (const name of ["sched-floors", "quick"]) {
    const scenario = preset(name);
    const text = JSON.stringify(recordedScenario(scenario));
    assert.ok(!text.includes(packageRoot), text.slice(0, 500));
    assert.deepEqual(scenarioOfRecord(JSON.parse(text)), scenario);
  }
});

test("files of the user stay where they are", () => {
  const scenario = scenarioOf(
    "/srv/mine.yaml",
    `apiVersion: plumbline/v1
kind: Scenario
metadata: { name: mine, purpose: What does mine cost? }
spec:
  cluster: { manifests: ./cluster }
  matrix: { axes: { mode: [iptables] } }
  phases: [{ kind: program }]
`,
  );
  assert.match(JSON.stringify(scenario), /"\/srv\/cluster"/);
  assert.deepEqual(recordedScenario(scenario), scenario);
});
