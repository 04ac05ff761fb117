import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../../api/status.js";
import type { ControllerRevision, Pod } from "../../client/object-types.js";
import { PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from "../../client/resources.js";
import { labelled, startCluster, type TestCluster } from "../harness/cluster.test-data.js";
import { statefulSetController } from "./statefulset-controller.js";

function statefulSet(replicas: number, more: object = {}) {
  return {
    metadata: { name: "db" },
    spec: {
      replicas,
      serviceName: "db",
      selector: { matchLabels: { app: "db" } },
      template: labelled({ app: "db" }),
      ...more,
    },
  };
}

const names = (cluster: TestCluster): string[] =>
  cluster
    .pods()
    .map((pod) => pod.metadata.name)
    .sort();
const images = (cluster: TestCluster): string[] =>
  cluster
    .pods()
    .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1))
    .map((pod) => pod.spec?.containers[0]?.image ?? "");
const setImage = (cluster: TestCluster, image: string) =>
  cluster.of(STATEFUL_SETS).patch("db", "merge", {
    spec: { template: { spec: { containers: [{ name: "main", image }] } } },
  });

test("statefulSetController starts Pods one after the other, each when the one before is ready", async () => {
  const cluster = await startCluster([statefulSetController]);
  cluster.kubelet.isReady = (pod) => pod.metadata.name !== "db-1";
  await cluster.of(STATEFUL_SETS).create(statefulSet(3));
  await cluster.timers.advance(1000);
  assert.deepEqual(names(cluster), ["db-0", "db-1"]);
  await cluster.of(PODS).delete("db-1");
  cluster.kubelet.isReady = () => true;
  await cluster.timers.advance(1000);
  assert.deepEqual(names(cluster), ["db-0", "db-1", "db-2"]);
  const pod = await cluster.of(PODS).get("db-2");
  assert.equal(pod.spec?.hostname, "db-2");
  assert.equal(pod.spec?.subdomain, "db");
  assert.equal(pod.metadata.labels?.["statefulset.kubernetes.io/pod-name"], "db-2");
  assert.equal(pod.metadata.labels?.["apps.kubernetes.io/pod-index"], "2");
  const { status } = await cluster.of(STATEFUL_SETS).get("db");
  assert.equal(status?.currentRevision, status?.updateRevision);
  assert.deepEqual([status?.replicas, status?.readyReplicas, status?.currentReplicas], [3, 3, 3]);
  assert.ok(
    cluster.events().includes("Normal SuccessfulCreate Create Pod db-2 in StatefulSet db successful"),
  );
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("statefulSetController scales down from the highest, and starts where its ordinals say", async () => {
  const cluster = await startCluster([statefulSetController]);
  await cluster.of(STATEFUL_SETS).create(statefulSet(3, { ordinals: { start: 5 } }));
  await cluster.timers.advance(1000);
  assert.deepEqual(names(cluster), ["db-5", "db-6", "db-7"]);
  cluster.kubelet.isStuck = (pod) => pod.metadata.name === "db-7";
  await cluster.of(STATEFUL_SETS).patch("db", "merge", { spec: { replicas: 1 } });
  await cluster.timers.advance(1000);
  const going = cluster.pods().filter((pod) => pod.metadata.deletionTimestamp !== undefined);
  assert.deepEqual(
    going.map((pod) => pod.metadata.name),
    ["db-7"],
  );
  await cluster.of(PODS).delete("db-7", { gracePeriodSeconds: 0 });
  await cluster.timers.advance(1000);
  assert.deepEqual(names(cluster), ["db-5"]);
  await cluster.stop();
});

test("statefulSetController starts and stops all at once, when it is parallel", async () => {
  const cluster = await startCluster([statefulSetController]);
  cluster.kubelet.isReady = () => false;
  await cluster.of(STATEFUL_SETS).create(statefulSet(4, { podManagementPolicy: "Parallel" }));
  await cluster.timers.advance(50);
  assert.equal(cluster.pods().length, 4);
  cluster.kubelet.isStuck = () => true;
  await cluster.of(STATEFUL_SETS).patch("db", "merge", { spec: { replicas: 1 } });
  await cluster.timers.advance(50);
  assert.equal(cluster.pods().filter((pod) => pod.metadata.deletionTimestamp !== undefined).length, 3);
  await cluster.stop();
});

test("statefulSetController updates from the highest down to the partition, one at a time", async () => {
  const cluster = await startCluster([statefulSetController]);
  const partition = (count: number) => ({
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: count } },
  });
  await cluster.of(STATEFUL_SETS).create(statefulSet(3, partition(2)));
  await cluster.timers.advance(1000);
  const before = (await cluster.of(STATEFUL_SETS).get("db")).status?.currentRevision;
  await setImage(cluster, "web:2");
  await cluster.timers.advance(1000);
  assert.deepEqual(images(cluster), ["web:1", "web:1", "web:2"]);
  const { status } = await cluster.of(STATEFUL_SETS).get("db");
  assert.equal(status?.currentRevision, before);
  assert.notEqual(status?.updateRevision, before);
  assert.deepEqual([status?.currentReplicas, status?.updatedReplicas], [2, 1]);
  // One that is lost below the partition comes back as it was.
  await cluster.of(PODS).delete("db-0");
  await cluster.timers.advance(1000);
  assert.deepEqual(images(cluster), ["web:1", "web:1", "web:2"]);
  await cluster.of(STATEFUL_SETS).patch("db", "merge", { spec: partition(0) });
  for (let step = 0; step < 200; step++) {
    await cluster.timers.advance(5);
    const down = cluster.pods().filter((pod) => !isReadyPod(pod)).length + 3 - cluster.pods().length;
    assert.ok(down <= 1, `${down} Pods are down`);
  }
  assert.deepEqual(images(cluster), ["web:2", "web:2", "web:2"]);
  const after = (await cluster.of(STATEFUL_SETS).get("db")).status;
  assert.equal(after?.currentRevision, after?.updateRevision);
  await cluster.stop();
});

function isReadyPod(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ status }) => status === "True") === true;
}

test("statefulSetController leaves Pods as they are until they are deleted, when it is OnDelete", async () => {
  const cluster = await startCluster([statefulSetController]);
  await cluster.of(STATEFUL_SETS).create(statefulSet(2, { updateStrategy: { type: "OnDelete" } }));
  await cluster.timers.advance(1000);
  await setImage(cluster, "web:2");
  await cluster.timers.advance(1000);
  assert.deepEqual(images(cluster), ["web:1", "web:1"]);
  await cluster.of(PODS).delete("db-0");
  await cluster.timers.advance(1000);
  assert.deepEqual(images(cluster), ["web:2", "web:1"]);
  await cluster.stop();
});

test("statefulSetController replaces a Pod that failed", async () => {
  const cluster = await startCluster([statefulSetController]);
  await cluster.of(STATEFUL_SETS).create(statefulSet(1));
  await cluster.timers.advance(1000);
  const before = (await cluster.of(PODS).get("db-0")).metadata.uid;
  await cluster.kubelet.finish("db-0", "Failed");
  await cluster.timers.advance(1000);
  const pod = await cluster.of(PODS).get("db-0");
  assert.notEqual(pod.metadata.uid, before);
  assert.equal(pod.status?.phase, "Running");
  await cluster.stop();
});

test("statefulSetController makes a claim for each Pod, and keeps or hands it over as the policy says", async () => {
  const cluster = await startCluster([statefulSetController]);
  const claims = {
    volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"] } }],
    persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete", whenDeleted: "Delete" },
  };
  await cluster.of(STATEFUL_SETS).create(statefulSet(2, claims));
  await cluster.timers.advance(1000);
  const owner = async (name: string) =>
    (await cluster.of(PERSISTENT_VOLUME_CLAIMS).get(name)).metadata.ownerReferences?.map(({ kind }) => kind);
  assert.deepEqual(await owner("data-db-0"), ["StatefulSet"]);
  const pod = await cluster.of(PODS).get("db-1");
  assert.deepEqual(pod.spec?.volumes, [
    { name: "data", persistentVolumeClaim: { claimName: "data-db-1", readOnly: false } },
  ]);
  await cluster.of(STATEFUL_SETS).patch("db", "merge", { spec: { replicas: 1 } });
  await cluster.timers.advance(1000);
  assert.deepEqual(await owner("data-db-1"), ["Pod"]);
  assert.deepEqual(await owner("data-db-0"), ["StatefulSet"]);
  assert.deepEqual(names(cluster), ["db-0"]);
  await cluster.stop();
});

test("statefulSetController keeps revisionHistoryLimit revisions, and takes an old one up again", async () => {
  const cluster = await startCluster([statefulSetController]);
  const revisions = () =>
    (cluster.api.all("apps/controllerrevisions") as ControllerRevision[])
      .map(({ revision }) => revision)
      .sort();
  await cluster.of(STATEFUL_SETS).create(statefulSet(1, { revisionHistoryLimit: 1 }));
  for (const image of ["web:2", "web:3", "web:2"]) {
    await cluster.timers.advance(1000);
    await setImage(cluster, image);
  }
  await cluster.timers.advance(1000);
  assert.deepEqual(revisions(), [3, 4]);
  assert.deepEqual(images(cluster), ["web:2"]);
  await cluster.stop();
});

test("statefulSetController waits for a foreign Pod of its name to go, and says why it cannot make one", async () => {
  const cluster = await startCluster([statefulSetController]);
  await cluster.of(PODS).create({ ...labelled({ app: "other" }), metadata: { name: "db-0" } });
  await cluster.of(STATEFUL_SETS).create(statefulSet(1));
  await cluster.timers.advance(1000);
  assert.equal((await cluster.of(STATEFUL_SETS).get("db")).status?.replicas, 0);
  await cluster.of(PODS).delete("db-0", { gracePeriodSeconds: 0 });
  cluster.api.intercept = ({ method, path }) => {
    if (method === "POST" && path.endsWith("/pods")) throw new StatusError("Forbidden", "no quota");
  };
  await cluster.timers.advance(10_000);
  const text = "Warning FailedCreate Create Pod db-0 in StatefulSet db failed error: no quota";
  assert.ok(cluster.events().some((event) => event.startsWith(text)));
  cluster.api.intercept = null;
  await cluster.timers.advance(60_000);
  assert.equal((await cluster.of(STATEFUL_SETS).get("db")).status?.readyReplicas, 1);
  await cluster.stop();
});
