import assert from "node:assert/strict";
import test from "node:test";
import { sampleContainer, samplePod } from "../pod/sample-pods.test-data.js";
import { imagesToRemove, IMAGE_GC } from "./image-gc.js";
import { type AdmissionInput, admissionProblem } from "./node-admission.js";

function admit(more: Partial<AdmissionInput>) {
  return admissionProblem({
    pod: samplePod(),
    nodeName: "node-0",
    labels: { zone: "a" },
    allocatable: { cpu: "4", memory: "8Gi", pods: "2" },
    used: () => 0,
    pressures: new Set(),
    ...more,
  });
}

test("admissionProblem turns away what does not fit, saying by how much", () => {
  const pod = samplePod({ containers: [sampleContainer("web", { resources: { requests: { cpu: "2" } } })] });
  assert.equal(admit({ pod }), null);
  const full = admit({ pod, used: (resource) => (resource === "cpu" ? 3000 : 0) });
  assert.equal(full?.reason, "OutOfcpu");
  assert.equal(
    full?.message,
    "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000",
  );
  assert.equal(admit({ used: () => 2 })?.reason, "OutOfpods");
});

test("admissionProblem checks selectors and node affinity", () => {
  assert.equal(admit({ pod: samplePod({ nodeSelector: { zone: "b" } }) })?.reason, "NodeAffinity");
  const affinity = (operator: string, values: string[]) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "zone", operator, values }] }],
      },
    },
  });
  assert.equal(admit({ pod: samplePod({ affinity: affinity("In", ["a"]) }) }), null);
  assert.equal(admit({ pod: samplePod({ affinity: affinity("NotIn", ["a"]) }) })?.reason, "NodeAffinity");
});

test("admissionProblem keeps best-effort Pods off a node that is short of memory", () => {
  const pressures = new Set(["MemoryPressure"] as const);
  assert.equal(admit({ pressures })?.message, "The node had condition: [MemoryPressure]. ");
  const burstable = samplePod({
    containers: [sampleContainer("web", { resources: { requests: { cpu: "1" } } })],
  });
  assert.equal(admit({ pressures, pod: burstable }), null);
  assert.equal(admit({ pressures: new Set(["DiskPressure"] as const), pod: burstable })?.reason, "Evicted");
});

test("imagesToRemove goes from 85% down to 80%, longest unused first, and keeps young and used ones", () => {
  const image = (name: string, lastUsedAtMs: number, more = {}) => ({
    image: name,
    sizeBytes: 4,
    isUsed: false,
    lastUsedAtMs,
    pulledAtMs: 0,
    ...more,
  });
  const images = [
    image("new", 50),
    image("old", 10),
    image("used", 0, { isUsed: true }),
    image("young", 5, { pulledAtMs: 950_000 }),
  ];
  const removed = (usedBytes: number) =>
    imagesToRemove(images, { usedBytes, capacityBytes: 100, nowMs: 1_000_000 }, IMAGE_GC).map(
      (each) => each.image,
    );
  assert.deepEqual(removed(84), []);
  assert.deepEqual(removed(85), ["old", "new"]);
  assert.deepEqual(removed(100), ["old", "new"]);
});
