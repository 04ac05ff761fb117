import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodSpec } from "../../api/types.js";
import { isRewritten, podUpdateEvents } from "./pod-update-events.js";
import { podOf, type PodOptions } from "./queue.test-data.js";

const asking = (cpu: string): PodSpec => ({ containers: [{ resources: { requests: { cpu } } }] });
const GATED: PodSpec = { schedulingGates: [{ name: "a" }, { name: "b" }] };

const CASES: readonly [what: string, PodSpec, PodSpec, PodOptions, PodOptions, string[]][] = [
  ["nothing known", {}, { priority: 1 }, {}, {}, ["UnscheduledPodUpdate"]],
  ["a label", {}, {}, {}, { labels: { app: "x" } }, ["UnscheduledPodUpdatePodLabel"]],
  ["fewer CPUs", asking("2"), asking("1"), {}, {}, ["UnscheduledPodUpdatePodScaleDown"]],
  ["more CPUs", asking("1"), asking("2"), {}, {}, ["UnscheduledPodUpdate"]],
  ["one gate of two", GATED, { schedulingGates: [{ name: "b" }] }, {}, {}, ["UnscheduledPodUpdate"]],
  ["all gates", GATED, {}, {}, {}, ["UnscheduledPodUpdatePodSchedulingGatesEliminated"]],
  [
    "a toleration",
    {},
    { tolerations: [{ operator: "Exists" }] },
    {},
    {},
    ["UnscheduledPodUpdatePodToleration"],
  ],
  [
    "two things of a placed Pod",
    { ...asking("2"), nodeName: "n1" },
    { ...asking("1"), nodeName: "n1" },
    {},
    { labels: { app: "x" } },
    ["AssignedPodUpdatePodLabel", "AssignedPodUpdatePodScaleDown"],
  ],
];

for (const [what, before, after, optionsBefore, optionsAfter, expected] of CASES) {
  test(`podUpdateEvents gives ${expected.join(" and ")} when the change is: ${what}`, () => {
    const events = podUpdateEvents(podOf("a", before, optionsBefore), podOf("a", after, optionsAfter));
    assert.deepEqual(
      events.map(({ label }) => label),
      expected,
    );
  });
}

test("isRewritten is false when only the status changes", () => {
  assert.equal(isRewritten(podOf("a"), podOf("a", {}, { nominatedNodeName: "n1" })), false);
  assert.equal(isRewritten(podOf("a"), podOf("a", { priority: 1 })), true);
});
