import assert from "node:assert/strict";
import { test } from "node:test";
import { ObjectLister } from "./objects.js";
import { claim, volume } from "./plugins/volumes.test-data.js";

test("ObjectLister keeps objects by kind and key, when they come, change and go", () => {
  const objects = new ObjectLister();
  objects.set(claim("data"));
  objects.set(volume("data"));
  objects.set(claim("data", { volumeName: "data" }));
  assert.equal(objects.get("PersistentVolumeClaim", "default/data")?.spec?.volumeName, "data");
  assert.equal(objects.get("PersistentVolumeClaim", "data"), undefined);
  assert.equal(objects.get("PersistentVolume", "data")?.metadata.name, "data");
  assert.equal(objects.count("PersistentVolumeClaim"), 1);
  objects.delete("PersistentVolumeClaim", "default/data");
  assert.deepEqual([...objects.list("PersistentVolumeClaim")], []);
});

test("ObjectLister counts changes, when there are any", () => {
  const objects = new ObjectLister();
  objects.delete("PersistentVolume", "unknown");
  assert.equal(objects.generation, 0);
  objects.set(volume("v"));
  objects.set(volume("v"));
  objects.delete("PersistentVolume", "v");
  assert.equal(objects.generation, 3);
});

test("ObjectLister gives no labels, when a namespace is unknown or has none", () => {
  const objects = new ObjectLister();
  objects.set({ apiVersion: "v1", kind: "Namespace", metadata: { name: "bare" } });
  objects.set({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team", labels: { a: "b" } } });
  assert.deepEqual(["unknown", "bare", "team"].map(objects.namespaceLabels), [{}, {}, { a: "b" }]);
});
