import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../client/object-types.js";
import {
  CRON_JOBS,
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  REPLICA_SETS,
  STATEFUL_SETS,
} from "../client/resources.js";
import { WORKLOAD_CONTROLLERS } from "../controllers/controllers.js";
import { TestKubelet } from "../controllers/harness/cluster.test-data.js";
import { type RealCluster, startRealCluster } from "./real-cluster.test-data.js";

const WORKLOADS = WORKLOAD_CONTROLLERS.filter(({ name }) =>
  [
    "deployment",
    "replicaset",
    "replicationcontroller",
    "statefulset",
    "daemonset",
    "job",
    "ttl-after-finished",
    "cronjob",
  ].includes(name),
);

function template(app: string, image = "web:1", restartPolicy = "Always") {
  return { metadata: { labels: { app } }, spec: { restartPolicy, containers: [{ name: "main", image }] } };
}

function workload(kind: string, name: string, spec: object) {
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, template: template(name), ...spec },
  };
}

async function start(): Promise<{ cluster: RealCluster; kubelet: TestKubelet; stop: () => Promise<void> }> {
  const cluster = await startRealCluster(WORKLOADS);
  const kubelet = new TestKubelet(cluster.client, cluster.timers);
  for (const name of ["node-1", "node-2"])
    await cluster.of(NODES, null).create({ apiVersion: "v1", kind: "Node", metadata: { name } });
  await cluster.timers.advance(100);
  const stop = async (): Promise<void> => {
    kubelet.stop();
    await cluster.stop();
  };
  return { cluster, kubelet, stop };
}

const pods = (cluster: RealCluster): Promise<readonly Pod[]> => cluster.all(PODS);
const imagesOf = async (cluster: RealCluster): Promise<string[]> =>
  (await pods(cluster)).map((pod) => pod.spec?.containers[0]?.image ?? "").sort();

test("a Deployment rolls out and back on the API server", async () => {
  const { cluster, stop } = await start();
  await cluster.of(DEPLOYMENTS).create(workload("Deployment", "web", { replicas: 3 }));
  await cluster.timers.advance(5000);
  assert.equal((await cluster.of(DEPLOYMENTS).get("web")).status?.availableReplicas, 3);
  const image = (name: string) => ({
    spec: { template: { spec: { containers: [{ name: "main", image: name }] } } },
  });
  await cluster.of(DEPLOYMENTS).patch("web", "strategic", image("web:2"));
  await cluster.timers.advance(5000);
  assert.deepEqual(await imagesOf(cluster), ["web:2", "web:2", "web:2"]);
  await cluster.of(DEPLOYMENTS).patch("web", "strategic", image("web:1"));
  await cluster.timers.advance(5000);
  assert.deepEqual(await imagesOf(cluster), ["web:1", "web:1", "web:1"]);
  const web = await cluster.of(DEPLOYMENTS).get("web");
  assert.equal(web.metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
  assert.equal(web.status?.observedGeneration, web.metadata.generation);
  assert.equal((await cluster.all(REPLICA_SETS)).length, 2);
  assert.deepEqual(cluster.errors, []);
  await stop();
});

test("a StatefulSet with claims starts in order and updates on the API server", async () => {
  const { cluster, stop } = await start();
  const claim = {
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
  const spec = { replicas: 2, serviceName: "db", volumeClaimTemplates: [claim] };
  await cluster.of(STATEFUL_SETS).create(workload("StatefulSet", "db", spec));
  await cluster.timers.advance(5000);
  assert.deepEqual(
    (await pods(cluster)).map(({ metadata }) => metadata.name),
    ["db-0", "db-1"],
  );
  assert.equal((await cluster.all(PERSISTENT_VOLUME_CLAIMS)).length, 2);
  const containers = [{ name: "main", image: "web:2" }];
  await cluster.of(STATEFUL_SETS).patch("db", "strategic", { spec: { template: { spec: { containers } } } });
  await cluster.timers.advance(5000);
  assert.deepEqual(await imagesOf(cluster), ["web:2", "web:2"]);
  const { status } = await cluster.of(STATEFUL_SETS).get("db");
  assert.equal(status?.currentRevision, status?.updateRevision);
  assert.deepEqual(cluster.errors, []);
  await stop();
});

test("a DaemonSet runs on each node and updates on the API server", async () => {
  const { cluster, stop } = await start();
  await cluster.of(DAEMON_SETS).create(workload("DaemonSet", "agent", {}));
  await cluster.timers.advance(5000);
  assert.deepEqual((await pods(cluster)).map(({ spec }) => spec?.nodeName).sort(), ["node-1", "node-2"]);
  const containers = [{ name: "main", image: "web:2" }];
  await cluster.of(DAEMON_SETS).patch("agent", "strategic", { spec: { template: { spec: { containers } } } });
  await cluster.timers.advance(5000);
  const { status } = await cluster.of(DAEMON_SETS).get("agent");
  assert.deepEqual([status?.updatedNumberScheduled, status?.numberAvailable], [2, 2]);
  assert.deepEqual(cluster.errors, []);
  await stop();
});

test("a CronJob starts Jobs, and Jobs run to completion on the API server", async () => {
  const { cluster, kubelet, stop } = await start();
  const jobTemplate = {
    spec: { completions: 2, parallelism: 2, template: template("sum", "sum:1", "Never") },
  };
  await cluster.of(CRON_JOBS).create({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "sum" },
    spec: { schedule: "* * * * *", jobTemplate },
  });
  await cluster.timers.advance(62_000);
  const running = await pods(cluster);
  assert.equal(running.length, 2);
  for (const pod of running) await kubelet.finish(pod.metadata.name, "Succeeded");
  await cluster.timers.advance(5000);
  const [job] = await cluster.all(JOBS);
  assert.equal(job?.status?.succeeded, 2);
  assert.ok(job?.status?.conditions?.some(({ type, status }) => type === "Complete" && status === "True"));
  assert.ok((await pods(cluster)).every(({ metadata }) => (metadata.finalizers ?? []).length === 0));
  assert.ok((await cluster.of(CRON_JOBS).get("sum")).status?.lastSuccessfulTime !== undefined);
  assert.deepEqual(cluster.errors, []);
  await stop();
});
