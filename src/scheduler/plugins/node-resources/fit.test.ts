import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceList } from "../../../api/scheduling.js";
import type { NodeResourcesFitArgs, ScoringStrategy } from "../../config/configuration.js";
import { DEFAULT_ARGS } from "../../config/default-configuration.js";
import { CycleState } from "../../framework/cycle-state.js";
import { node, pod, requesting } from "../cluster.test-data.js";
import { createFit } from "./fit.js";

const state = new CycleState();
const plugin = createFit(DEFAULT_ARGS.NodeResourcesFit);
const asking = (requests: ResourceList, name = "p", nodeName = "") =>
  pod(name, { ...requesting(requests), nodeName });
const sized = (allocatable: ResourceList, ...taken: ResourceList[]) =>
  node(
    "n",
    { allocatable },
    taken.map((requests, index) => asking(requests, `taken-${index}`)),
  );
const scoring = (strategy: Partial<ScoringStrategy>) =>
  createFit({
    ...DEFAULT_ARGS.NodeResourcesFit,
    scoringStrategy: { ...DEFAULT_ARGS.NodeResourcesFit.scoringStrategy, ...strategy },
  });

test("Fit names everything that is missing, in a fixed order", () => {
  const full = sized(
    { cpu: "4", memory: "8Gi", "ephemeral-storage": "10Gi", "example.com/gpu": 2, pods: 1 },
    { cpu: "3", memory: "7Gi", "ephemeral-storage": "9Gi", "example.com/gpu": 1 },
  );
  const wants = { "example.com/gpu": 2, "ephemeral-storage": "2Gi", memory: "2Gi", cpu: "2" };
  assert.deepEqual(plugin.filter(state, asking(wants), full), {
    code: "Unschedulable",
    reasons: [
      "Too many pods",
      "Insufficient cpu",
      "Insufficient memory",
      "Insufficient ephemeral-storage",
      "Insufficient example.com/gpu",
    ],
    plugin: "NodeResourcesFit",
  });
});

test("Fit says that preempting cannot help, when any request passes the whole node", () => {
  const small = sized({ cpu: "4", memory: "8Gi", pods: 10 }, { cpu: "3", memory: "7Gi" });
  const status = plugin.filter(state, asking({ cpu: "5", memory: "2Gi" }), small);
  assert.equal(status?.code, "UnschedulableAndUnresolvable");
  assert.deepEqual(status?.reasons, ["Insufficient cpu", "Insufficient memory"]);
});

test("Fit lets a Pod take exactly what is left, and one that asks for nothing overcommitted nodes", () => {
  const node4 = sized({ cpu: "4", memory: "8Gi", pods: 2 }, { cpu: "3", memory: "7Gi" });
  assert.equal(plugin.filter(state, asking({ cpu: "1", memory: "1Gi" }), node4), null);
  assert.notEqual(plugin.filter(state, asking({ cpu: "1001m" }), node4), null);
  const over = sized({ cpu: "1", memory: "1Gi", pods: 2 }, { cpu: "2", memory: "2Gi" });
  assert.equal(plugin.filter(state, asking({}), over), null);
  assert.equal(plugin.filter(state, asking({ cpu: 0 }), over), null);
});

test("Fit ignores extended resources by name and by group, and no others", () => {
  const args: NodeResourcesFitArgs = {
    ...DEFAULT_ARGS.NodeResourcesFit,
    ignoredResources: ["example.com/gpu", "hugepages-2Mi", "cpu"],
    ignoredResourceGroups: ["other.io"],
  };
  const bare = sized({ pods: 10 });
  const reasons = (requests: ResourceList) => createFit(args).filter(state, asking(requests), bare)?.reasons;
  assert.equal(reasons({ "example.com/gpu": 1, "other.io/nic": 1 }), undefined);
  assert.deepEqual(reasons({ "example.com/fpga": 1 }), ["Insufficient example.com/fpga"]);
  assert.deepEqual(reasons({ "hugepages-2Mi": "4Mi", cpu: 1 }), [
    "Insufficient cpu",
    "Insufficient hugepages-2Mi",
  ]);
});

test("Fit scores LeastAllocated by the mean of what stays free", () => {
  // cpu (4000 - 3000) * 100 / 4000 = 25;  memory (10000 - 5000) * 100 / 10000 = 50;  mean 37.5
  const half = sized({ cpu: "4", memory: "10000", pods: 10 }, { cpu: "1", memory: "3000" });
  assert.equal(plugin.score(state, asking({ cpu: "2", memory: "2000" }), half), 37);
  // Weight 3 on cpu: (25 * 3 + 50) / 4 = 31.25
  const resources = [
    { name: "cpu", weight: 3 },
    { name: "memory", weight: 1 },
  ];
  assert.equal(scoring({ resources }).score(state, asking({ cpu: "2", memory: "2000" }), half), 31);
});

test("Fit counts defaults for containers without requests, on the node and of the Pod", () => {
  // cpu (1000 - 100 - 100) / 1000 = 80;  memory (1000 - 200 - 200) / 1000 = 60
  const small = sized({ cpu: "1", memory: "1000Mi", pods: 10 }, {});
  assert.equal(plugin.score(state, asking({}), small), 70);
  assert.equal(plugin.score(state, asking({ cpu: 0, memory: 0 }), small), 85);
});

test("Fit scores a resource 0, when it is overcommitted", () => {
  const tiny = sized({ cpu: "1", memory: "1000Mi", pods: 10 }, { cpu: "2", memory: "500Mi" });
  assert.equal(plugin.score(state, asking({ cpu: "1", memory: "250Mi" }), tiny), 12);
  assert.equal(
    scoring({ type: "MostAllocated" }).score(state, asking({ cpu: "1", memory: "250Mi" }), tiny),
    87,
  );
});

test("Fit leaves extended resources out of the score, when the Pod or the node has none of them", () => {
  const resources = [
    { name: "example.com/gpu", weight: 1 },
    { name: "cpu", weight: 1 },
    { name: "pods", weight: 1 },
  ];
  const { score } = scoring({ resources });
  const gpus = sized({ cpu: "4", "example.com/gpu": 8, pods: 10 }, { "example.com/gpu": 1, cpu: 0 });
  assert.equal(score(state, asking({ cpu: "1" }), gpus), 75);
  // gpu (8 - 2) / 8 = 75;  cpu 50
  assert.equal(score(state, asking({ cpu: "2", "example.com/gpu": 1 }), gpus), 62);
  assert.equal(score(state, asking({ cpu: "2", "example.com/gpu": 1 }), sized({ cpu: "4" })), 50);
  assert.equal(score(state, asking({ cpu: "2" }), sized({})), 0);
});

test("Fit scores RequestedToCapacityRatio on the curve, without resources that score 0, rounded", () => {
  const shape = [
    { utilization: 0, score: 0 },
    { utilization: 100, score: 10 },
  ];
  const { score } = scoring({ type: "RequestedToCapacityRatio", requestedToCapacityRatio: { shape } });
  // cpu 75, memory 50: 62.5 is rounded up.
  const half = sized({ cpu: "4", memory: "10000", pods: 10 }, { cpu: "1", memory: "3000" });
  assert.equal(score(state, asking({ cpu: "2", memory: "2000" }), half), 63);
  assert.equal(score(state, asking({ cpu: "2", memory: 0 }), sized({ cpu: "4", memory: "10000" })), 50);
  assert.equal(score(state, asking({ cpu: "8", memory: 0 }), sized({ cpu: "4", memory: "10000" })), 100);
});

test("Fit queues, when a Pod on a node is gone or gives back what is wanted", () => {
  const [afterPod] = plugin.eventsToRegister();
  const waiting = asking({ cpu: "1" });
  const hint = (before: unknown, after: unknown) => afterPod?.hint?.(waiting, { before, after });
  const big = asking({ cpu: "2", memory: "2Gi" }, "other", "n");
  assert.equal(hint(big, null), "Queue");
  assert.equal(hint(asking({ cpu: "2" }, "other"), null), "Skip");
  assert.equal(hint(big, asking({ cpu: "1", memory: "2Gi" }, "other", "n")), "Queue");
  assert.equal(hint(big, asking({ cpu: "2", memory: "1Gi" }, "other", "n")), "Skip");
  assert.equal(hint(waiting, waiting), "Queue");
});

test("Fit queues, when a node could hold the Pod if empty and is new or has grown", () => {
  const afterNode = plugin.eventsToRegister().at(-1);
  const waiting = asking({ cpu: "2" });
  const hint = (before: ResourceList | null, after: ResourceList) =>
    afterNode?.hint?.(waiting, {
      before: before === null ? null : sized(before).node,
      after: sized(after).node,
    });
  assert.equal(hint(null, { cpu: "2", pods: 1 }), "Queue");
  assert.equal(hint(null, { cpu: "1", pods: 1 }), "Skip");
  assert.equal(hint({ cpu: "3", pods: 1 }, { cpu: "4", pods: 1 }), "Queue");
  assert.equal(hint({ cpu: "4", pods: 1 }, { cpu: "4", pods: 2 }), "Queue");
  assert.equal(hint({ cpu: "4", memory: "1Gi", pods: 1 }, { cpu: "4", memory: "2Gi", pods: 1 }), "Skip");
});
