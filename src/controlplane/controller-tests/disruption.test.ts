import assert from "node:assert/strict";
import { test } from "node:test";
import { isStatus } from "../../api/status.js";
import { quotaUsage } from "../apiserver/admission/quota-usage.js";
import { POD_DISRUPTION_BUDGETS, RESOURCE_QUOTAS } from "../client/cluster-resources.js";
import { PODS, REPLICA_SETS } from "../client/resources.js";
import { disruptionController } from "../controllers/disruption/disruption-controller.js";
import { resourceQuotaController } from "../controllers/resource-quota/resource-quota-controller.js";
import { podObject, readyStatus, startRealCluster } from "./real-cluster.test-data.js";

test("disruptionController lets the server allow one eviction, and refuse the next", async () => {
  const cluster = await startRealCluster([disruptionController]);
  const template = {
    metadata: { labels: { app: "web" } },
    spec: { containers: [{ name: "main", image: "web:1" }] },
  };
  const set = await cluster.of(REPLICA_SETS).create({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "web" },
    spec: { replicas: 2, selector: { matchLabels: { app: "web" } }, template },
  });
  const owner = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: "web",
    uid: set.metadata.uid,
    controller: true,
  };
  for (const name of ["web-1", "web-2"]) {
    const metadata = { labels: { app: "web" }, ownerReferences: [owner] };
    const pod = await cluster.of(PODS).create(podObject(name, { metadata, spec: { nodeName: "node-1" } }));
    await cluster.setStatus(PODS, pod, readyStatus("10.244.0.1"));
  }
  await cluster.of(POD_DISRUPTION_BUDGETS).create({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web" },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } },
  });
  await cluster.timers.advance(1000);
  const { status } = await cluster.of(POD_DISRUPTION_BUDGETS).get("web");
  assert.deepEqual([status?.disruptionsAllowed, status?.expectedPods, status?.desiredHealthy], [1, 2, 1]);
  await cluster
    .of(PODS)
    .post("web-1", "eviction", { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "web-1" } });
  await cluster.timers.advance(1000);
  const refused = cluster.of(PODS).post("web-2", "eviction", {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: "web-2" },
  });
  await assert.rejects(refused, (error) => isStatus(error, "TooManyRequests"));
  assert.equal((await cluster.of(POD_DISRUPTION_BUDGETS).get("web")).status?.currentHealthy, 1);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("resourceQuotaController counts what is there, and again when it goes", async () => {
  const controller = resourceQuotaController({ usage: quotaUsage, isInScope: () => true });
  const cluster = await startRealCluster([controller]);
  const resources = { requests: { cpu: "250m", memory: "64Mi" } };
  for (const name of ["a", "b"])
    await cluster
      .of(PODS)
      .create(podObject(name, { spec: { containers: [{ name: "main", image: "web:1", resources }] } }));
  await cluster.of(RESOURCE_QUOTAS).create({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "all" },
    spec: { hard: { "requests.cpu": "2", memory: "1Gi", pods: "10", "count/configmaps": "5" } },
  });
  await cluster.timers.advance(1000);
  const used = async () => (await cluster.of(RESOURCE_QUOTAS).get("all")).status?.used;
  assert.deepEqual(await used(), {
    "requests.cpu": "500m",
    memory: "128Mi",
    pods: "2",
    "count/configmaps": "0",
  });
  await cluster.of(PODS).delete("a");
  await cluster.timers.advance(1000);
  assert.deepEqual(await used(), {
    "requests.cpu": "250m",
    memory: "64Mi",
    pods: "1",
    "count/configmaps": "0",
  });
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});
