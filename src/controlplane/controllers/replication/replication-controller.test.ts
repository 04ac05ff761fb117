import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../../api/status.js";
import { PODS, REPLICA_SETS, REPLICATION_CONTROLLERS } from "../../client/resources.js";
import { labelled, setReady, startCluster, type TestCluster } from "../harness/cluster.test-data.js";
import { controllerOf } from "../harness/owners.js";
import { replicaSetController, replicationControllerController } from "./replication-controller.js";

function replicaSet(name: string, replicas: number, more: object = {}) {
  return {
    metadata: { name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: labelled({ app: name }), ...more },
  };
}

test("replicaSetController creates Pods, reports them ready, and deletes what is too many", async () => {
  const cluster = await startCluster([replicaSetController]);
  await cluster.of(REPLICA_SETS).create(replicaSet("web", 3));
  await cluster.timers.advance(1000);
  assert.equal(cluster.pods().length, 3);
  const [pod] = cluster.pods();
  assert.match(pod?.metadata.name ?? "", /^web-.{5}$/);
  assert.deepEqual(controllerOf(pod as never), {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: "web",
    uid: (await cluster.of(REPLICA_SETS).get("web")).metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  });
  assert.deepEqual((await cluster.of(REPLICA_SETS).get("web")).status, {
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    terminatingReplicas: 0,
    observedGeneration: 1,
  });
  await cluster.of(REPLICA_SETS).patch("web", "merge", { spec: { replicas: 1 } });
  await cluster.timers.advance(1000);
  assert.equal(cluster.pods().length, 1);
  assert.equal((await cluster.of(REPLICA_SETS).get("web")).status?.observedGeneration, 2);
  assert.equal(
    cluster.events().filter((text) => text.includes("SuccessfulCreate Created pod: web-")).length,
    3,
  );
  assert.equal(
    cluster.events().filter((text) => text.includes("SuccessfulDelete Deleted pod: web-")).length,
    2,
  );
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("replicaSetController replaces Pods that end or are deleted", async () => {
  const cluster = await startCluster([replicaSetController]);
  await cluster.of(REPLICA_SETS).create(replicaSet("web", 2));
  await cluster.timers.advance(1000);
  const [first, second] = cluster.pods().map((pod) => pod.metadata.name);
  await cluster.of(PODS).delete(first ?? "");
  await cluster.kubelet.finish(second ?? "", "Failed");
  await cluster.timers.advance(1000);
  const active = cluster.pods().filter((pod) => pod.status?.phase === "Running");
  assert.equal(active.length, 2);
  assert.ok(active.every((pod) => ![first, second].includes(pod.metadata.name)));
  await cluster.stop();
});

test("replicaSetController adopts Pods that match, and lets go of those that no longer do", async () => {
  const cluster = await startCluster([replicaSetController]);
  await cluster
    .of(PODS)
    .create({ ...labelled({ app: "web" }), metadata: { name: "old", labels: { app: "web" } } });
  await cluster.of(REPLICA_SETS).create(replicaSet("web", 2));
  await cluster.timers.advance(1000);
  assert.equal(cluster.pods().length, 2);
  assert.equal(controllerOf(await cluster.of(PODS).get("old"))?.name, "web");
  await cluster.of(PODS).patch("old", "merge", { metadata: { labels: { app: "debug" } } });
  await cluster.timers.advance(1000);
  assert.equal(controllerOf(await cluster.of(PODS).get("old")), undefined);
  assert.equal(cluster.pods().length, 3);
  await cluster.stop();
});

test("replicaSetController starts slowly, says why it fails, and takes that back", async () => {
  const cluster = await startCluster([replicaSetController]);
  let isFull = true;
  cluster.api.intercept = (request) => {
    if (isFull && request.method === "POST" && request.path.endsWith("/pods"))
      throw new StatusError("Forbidden", "exceeded quota");
  };
  await cluster.of(REPLICA_SETS).create(replicaSet("web", 100));
  await cluster.timers.advance(4);
  const attempts = cluster.api.requests.filter((each) => each === "POST /api/v1/namespaces/default/pods");
  assert.ok(attempts.length < 5, `${attempts.length} attempts`);
  const [failure] = (await cluster.of(REPLICA_SETS).get("web")).status?.conditions ?? [];
  assert.deepEqual(
    [failure?.type, failure?.status, failure?.reason, failure?.message],
    ["ReplicaFailure", "True", "FailedCreate", "exceeded quota"],
  );
  isFull = false;
  await cluster.timers.advance(10_000);
  assert.equal(cluster.pods().length, 100);
  assert.equal((await cluster.of(REPLICA_SETS).get("web")).status?.conditions, undefined);
  await cluster.stop();
});

test("replicaSetController counts a Pod as available after minReadySeconds", async () => {
  const cluster = await startCluster([replicaSetController]);
  await cluster.of(REPLICA_SETS).create(replicaSet("web", 1, { minReadySeconds: 30 }));
  const status = async () => (await cluster.of(REPLICA_SETS).get("web")).status;
  await cluster.timers.advance(29_000);
  assert.deepEqual([(await status())?.readyReplicas, (await status())?.availableReplicas], [1, 0]);
  await cluster.timers.advance(2000);
  assert.equal((await status())?.availableReplicas, 1);
  await setReady(cluster, cluster.pods()[0]?.metadata.name ?? "", false);
  await cluster.timers.advance(100);
  assert.deepEqual([(await status())?.readyReplicas, (await status())?.availableReplicas], [0, 0]);
  await cluster.stop();
});

test("replicationControllerController keeps Pods by its map of labels", async () => {
  const cluster = await startCluster([replicationControllerController]);
  await cluster.of(REPLICATION_CONTROLLERS).create({
    metadata: { name: "web" },
    spec: { replicas: 2, selector: { app: "web" }, template: labelled({ app: "web" }) },
  });
  await cluster.timers.advance(1000);
  assert.equal(cluster.pods().length, 2);
  assert.equal(controllerOf(cluster.pods()[0] as never)?.kind, "ReplicationController");
  assert.equal((await cluster.of(REPLICATION_CONTROLLERS).get("web")).status?.availableReplicas, 2);
  await cluster.stop();
});

/** Counts how many Pods the controller reads from its cache. */
function countReads(cluster: TestCluster): () => number {
  let reads = 0;
  const { lister } = cluster.manager.informers.informer(PODS);
  const byIndex = lister.byIndex.bind(lister);
  lister.byIndex = (index, value) => {
    const found = byIndex(index, value);
    reads += found.length;
    return found;
  };
  return () => reads;
}

test("replicaSetController creates 30,000 Pods in few passes over them", async () => {
  const cluster = await startCluster([replicaSetController]);
  cluster.kubelet.stop();
  const reads = countReads(cluster);
  await cluster.of(REPLICA_SETS).create(replicaSet("web", 30_000));
  while (cluster.pods().length < 30_000) await cluster.timers.advance(1000);
  // Bursts of 500 make 60 passes over half of them; a pass after each change would read each Pod 15,000 times.
  assert.ok(reads() / 30_000 < 100, `${reads() / 30_000} reads a Pod`);
  await cluster.stop();
});

test("replicaSetController gathers changes, when thousands of Pods become ready one after the other", async () => {
  const cluster = await startCluster([replicaSetController]);
  cluster.kubelet.stop();
  await cluster.of(REPLICA_SETS).create(replicaSet("web", 5000));
  while (cluster.pods().length < 5000) await cluster.timers.advance(1000);
  const reads = countReads(cluster);
  for (const pod of cluster.pods()) {
    await setReady(cluster, pod.metadata.name, true);
    await cluster.timers.advance(1);
  }
  await cluster.timers.advance(1000);
  assert.equal((await cluster.of(REPLICA_SETS).get("web")).status?.readyReplicas, 5000);
  // 5 s of changes, gathered for 50 ms each time.
  assert.ok(reads() / 5000 < 250, `${reads() / 5000} reads a Pod`);
  await cluster.stop();
});
