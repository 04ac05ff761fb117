import assert from "node:assert/strict";
import { test } from "node:test";
import { node, pod, requesting } from "../cluster.test-data.js";
import { leastAllocated } from "./least-allocated.js";
import { mostAllocated } from "./most-allocated.js";
import { allocations } from "./resource-allocation.js";

const RESOURCES = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 2 },
  { name: "ephemeral-storage", weight: 1 },
];

test("allocations tells usage with and without the Pod, exact or with defaults", () => {
  const host = node("n", { allocatable: { cpu: "4", memory: "1000Mi" } }, [
    pod("a", requesting({ cpu: "1" })),
  ]);
  const incoming = pod("p", requesting({ memory: "100Mi" }));
  const MIB = 1024 * 1024;
  assert.deepEqual(allocations(RESOURCES, incoming, host, "exact"), [
    { weight: 1, allocated: 1000, requested: 1000, allocatable: 4000 },
    { weight: 2, allocated: 0, requested: 100 * MIB, allocatable: 1000 * MIB },
  ]);
  assert.deepEqual(allocations(RESOURCES, incoming, host, "nonZero"), [
    { weight: 1, allocated: 1000, requested: 1100, allocatable: 4000 },
    { weight: 2, allocated: 200 * MIB, requested: 300 * MIB, allocatable: 1000 * MIB },
  ]);
});

test("leastAllocated and mostAllocated are exact, when bytes times 100 pass 2^53", () => {
  const allocatable = 2 ** 50;
  const taken = { weight: 1, allocated: 0, requested: 1, allocatable };
  assert.equal(leastAllocated([taken]), 99);
  assert.equal(mostAllocated([{ ...taken, requested: allocatable - 1 }]), 99);
  assert.equal(mostAllocated([{ ...taken, requested: allocatable }]), 100);
  assert.equal(mostAllocated([]), 0);
});
