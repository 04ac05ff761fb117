// Our own configurations: all can be read, every workload resolves, the small ones make the objects they promise.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configsBelow, newMaking, objectsOf, readConfigFile } from "./config-files.test-data.js";
import { resolveWorkload } from "./resolve-workload.js";
import { labelsMatch, selectWorkloads } from "./select-workloads.js";
import { type ResolvedWorkload, thresholdOf } from "./test-case.js";
import { unsupportedIn } from "./unsupported.js";

const FOLDER = "bench/scheduler_perf";
const TEST_CASES = configsBelow(FOLDER).flatMap(readConfigFile);

function resolved(name: string, labels = ""): readonly ResolvedWorkload[] {
  return selectWorkloads(TEST_CASES, { name, labels }).map(({ testCase, workload }) =>
    resolveWorkload(testCase, workload),
  );
}

/** "Pod 15, Node 5": what all operations make together. */
function countsOf(workload: ResolvedWorkload): string {
  const making = newMaking();
  const counts = new Map<string, number>();
  workload.ops.forEach((op, index) => {
    for (const { kind } of objectsOf(op, index, making, Number.POSITIVE_INFINITY))
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
  });
  return [...counts].map(([kind, count]) => `${kind} ${count}`).join(", ");
}

test("readPerformanceConfig reads our configurations, and every workload can be run", () => {
  assert.equal(TEST_CASES.length, 35);
  const { templates } = newMaking();
  for (const workload of resolved("*"))
    assert.deepEqual(unsupportedIn(workload, templates), [], workload.name);
});

test("our configurations have a small workload in every case, and one with a threshold where upstream has", () => {
  const withoutThreshold = new Set(["PreemptionBasic", "PreemptionPVs"]);
  for (const { name, workloads } of TEST_CASES) {
    assert.ok(
      workloads.some(({ labels }) => labelsMatch(labels, "integration-test,short,-performance")),
      name,
    );
    const expected = !withoutThreshold.has(name) && !name.startsWith("EventHandling");
    assert.equal(
      workloads.some(({ threshold }) => thresholdOf(threshold) > 0),
      expected,
      name,
    );
  }
});

test("our configurations keep upstream's sizes, when asked for by name", () => {
  const [basic] = resolved("SchedulingBasic/5000Nodes_10000Pods");
  assert.equal(thresholdOf(basic?.threshold ?? 0), 680);
  assert.deepEqual(
    basic?.ops.map((op) => ("count" in op ? op.count : null)),
    [5000, 1000, 10_000],
  );
  const [daemons] = resolved("SchedulingDaemonset/15000Nodes");
  assert.equal(thresholdOf(daemons?.threshold ?? 0), 1100);
});

test("small workloads make the objects they promise", () => {
  const expected = {
    "SchedulingBasic/5Nodes": "Node 5, Pod 15",
    "PreemptionAsync/5Nodes": "Node 5, Pod 26",
    "Unschedulable/5Nodes/1Init/10Pods": "Node 5, Pod 12",
    "SchedulingWithMixedChurn/10Nodes": "Node 11, Pod 101, Service 1",
    "SchedulingWhileGated/1Node_10GatedPods": "Node 1, Pod 30",
    "SchedulingWithExtendedResource/fast": "Node 11, Pod 10",
    "MixedSchedulingBasePod/5Nodes": "Node 5, Namespace 1, Pod 20",
    "SchedulingRequiredPodAntiAffinityWithNSSelector/10Nodes": "Node 10, Namespace 3, Pod 10",
    "DefaultTopologySpreading/5Nodes": "Node 5, Service 1, Pod 20",
    "SchedulingWithNodeInclusionPolicy/5Nodes": "Node 5, Pod 4",
    "SchedulingCSIPVs/5Nodes": "Node 5, CSINode 5, Pod 15, PersistentVolumeClaim 15, PersistentVolume 15",
    "EventHandlingPodDelete/2Nodes_20Pods":
      "Node 2, CSINode 2, Pod 140, PersistentVolumeClaim 45, PersistentVolume 45",
    // 3 nodes and 2 x 10 + 10 + 2 x 10 + 10 + 10 Pods made; 5 x 10 updates.
    "EventHandlingPodUpdate/1Node_10Pods": "Node 3, Pod 120",
    "EventHandlingNodeUpdate/2Nodes_20Pods": "Node 16, Pod 120",
  };
  for (const [name, counts] of Object.entries(expected)) {
    const [workload] = resolved(name);
    assert.ok(workload !== undefined, name);
    assert.equal(countsOf(workload), counts, name);
  }
});

test("every template of ours is used by a workload, and every workload finds its templates", () => {
  const used = new Set<string>();
  for (const workload of resolved("*")) {
    const making = newMaking();
    workload.ops.forEach((op, index) => {
      objectsOf(op, index, making, 1);
      for (const [key, value] of Object.entries(op))
        if (/[pP]aths?$/.test(key)) for (const path of [value].flat()) if (path !== null) used.add(path);
    });
  }
  const all = ["templates", "event_handling/templates"].flatMap((folder) =>
    readdirSync(join(FOLDER, folder)).map((name) => join(process.cwd(), FOLDER, folder, name)),
  );
  assert.deepEqual(
    all.filter((path) => !used.has(path)),
    [],
  );
});
