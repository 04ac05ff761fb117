import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIG_MAPS, NAMESPACES } from "../client/cluster-resources.js";
import { PODS } from "../client/resources.js";
import { namespaceController } from "../controllers/namespace/namespace-controller.js";
import { createNamespace, podObject, startRealCluster } from "./real-cluster.test-data.js";

function configMap(name: string, finalizers: readonly string[] = []): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, finalizers } };
}

test("namespaceController empties a namespace, then lets it go", async () => {
  const cluster = await startRealCluster([namespaceController]);
  await createNamespace(cluster.client, "gone");
  await cluster.of(CONFIG_MAPS, "gone").create(configMap("one"));
  await cluster.of(PODS, "gone").create(podObject("web"));
  await cluster.of(NAMESPACES, null).delete("gone");
  assert.equal((await cluster.of(NAMESPACES, null).get("gone")).status?.phase, "Terminating");
  await cluster.timers.advance(1000);
  const names = (await cluster.all(NAMESPACES)).map(({ metadata }) => metadata.name);
  assert.deepEqual(names, ["default", "kube-system"]);
  assert.deepEqual(await cluster.all(CONFIG_MAPS), []);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("namespaceController lets a namespace go as soon as its last Pod has ended", async () => {
  const cluster = await startRealCluster([namespaceController]);
  await createNamespace(cluster.client, "gone");
  const pods = cluster.of(PODS, "gone");
  for (const name of ["one", "two"]) await pods.create(podObject(name, { spec: { nodeName: "node-1" } }));
  await cluster.of(NAMESPACES, null).delete("gone");
  await cluster.timers.advance(1000);
  assert.notEqual((await pods.get("one")).metadata.deletionTimestamp, undefined);
  // As its kubelet does, long before the grace of 30 s is over.
  await pods.delete("one", { gracePeriodSeconds: 0 });
  await cluster.timers.advance(1000);
  assert.equal((await cluster.all(NAMESPACES)).length, 3);
  await pods.delete("two", { gracePeriodSeconds: 0 });
  await cluster.timers.advance(500);
  assert.equal((await cluster.all(NAMESPACES)).length, 2);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("namespaceController deletes nothing else before the Pods have ended, and says what it waits for", async () => {
  const cluster = await startRealCluster([namespaceController]);
  await createNamespace(cluster.client, "gone");
  await cluster.of(CONFIG_MAPS, "gone").create(configMap("held", ["example.com/hold"]));
  await cluster.of(PODS, "gone").create(podObject("web", { spec: { nodeName: "node-1" } }));
  await cluster.of(NAMESPACES, null).delete("gone");
  await cluster.timers.advance(6000);
  assert.equal((await cluster.of(CONFIG_MAPS, "gone").get("held")).metadata.deletionTimestamp, undefined);
  await cluster.of(PODS, "gone").delete("web", { gracePeriodSeconds: 0 });
  await cluster.timers.advance(30_000);
  const { status } = await cluster.of(NAMESPACES, null).get("gone");
  const texts = status?.conditions?.filter((each) => each.status === "True").map(({ message }) => message);
  assert.deepEqual(texts, [
    "Some resources are remaining: configmaps. has 1 resource instances",
    "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
  ]);
  await cluster.of(CONFIG_MAPS, "gone").patch("held", "merge", { metadata: { finalizers: null } });
  await cluster.timers.advance(30_000);
  assert.equal((await cluster.all(NAMESPACES)).length, 2);
  await cluster.stop();
});
