import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../../api/status.js";
import type { Deployment, ReplicaSet } from "../../client/object-types.js";
import { DEPLOYMENTS, REPLICA_SETS } from "../../client/resources.js";
import { labelled, startCluster, type TestCluster } from "../harness/cluster.test-data.js";
import { conditionOf } from "../harness/conditions.js";
import { replicaSetController } from "../replication/replication-controller.js";
import { deploymentController } from "./deployment-controller.js";
import { revisionOf } from "./replica-sets.js";

const CONTROLLERS = [deploymentController, replicaSetController];

function deployment(replicas: number, more: object = {}) {
  return {
    metadata: { name: "web" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: labelled({ app: "web" }),
      progressDeadlineSeconds: 600,
      ...more,
    },
  };
}

const rolling = (maxSurge: number, maxUnavailable: number) => ({
  strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } },
});

function sets(cluster: TestCluster): ReplicaSet[] {
  const all = cluster.api.all("apps/replicasets") as ReplicaSet[];
  return all.sort((left, right) => revisionOf(left) - revisionOf(right));
}

const web = (cluster: TestCluster): Promise<Deployment> => cluster.of(DEPLOYMENTS).get("web");

async function progress(cluster: TestCluster): Promise<string> {
  const condition = conditionOf((await web(cluster)).status?.conditions, "Progressing");
  return `${condition?.status} ${condition?.reason} ${condition?.message}`;
}

/** As `kubectl set image` does. */
function setImage(cluster: TestCluster, image: string): Promise<Deployment> {
  const containers = [{ name: "main", image }];
  return cluster.of(DEPLOYMENTS).patch("web", "merge", { spec: { template: { spec: { containers } } } });
}

test("deploymentController brings a Deployment up, and says so in its status", async () => {
  const cluster = await startCluster(CONTROLLERS);
  await cluster.of(DEPLOYMENTS).create(deployment(3));
  await cluster.timers.advance(1000);
  const { status, metadata } = await web(cluster);
  const [set] = sets(cluster);
  const name = set?.metadata.name ?? "";
  assert.match(name, /^web-[bcdfghjklmnpqrstvwxz2456789]{8,10}$/);
  assert.equal(set?.metadata.labels?.["pod-template-hash"], name.slice(4));
  assert.equal(set?.spec?.selector.matchLabels?.["pod-template-hash"], name.slice(4));
  assert.equal(metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
  assert.deepEqual(
    { ...status, conditions: [] },
    {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 0,
      terminatingReplicas: 0,
      conditions: [],
    },
  );
  assert.equal(
    await progress(cluster),
    `True NewReplicaSetAvailable ReplicaSet "${name}" has successfully progressed.`,
  );
  assert.equal(conditionOf(status?.conditions, "Available")?.reason, "MinimumReplicasAvailable");
  assert.ok(cluster.events().includes(`Normal ScalingReplicaSet Scaled up replica set ${name} from 0 to 3`));
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("deploymentController rolls a new template out within maxSurge and maxUnavailable", async () => {
  const cluster = await startCluster(CONTROLLERS);
  await cluster.of(DEPLOYMENTS).create(deployment(10, rolling(3, 2)));
  await cluster.timers.advance(2000);
  await setImage(cluster, "web:2");
  for (let step = 0; step < 500; step++) {
    await cluster.timers.advance(5);
    const pods = cluster.pods().filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const ready = pods.filter((pod) => pod.status?.conditions?.some(({ status }) => status === "True"));
    assert.ok(pods.length <= 13, `${pods.length} Pods`);
    assert.ok(ready.length >= 8, `${ready.length} ready Pods`);
  }
  assert.deepEqual(
    sets(cluster).map((set) => [revisionOf(set), set.spec?.replicas]),
    [
      [1, 0],
      [2, 10],
    ],
  );
  assert.match(await progress(cluster), /^True NewReplicaSetAvailable/);
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("deploymentController makes an old template that comes back the newest revision", async () => {
  const cluster = await startCluster(CONTROLLERS);
  await cluster.of(DEPLOYMENTS).create(deployment(2));
  await cluster.timers.advance(1000);
  await setImage(cluster, "web:2");
  await cluster.timers.advance(1000);
  await setImage(cluster, "web:1");
  await cluster.timers.advance(1000);
  const all = sets(cluster);
  assert.deepEqual(
    all.map((set) => [revisionOf(set), set.spec?.replicas, set.spec?.template?.spec?.containers[0]?.image]),
    [
      [2, 0, "web:2"],
      [3, 2, "web:1"],
    ],
  );
  assert.equal(all[1]?.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1");
  assert.equal((await web(cluster)).metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
  await cluster.stop();
});

test("deploymentController keeps revisionHistoryLimit old sets", async () => {
  const cluster = await startCluster(CONTROLLERS);
  await cluster.of(DEPLOYMENTS).create(deployment(1, { revisionHistoryLimit: 1 }));
  for (const image of ["web:2", "web:3", "web:4"]) {
    await cluster.timers.advance(1000);
    await setImage(cluster, image);
  }
  await cluster.timers.advance(1000);
  assert.deepEqual(sets(cluster).map(revisionOf), [3, 4]);
  await cluster.stop();
});

test("deploymentController stops all old Pods before it starts new ones, when it is to recreate", async () => {
  const cluster = await startCluster(CONTROLLERS);
  await cluster.of(DEPLOYMENTS).create(deployment(3, { strategy: { type: "Recreate" } }));
  await cluster.timers.advance(1000);
  await setImage(cluster, "web:2");
  for (let step = 0; step < 100; step++) {
    await cluster.timers.advance(5);
    const images = new Set(cluster.pods().map((pod) => pod.spec?.containers[0]?.image));
    assert.ok(images.size <= 1, [...images].join(", "));
  }
  await cluster.timers.advance(1000);
  assert.deepEqual(
    cluster.pods().map((pod) => pod.spec?.containers[0]?.image),
    ["web:2", "web:2", "web:2"],
  );
  await cluster.stop();
});

test("deploymentController holds a rollout while paused, but scales", async () => {
  const cluster = await startCluster(CONTROLLERS);
  await cluster.of(DEPLOYMENTS).create(deployment(2));
  await cluster.timers.advance(1000);
  await cluster.of(DEPLOYMENTS).patch("web", "merge", { spec: { paused: true, replicas: 3 } });
  await setImage(cluster, "web:2");
  await cluster.timers.advance(1000);
  assert.equal(sets(cluster).length, 1);
  assert.equal(cluster.pods().length, 3);
  assert.equal(await progress(cluster), "Unknown DeploymentPaused Deployment is paused");
  await cluster.of(DEPLOYMENTS).patch("web", "merge", { spec: { paused: null } });
  await cluster.timers.advance(1000);
  assert.equal(sets(cluster).length, 2);
  assert.match(await progress(cluster), /^True NewReplicaSetAvailable/);
  await cluster.stop();
});

test("deploymentController says when a rollout makes no progress in time, and when it does again", async () => {
  const cluster = await startCluster(CONTROLLERS);
  await cluster.of(DEPLOYMENTS).create(deployment(2, { progressDeadlineSeconds: 60 }));
  await cluster.timers.advance(1000);
  cluster.kubelet.isReady = () => false;
  await setImage(cluster, "broken");
  await cluster.timers.advance(58_000);
  assert.match(await progress(cluster), /^True ReplicaSetUpdated ReplicaSet "web-.*" is progressing\.$/);
  await cluster.timers.advance(5000);
  assert.match(
    await progress(cluster),
    /^False ProgressDeadlineExceeded ReplicaSet "web-.*" has timed out progressing\.$/,
  );
  assert.equal((await web(cluster)).status?.availableReplicas, 2);
  cluster.kubelet.isReady = () => true;
  await setImage(cluster, "web:1");
  await cluster.timers.advance(1000);
  assert.match(await progress(cluster), /^True NewReplicaSetAvailable/);
  await cluster.stop();
});

test("deploymentController repeats why Pods cannot be made, and why a set cannot", async () => {
  const cluster = await startCluster(CONTROLLERS);
  let refused = "/pods";
  cluster.api.intercept = (request) => {
    if (request.method === "POST" && request.path.endsWith(refused))
      throw new StatusError("Forbidden", "no quota");
  };
  await cluster.of(DEPLOYMENTS).create(deployment(1));
  await cluster.timers.advance(1000);
  const failure = conditionOf((await web(cluster)).status?.conditions, "ReplicaFailure");
  assert.deepEqual(
    [failure?.status, failure?.reason, failure?.message],
    ["True", "FailedCreate", "no quota"],
  );
  refused = "/replicasets";
  await setImage(cluster, "web:2");
  await cluster.timers.advance(1000);
  assert.match(
    await progress(cluster),
    /^False ReplicaSetCreateError Failed to create new replica set "web-.*": no quota$/,
  );
  await cluster.stop();
});

test("deploymentController takes another name, when a foreign set has the one of its template", async () => {
  const cluster = await startCluster([deploymentController]);
  await cluster.of(DEPLOYMENTS).create(deployment(1));
  await cluster.timers.advance(1000);
  const name = sets(cluster)[0]?.metadata.name ?? "";
  await cluster.of(DEPLOYMENTS).delete("web");
  await cluster.of(REPLICA_SETS).delete(name);
  await cluster.of(REPLICA_SETS).create({ metadata: { name }, spec: { replicas: 0, selector: {} } });
  await cluster.of(DEPLOYMENTS).create(deployment(1));
  await cluster.timers.advance(1000);
  assert.equal((await web(cluster)).status?.collisionCount, 1);
  assert.equal(sets(cluster).length, 2);
  assert.notEqual(sets(cluster)[1]?.metadata.name, name);
  await cluster.stop();
});
