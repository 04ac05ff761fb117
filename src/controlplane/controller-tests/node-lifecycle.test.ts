import assert from "node:assert/strict";
import { test } from "node:test";
import { LEASES, NODES, PODS } from "../client/resources.js";
import { nodeLifecycleController } from "../controllers/node-lifecycle/node-lifecycle-controller.js";
import { taintEvictionController } from "../controllers/node-lifecycle/taint-eviction.js";
import { podGcController } from "../controllers/pod-gc/pod-gc-controller.js";
import {
  createNamespace,
  nodeObject,
  podObject,
  readyStatus,
  type RealCluster,
  startRealCluster,
} from "./real-cluster.test-data.js";

const TOLERATIONS = [{ key: "node.kubernetes.io/unreachable", operator: "Exists", tolerationSeconds: 300 }];

async function readyNode(cluster: RealCluster, name: string): Promise<void> {
  const node = await cluster.of(NODES, null).create(nodeObject(name));
  const condition = { type: "Ready", status: "True", lastHeartbeatTime: "2026-01-01T00:00:00Z" };
  await cluster.setStatus(NODES, node, { conditions: [condition] });
}

async function keepAlive(cluster: RealCluster, name: string, seconds: number): Promise<void> {
  const leases = cluster.of(LEASES, "kube-node-lease");
  for (let second = 0; second < seconds; second += 10) {
    await cluster.timers.advance(10_000);
    const spec = {
      holderIdentity: name,
      renewTime: cluster.timers.wall().toISOString().replace("Z", "000Z"),
    };
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name }, spec };
    if (second === 0) await leases.create(lease);
    else await leases.patch(name, "merge", { spec });
  }
}

test("a node that falls silent becomes Unknown, is tainted, and its Pods go when they do not tolerate that longer", async () => {
  const cluster = await startRealCluster([nodeLifecycleController(), taintEvictionController]);
  await createNamespace(cluster.client, "kube-node-lease");
  await readyNode(cluster, "alive");
  await readyNode(cluster, "silent");
  const spec = { nodeName: "silent", tolerations: TOLERATIONS };
  const pod = await cluster.of(PODS).create(podObject("web", { spec }));
  await cluster.setStatus(PODS, pod, readyStatus("10.244.0.1"));
  await keepAlive(cluster, "alive", 40);
  const before = await cluster.of(NODES, null).get("silent");
  assert.equal(before.status?.conditions?.[0]?.status, "True");
  assert.deepEqual(before.spec?.taints ?? [], []);
  await cluster.of(LEASES, "kube-node-lease").delete("alive");
  await keepAlive(cluster, "alive", 20);
  const node = await cluster.of(NODES, null).get("silent");
  assert.equal(node.status?.conditions?.find(({ type }) => type === "Ready")?.status, "Unknown");
  assert.deepEqual(node.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`).sort(), [
    "node.kubernetes.io/unreachable:NoExecute",
    "node.kubernetes.io/unreachable:NoSchedule",
  ]);
  assert.equal((await cluster.of(NODES, null).get("alive")).status?.conditions?.[0]?.status, "True");
  const unready = await cluster.of(PODS).get("web");
  assert.equal(unready.status?.conditions?.[0]?.status, "False");
  assert.equal(unready.metadata.deletionTimestamp, undefined);
  await cluster.of(LEASES, "kube-node-lease").delete("alive");
  await keepAlive(cluster, "alive", 300);
  const evicted = await cluster.of(PODS).get("web");
  assert.notEqual(evicted.metadata.deletionTimestamp, undefined);
  assert.ok(evicted.status?.conditions?.some(({ reason }) => reason === "DeletionByTaintManager"));
  const events = await cluster.events();
  for (const expected of [
    "Normal RegisteredNode Node silent event: Registered Node silent in Controller",
    "Normal NodeNotReady Node silent status is now: NodeNotReady",
    "Warning NodeNotReady Node is not ready",
    "Normal TaintManagerEviction Marking for deletion Pod default/web",
  ])
    assert.ok(events.includes(expected), `${expected} is not in ${events.join("; ")}`);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("a node that comes back loses its taints", async () => {
  const cluster = await startRealCluster([nodeLifecycleController()]);
  await readyNode(cluster, "alive");
  const taints = ["NoSchedule", "NoExecute"].map((effect) => ({
    key: "node.kubernetes.io/not-ready",
    effect,
  }));
  await cluster.of(NODES, null).patch("alive", "merge", { spec: { taints } });
  await cluster.timers.advance(6000);
  assert.deepEqual((await cluster.of(NODES, null).get("alive")).spec?.taints ?? [], []);
  await cluster.stop();
});

test("podGcController deletes Pods of nodes that are gone, and of too many that have ended the oldest", async () => {
  const cluster = await startRealCluster([podGcController({ terminatedMax: 1 })]);
  await cluster.of(NODES, null).create(nodeObject("here"));
  await cluster.of(PODS).create(podObject("lost", { spec: { nodeName: "gone" } }));
  await cluster.of(PODS).create(podObject("stays", { spec: { nodeName: "here" } }));
  for (const name of ["ended-1", "ended-2"]) {
    const pod = await cluster.of(PODS).create(podObject(name, { spec: { nodeName: "here" } }));
    await cluster.setStatus(PODS, pod, { phase: "Succeeded" });
    await cluster.timers.advance(1000);
  }
  await cluster.timers.advance(90_000);
  const names = (await cluster.all(PODS)).map(({ metadata }) => metadata.name).sort();
  assert.deepEqual(names, ["ended-2", "stays"]);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});
