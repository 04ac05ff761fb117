import assert from "node:assert/strict";
import { test } from "node:test";
import { quantityValue } from "../../../api/quantity.js";
import type { CSIStorageCapacity } from "../../../api/scheduling.js";
import { claim, volume } from "../volumes.test-data.js";
import { capacityScore } from "./capacity-score.js";

const SHAPE = [
  { utilization: 0, score: 0 },
  { utilization: 100, score: 10 },
];
const sizeOf = (quantity: string | number | undefined) => quantityValue(quantity ?? 0) ?? 0;

const binding = (requested: string, size: string, storageClassName = "wait") => ({
  claim: claim("c", { size: requested, storageClassName }),
  volume: volume("v", { size, storageClassName }),
});

test("capacityScore is the utilization of static volumes, by class and then on average", () => {
  const score = (...bindings: ReturnType<typeof binding>[]) =>
    capacityScore({ bindings, provisions: [] }, SHAPE, sizeOf);
  assert.equal(score(binding("50Gi", "100Gi")), 50);
  // One class: 30 + 30 of 50 + 100, 40 percent.
  assert.equal(score(binding("30Gi", "50Gi"), binding("30Gi", "100Gi")), 40);
  // Two classes: (50 + 25) / 2 = 37.5.
  assert.equal(score(binding("50Gi", "100Gi"), binding("25Gi", "100Gi", "other")), 38);
  assert.equal(score(), 0);
});

test("capacityScore is the utilization of the pools of volumes to be provisioned", () => {
  const pool: CSIStorageCapacity = {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIStorageCapacity",
    metadata: { name: "pool" },
    storageClassName: "wait",
    capacity: "100Gi",
  };
  const provision = (size: string) => ({ claim: claim("c", { size }), capacity: pool });
  const score = (...sizes: string[]) =>
    capacityScore({ bindings: [], provisions: sizes.map(provision) }, SHAPE, sizeOf);
  // The pool counts once: 60 of 100.
  assert.equal(score("20Gi", "40Gi"), 60);
  assert.equal(score("150Gi"), 100);
});
