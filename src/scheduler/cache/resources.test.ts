import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceList } from "../../api/scheduling.js";
import type { Container, PodSpec } from "../../api/types.js";
import { podRequests, Resources, resourceAmount } from "./resources.js";

const MIB = 2 ** 20;

function asking(requests?: ResourceList, restartPolicy?: "Always"): Container {
  return {
    ...(requests === undefined ? {} : { resources: { requests } }),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  };
}

test("Resources reads amounts in thousandths of a core, bytes and units", () => {
  const resources = Resources.fromList({
    cpu: "1500m",
    memory: "1Gi",
    "ephemeral-storage": "1k",
    pods: "110",
    "example.com/gpu": 2,
  });
  const names = ["cpu", "memory", "ephemeral-storage", "pods", "example.com/gpu", "example.com/other"];
  assert.deepEqual(
    names.map((name) => resources.get(name)),
    [1500, 1024 * MIB, 1000, 110, 2, 0],
  );
});

test("Resources adds, subtracts and takes the larger, and leaves the limit of Pods alone", () => {
  const a = Resources.fromList({ cpu: "1", memory: "4", pods: 10, "example.com/gpu": 1 });
  const b = Resources.fromList({ cpu: "3", memory: "1", pods: 5, "example.com/nic": 2 });
  const sum = a.clone();
  sum.add(b);
  assert.deepEqual([sum.milliCpu, sum.memory, sum.pods, sum.get("example.com/nic")], [4000, 5, 10, 2]);
  sum.add(b, -1);
  assert.deepEqual([sum.milliCpu, sum.memory, sum.get("example.com/nic")], [1000, 4, 0]);
  sum.max(b);
  assert.deepEqual([sum.milliCpu, sum.memory, sum.get("example.com/gpu")], [3000, 4, 1]);
});

test("resourceAmount counts nothing, when a quantity cannot be read, and rounds up what is smaller than a unit", () => {
  assert.equal(resourceAmount("cpu", "a lot"), 0);
  assert.equal(resourceAmount("cpu", "100u"), 1);
  assert.equal(resourceAmount("memory", "100m"), 1);
});

test("podRequests takes the larger of containers and each init step, and adds overhead", () => {
  const rows: readonly (readonly [what: string, spec: PodSpec, milliCpu: number])[] = [
    ["nothing", {}, 0],
    ["containers", { containers: [asking({ cpu: "1" }), asking({ cpu: "2" })] }, 3000],
    [
      "a large init step",
      { containers: [asking({ cpu: "1" })], initContainers: [asking({ cpu: "5" })] },
      5000,
    ],
    [
      "init steps one after another",
      { containers: [asking({ cpu: "1" })], initContainers: [asking({ cpu: "2" }), asking({ cpu: "3" })] },
      3000,
    ],
    [
      "a sidecar runs beside later steps and containers",
      {
        containers: [asking({ cpu: "1" })],
        initContainers: [asking({ cpu: "2" }, "Always"), asking({ cpu: "3" })],
      },
      5000,
    ],
    [
      "a sidecar after a large step",
      {
        containers: [asking({ cpu: "1" })],
        initContainers: [asking({ cpu: "3" }), asking({ cpu: "1" }, "Always")],
      },
      3000,
    ],
    ["overhead", { containers: [asking({ cpu: "1" })], overhead: { cpu: "250m" } }, 1250],
    [
      "the Pod's own requests in place of its containers'",
      {
        containers: [asking({ cpu: "1" })],
        resources: { requests: { cpu: "4" } },
        overhead: { cpu: "250m" },
      },
      4250,
    ],
  ];
  for (const [what, spec, milliCpu] of rows) assert.equal(podRequests(spec).exact.milliCpu, milliCpu, what);
});

test("podRequests counts defaults for each container that names none, and none for an explicit 0", () => {
  const rows: readonly (readonly [what: string, spec: PodSpec, milliCpu: number, mebibytes: number])[] = [
    ["no containers", {}, 0, 0],
    ["one that asks for nothing", { containers: [asking()] }, 100, 200],
    ["two, one of them with CPU", { containers: [asking(), asking({ cpu: "1" })] }, 1100, 400],
    ["zeros", { containers: [asking({ cpu: 0, memory: "0" })] }, 0, 0],
    ["an init container", { containers: [asking({ cpu: "50m" })], initContainers: [asking()] }, 100, 200],
  ];
  for (const [what, spec, milliCpu, mebibytes] of rows)
    assert.deepEqual(podRequests(spec).nonZero, { milliCpu, memory: mebibytes * MIB }, what);
});

test("podRequests tells a node's sum apart from scores, when the Pod as a whole asks for something", () => {
  const { nonZero, nonZeroOnNode } = podRequests({
    containers: [asking()],
    resources: { requests: { cpu: "2" } },
  });
  assert.deepEqual(nonZero, { milliCpu: 100, memory: 200 * MIB });
  assert.deepEqual(nonZeroOnNode, { milliCpu: 2000, memory: 200 * MIB });
});
