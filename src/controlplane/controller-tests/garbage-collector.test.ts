import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/meta.js";
import { CONFIG_MAPS } from "../client/cluster-resources.js";
import { garbageCollector } from "../controllers/garbage-collector/garbage-collector.js";
import { type RealCluster, startRealCluster } from "./real-cluster.test-data.js";

function owned(name: string, owners: readonly KubeObject[], more: object = {}): object {
  const ownerReferences = owners.map(({ metadata }) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    name: metadata.name,
    uid: metadata.uid,
    blockOwnerDeletion: true,
  }));
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ownerReferences, ...more } };
}

async function family(cluster: RealCluster): Promise<KubeObject> {
  const maps = cluster.of(CONFIG_MAPS);
  const parent = await maps.create(owned("parent", []));
  const child = await maps.create(owned("child", [parent]));
  await maps.create(owned("grandchild", [child]));
  await cluster.timers.advance(100);
  return parent;
}

async function names(cluster: RealCluster): Promise<string[]> {
  return (await cluster.all(CONFIG_MAPS)).map(({ metadata }) => metadata.name).sort();
}

test("garbageCollector deletes dependents after their owner, in the background", async () => {
  const cluster = await startRealCluster([garbageCollector]);
  await family(cluster);
  await cluster.of(CONFIG_MAPS).delete("parent", { propagationPolicy: "Background" });
  await cluster.timers.advance(100);
  assert.deepEqual(await names(cluster), []);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("garbageCollector deletes dependents before their owner, in the foreground", async () => {
  const cluster = await startRealCluster([garbageCollector]);
  const parent = await family(cluster);
  const maps = cluster.of(CONFIG_MAPS);
  await maps.create(owned("held", [parent], { finalizers: ["example.com/hold"] }));
  await cluster.timers.advance(100);
  await maps.delete("parent", { propagationPolicy: "Foreground" });
  await cluster.timers.advance(1000);
  assert.deepEqual(await names(cluster), ["held", "parent"]);
  await maps.patch("held", "merge", { metadata: { finalizers: null } });
  await cluster.timers.advance(1000);
  assert.deepEqual(await names(cluster), []);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("garbageCollector lets orphans live", async () => {
  const cluster = await startRealCluster([garbageCollector]);
  await family(cluster);
  await cluster.of(CONFIG_MAPS).delete("parent", { propagationPolicy: "Orphan" });
  await cluster.timers.advance(1000);
  assert.deepEqual(await names(cluster), ["child", "grandchild"]);
  const child = await cluster.of(CONFIG_MAPS).get("child");
  assert.deepEqual(child.metadata.ownerReferences ?? [], []);
  await cluster.stop();
});

test("garbageCollector deletes what names an owner that never was, but for the sake of another keeps it", async () => {
  const cluster = await startRealCluster([garbageCollector]);
  const maps = cluster.of(CONFIG_MAPS);
  const ghost = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "ghost", uid: "nobody" } };
  const parent = await maps.create(owned("parent", []));
  await maps.create(owned("lost", [ghost]));
  await maps.create(owned("shared", [ghost, parent]));
  await cluster.timers.advance(1000);
  assert.deepEqual(await names(cluster), ["parent", "shared"]);
  const { metadata } = await maps.get("shared");
  assert.deepEqual(
    metadata.ownerReferences?.map(({ name }) => name),
    ["parent"],
  );
  await cluster.stop();
});

test("garbageCollector leaves objects of kinds that it does not know", async () => {
  const cluster = await startRealCluster([garbageCollector]);
  const strange = { apiVersion: "example.com/v1", kind: "Strange", name: "one", uid: "u1" };
  await cluster.of(CONFIG_MAPS).create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kept", ownerReferences: [strange] },
  });
  await cluster.timers.advance(1000);
  assert.deepEqual(await names(cluster), ["kept"]);
  await cluster.stop();
});
