import assert from "node:assert/strict";
import { test } from "node:test";
import type { DaemonSet, Node, Pod } from "../../client/object-types.js";
import { DAEMON_SETS, NODES, PODS } from "../../client/resources.js";
import { labelled, startCluster, type TestCluster } from "../harness/cluster.test-data.js";
import { nodeNameOf } from "./daemon-pod.js";
import { daemonSetController } from "./daemonset-controller.js";
import { fitOf } from "./node-fit.js";

async function addNode(cluster: TestCluster, name: string, spec: object = {}, labels = {}): Promise<void> {
  await cluster.client
    .resource({ group: "", version: "v1", resource: "nodes" }, null)
    .create({ metadata: { name, labels }, spec });
}

function daemonSet(more: object = {}, podSpec: object = {}) {
  const template = labelled({ app: "agent" });
  return {
    metadata: { name: "agent" },
    spec: {
      selector: { matchLabels: { app: "agent" } },
      template: { ...template, spec: { ...template.spec, ...podSpec } },
      ...more,
    },
  };
}

async function start(nodes: number): Promise<TestCluster> {
  const cluster = await startCluster([daemonSetController]);
  for (let index = 1; index <= nodes; index++) await addNode(cluster, `node-${index}`);
  return cluster;
}

const places = (cluster: TestCluster): string[] => cluster.pods().map(nodeNameOf).sort();
const isUp = (pod: Pod): boolean => pod.status?.conditions?.some(({ status }) => status === "True") === true;
const setImage = (cluster: TestCluster, image: string) =>
  cluster.of(DAEMON_SETS).patch("agent", "merge", {
    spec: { template: { spec: { containers: [{ name: "main", image }] } } },
  });

const FITS: readonly {
  readonly what: string;
  readonly node: object;
  readonly pod: object;
  readonly fit: readonly [shouldRun: boolean, mayStay: boolean];
}[] = [
  { what: "any node", node: {}, pod: {}, fit: [true, true] },
  { what: "one that is cordoned", node: { unschedulable: true }, pod: {}, fit: [true, true] },
  {
    what: "a NoSchedule taint",
    node: { taints: [{ key: "a", effect: "NoSchedule" }] },
    pod: {},
    fit: [false, true],
  },
  {
    what: "a NoExecute taint",
    node: { taints: [{ key: "a", effect: "NoExecute" }] },
    pod: {},
    fit: [false, false],
  },
  {
    what: "a taint that it tolerates",
    node: { taints: [{ key: "a", value: "b", effect: "NoExecute" }] },
    pod: { tolerations: [{ key: "a", value: "b" }] },
    fit: [true, true],
  },
  {
    what: "a node that is not ready",
    node: { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }] },
    pod: {},
    fit: [true, true],
  },
  {
    what: "a node without network",
    node: { taints: [{ key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" }] },
    pod: {},
    fit: [false, true],
  },
  {
    what: "a node without network, on the host's",
    node: { taints: [{ key: "node.kubernetes.io/network-unavailable", effect: "NoSchedule" }] },
    pod: { hostNetwork: true },
    fit: [true, true],
  },
  { what: "a label that it has", node: {}, pod: { nodeSelector: { disk: "ssd" } }, fit: [true, true] },
  { what: "a label that it has not", node: {}, pod: { nodeSelector: { disk: "hdd" } }, fit: [false, false] },
  { what: "another node's name", node: {}, pod: { nodeName: "other" }, fit: [false, false] },
];

for (const { what, node, pod, fit } of FITS) {
  test(`fitOf says whether a Pod runs and stays, with ${what}`, () => {
    const set = { apiVersion: "apps/v1", kind: "DaemonSet", ...daemonSet({}, pod) } as DaemonSet;
    const metadata = { name: "node-1", labels: { disk: "ssd" } };
    const { shouldRun, mayStay } = fitOf(set, {
      apiVersion: "v1",
      kind: "Node",
      metadata,
      spec: node,
    } as Node);
    assert.deepEqual([shouldRun, mayStay], fit);
  });
}

test("daemonSetController puts one Pod on each node that fits, pinned by name", async () => {
  const cluster = await start(2);
  await addNode(cluster, "master", { taints: [{ key: "control-plane", effect: "NoSchedule" }] });
  await cluster.of(DAEMON_SETS).create(daemonSet());
  await cluster.timers.advance(15);
  assert.deepEqual(places(cluster), ["node-1", "node-2"]);
  const [pod] = cluster.pods();
  assert.deepEqual(
    pod?.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
    [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }] }],
  );
  await cluster.timers.advance(1000);
  assert.deepEqual((await cluster.of(DAEMON_SETS).get("agent")).status, {
    currentNumberScheduled: 2,
    numberMisscheduled: 0,
    desiredNumberScheduled: 2,
    numberReady: 2,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
    numberUnavailable: 0,
    observedGeneration: 1,
  });
  assert.deepEqual(cluster.errors, []);
  await cluster.stop();
});

test("daemonSetController follows nodes that come, change and go", async () => {
  const cluster = await start(1);
  await cluster.of(DAEMON_SETS).create(daemonSet({}, { nodeSelector: { disk: "ssd" } }));
  await cluster.timers.advance(1000);
  assert.deepEqual(places(cluster), []);
  await addNode(cluster, "node-2", {}, { disk: "ssd" });
  const nodes = cluster.client.resource({ group: "", version: "v1", resource: "nodes" }, null);
  await nodes.patch("node-1", "merge", { metadata: { labels: { disk: "ssd" } } });
  await cluster.timers.advance(1000);
  assert.deepEqual(places(cluster), ["node-1", "node-2"]);
  await nodes.patch("node-1", "merge", { metadata: { labels: { disk: null } } });
  await cluster.timers.advance(1000);
  assert.deepEqual(places(cluster), ["node-2"]);
  assert.equal(cluster.manager.informers.informer(NODES).lister.size, 2);
  await cluster.stop();
});

test("daemonSetController updates as many nodes at a time as maxUnavailable lets", async () => {
  const cluster = await start(4);
  const updateStrategy = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 2 } };
  await cluster.of(DAEMON_SETS).create(daemonSet({ updateStrategy }));
  await cluster.timers.advance(1000);
  await setImage(cluster, "agent:2");
  let fewest = 4;
  for (let step = 0; step < 100; step++) {
    await cluster.timers.advance(5);
    fewest = Math.min(
      fewest,
      cluster.pods().filter((pod) => isUp(pod) && !pod.metadata.deletionTimestamp).length,
    );
  }
  assert.equal(fewest, 2);
  assert.deepEqual([...new Set(cluster.pods().map((pod) => pod.spec?.containers[0]?.image))], ["agent:2"]);
  assert.equal((await cluster.of(DAEMON_SETS).get("agent")).status?.updatedNumberScheduled, 4);
  await cluster.stop();
});

test("daemonSetController keeps an old Pod until the new one beside it serves, when it surges", async () => {
  const cluster = await start(3);
  const updateStrategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  await cluster.of(DAEMON_SETS).create(daemonSet({ updateStrategy }));
  await cluster.timers.advance(1000);
  await setImage(cluster, "agent:2");
  for (let step = 0; step < 100; step++) {
    await cluster.timers.advance(5);
    const serving = cluster.pods().filter((pod) => isUp(pod) && !pod.metadata.deletionTimestamp);
    assert.ok(serving.length >= 3, `${serving.length} serve`);
    assert.ok(cluster.pods().length <= 5, `${cluster.pods().length} Pods`);
  }
  assert.deepEqual(
    cluster.pods().map((pod) => pod.spec?.containers[0]?.image),
    ["agent:2", "agent:2", "agent:2"],
  );
  await cluster.stop();
});

test("daemonSetController replaces Pods only when they are deleted, when it is OnDelete", async () => {
  const cluster = await start(2);
  await cluster.of(DAEMON_SETS).create(daemonSet({ updateStrategy: { type: "OnDelete" } }));
  await cluster.timers.advance(1000);
  await setImage(cluster, "agent:2");
  await cluster.timers.advance(1000);
  assert.equal((await cluster.of(DAEMON_SETS).get("agent")).status?.updatedNumberScheduled, 0);
  await cluster.of(PODS).delete(cluster.pods()[0]?.metadata.name ?? "");
  await cluster.timers.advance(1000);
  assert.deepEqual(
    cluster
      .pods()
      .map((pod) => pod.spec?.containers[0]?.image)
      .sort(),
    ["agent:2", "web:1"],
  );
  await cluster.stop();
});

test("daemonSetController replaces a failed Pod, later each time", async () => {
  const cluster = await start(1);
  await cluster.of(DAEMON_SETS).create(daemonSet());
  await cluster.timers.advance(500);
  const fail = async () => cluster.kubelet.finish(cluster.pods()[0]?.metadata.name ?? "", "Failed");
  const [first] = cluster.pods();
  await fail();
  await cluster.timers.advance(100);
  const [second] = cluster.pods();
  assert.notEqual(second?.metadata.uid, first?.metadata.uid);
  await fail();
  await cluster.timers.advance(500);
  assert.equal(cluster.pods()[0]?.metadata.uid, second?.metadata.uid);
  await cluster.timers.advance(600);
  assert.notEqual(cluster.pods()[0]?.metadata.uid, second?.metadata.uid);
  assert.ok(
    cluster.events().some((text) => text.startsWith("Warning FailedDaemonPod Found failed daemon pod")),
  );
  await cluster.stop();
});
