import assert from "node:assert/strict";
import { test } from "node:test";
import { quantityValue } from "../../../api/quantity.js";
import type { CSIDriver, CSIStorageCapacity, PersistentVolumeClaim } from "../../../api/scheduling.js";
import type { ListedKinds } from "../../objects.js";
import { handle, node } from "../cluster.test-data.js";
import { claim, storageClass } from "../volumes.test-data.js";
import { askProvisioning, planProvisioning } from "./provisioning.js";

const DRIVER = "disk.example.com";
const inZoneA = node("n", { labels: { zone: "a" } }).node;

function answer(wanted: PersistentVolumeClaim, ...objects: ListedKinds[keyof ListedKinds][]): string {
  const plan = planProvisioning(
    wanted,
    handle([], objects).objects,
    (quantity) => quantityValue(quantity ?? 0) ?? 0,
  );
  return typeof plan === "string" ? plan : askProvisioning(plan, inZoneA).kind;
}

const provisioned = storageClass("wait", { provisioner: DRIVER });
const driver = (storageCapacity: boolean): CSIDriver => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIDriver",
  metadata: { name: DRIVER },
  spec: { storageCapacity },
});

function capacity(parts: Partial<CSIStorageCapacity>): CSIStorageCapacity {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIStorageCapacity",
    metadata: { name: "pool", namespace: "default" },
    storageClassName: "wait",
    nodeTopology: { matchLabels: { zone: "a" } },
    ...parts,
  };
}

test("planProvisioning needs a class that is there", () => {
  assert.equal(answer(claim("c", { storageClassName: "" })), 'no class for claim "default/c"');
  assert.equal(answer(claim("c")), 'failed to find storage class "wait"');
});

test("askProvisioning refuses classes that do not provision", () => {
  assert.equal(answer(claim("c"), storageClass("wait")), "unsupported");
  assert.equal(answer(claim("c"), provisioned), "yes");
});

test("askProvisioning keeps to the topologies that the class allows", () => {
  const allowing = (...zones: string[][]) =>
    storageClass("wait", {
      provisioner: DRIVER,
      allowedTopologies: zones.map((values) => ({ matchLabelExpressions: [{ key: "zone", values }] })),
    });
  assert.equal(answer(claim("c"), allowing(["b"])), "unsupported");
  assert.equal(answer(claim("c"), allowing(["b"], ["c", "a"])), "yes");
  assert.equal(answer(claim("c"), allowing()), "yes");
  const empty = storageClass("wait", { provisioner: DRIVER, allowedTopologies: [{}] });
  assert.equal(answer(claim("c"), empty), "unsupported");
});

test("askProvisioning asks for room where the driver reports it", () => {
  const wanted = claim("c", { size: "5Gi" });
  assert.equal(answer(wanted, provisioned, driver(false)), "yes");
  assert.equal(answer(wanted, provisioned, driver(true)), "noSpace");
  assert.equal(answer(wanted, provisioned, driver(true), capacity({ capacity: "5Gi" })), "yes");
  assert.equal(answer(wanted, provisioned, driver(true), capacity({ capacity: "4Gi" })), "noSpace");
  const pooled = capacity({ capacity: "10Gi", maximumVolumeSize: "4Gi" });
  assert.equal(answer(wanted, provisioned, driver(true), pooled), "noSpace");
  const elsewhere = capacity({ capacity: "5Gi", nodeTopology: { matchLabels: { zone: "b" } } });
  assert.equal(answer(wanted, provisioned, driver(true), elsewhere), "noSpace");
  const { nodeTopology: _, ...unreachable } = capacity({ capacity: "5Gi" });
  assert.equal(answer(wanted, provisioned, driver(true), unreachable), "noSpace");
  const ofOther = capacity({ capacity: "5Gi", storageClassName: "other" });
  assert.equal(answer(wanted, provisioned, driver(true), ofOther), "noSpace");
});

test("askProvisioning asks for no room when the claim names no size", () => {
  const { resources: _, ...spec } = claim("c").spec ?? {};
  assert.equal(answer({ ...claim("c"), spec }, provisioned, driver(true)), "yes");
});
