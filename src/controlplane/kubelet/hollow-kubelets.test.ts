import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { Worker } from "node:worker_threads";
import {
  createPod,
  deletePod,
  eventsOf,
  hollowCluster,
  nodeNamed,
  podNamed,
  sketch,
} from "./hollow-cluster.test-data.js";
import { sampleContainer } from "./pod/sample-pods.test-data.js";

const ready = (node: ReturnType<typeof nodeNamed>) =>
  node?.status.conditions.find(({ type }) => type === "Ready");

test("nodes register with labels, addresses and conditions, and keep a Lease", async () => {
  const cluster = await hollowCluster({ nodes: [{ name: "node-0", zone: "a", labels: { tier: "gold" } }] });
  const node = nodeNamed(cluster, "node-0");
  assert.equal(node?.metadata.labels?.["kubernetes.io/hostname"], "node-0");
  assert.equal(node?.metadata.labels?.["topology.kubernetes.io/zone"], "a");
  assert.equal(node?.metadata.labels?.["tier"], "gold");
  assert.equal(ready(node)?.status, "True");
  assert.equal(cluster.api.all("coordination.k8s.io/leases").length, 1);
});

test("leases are renewed every ten seconds and spread over them; status only when it changed", async () => {
  const nodes = Array.from({ length: 100 }, (_, index) => ({ name: `node-${index}` }));
  const cluster = await hollowCluster({ nodes });
  await cluster.timers.advance(10_000);
  cluster.api.requests.length = 0;
  const perSecond: number[] = [];
  for (let second = 0; second < 10; second++) {
    const before = cluster.api.requests.length;
    await cluster.timers.advance(1000);
    perSecond.push(cluster.api.requests.length - before);
  }
  const requests = cluster.api.requests;
  assert.ok(
    requests.every((request) =>
      request.startsWith("PUT /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/"),
    ),
  );
  assert.ok(requests.length >= 90 && requests.length <= 102, `${requests.length} renewals`);
  assert.ok(Math.max(...perSecond) <= 25, `at most ${Math.max(...perSecond)} in one second`);
  await cluster.timers.advance(300_000);
  const statusWrites = requests.filter((request) => request.startsWith("PATCH")).length;
  assert.ok(statusWrites >= 100 && statusWrites <= 200, `${statusWrites} status writes`);
});

test("a node that fails is silent until it recovers, and then catches up", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "old" });
  await createPod(cluster, { name: "job", run: "exit 0 after 30s", spec: { restartPolicy: "Never" } });
  await createPod(cluster, { name: "crashing", run: "exit 1 after 1s" });
  await cluster.timers.advance(6000);
  cluster.kubelets.failNode("node-0");
  cluster.api.requests.length = 0;
  await createPod(cluster, { name: "new" });
  await deletePod(cluster, "old");
  await cluster.timers.advance(60_000);
  assert.deepEqual(
    cluster.api.requests.filter((request) => !/pods(\/old)?$/.test(request)),
    [],
  );
  cluster.kubelets.recoverNode("node-0");
  await cluster.timers.advance(1000);
  assert.equal(sketch(cluster, "old"), "gone");
  assert.equal(sketch(cluster, "new"), "Running web:running#0+ready");
  assert.equal(sketch(cluster, "job"), "Succeeded web:Completed(0)#0");
});

test("a runtime that hangs makes the node not ready after three minutes", async () => {
  const cluster = await hollowCluster();
  cluster.kubelets.hangRuntime("node-0");
  await createPod(cluster, { name: "web" });
  await cluster.timers.advance(170_000);
  assert.equal(ready(nodeNamed(cluster, "node-0"))?.status, "True");
  await cluster.timers.advance(25_000);
  assert.equal(ready(nodeNamed(cluster, "node-0"))?.status, "False");
  assert.match(ready(nodeNamed(cluster, "node-0"))?.message ?? "", /^PLEG is not healthy/);
  assert.equal(sketch(cluster, "web"), "Pending web:ContainerCreating#0");
  cluster.kubelets.resumeRuntime("node-0");
  await cluster.timers.advance(11_000);
  assert.equal(ready(nodeNamed(cluster, "node-0"))?.status, "True");
  assert.equal(sketch(cluster, "web"), "Running web:running#0+ready");
});

test("a node that is short of memory says so and evicts who exceeds requests", async () => {
  const cluster = await hollowCluster({ nodes: [{ name: "node-0", capacity: { memory: "2Gi" } }] });
  const resources = { requests: { memory: "700Mi" } };
  await createPod(cluster, { name: "good", run: "memory 600Mi", container: { resources } });
  await createPod(cluster, { name: "greedy", run: "memory 10Mi; memory 890Mi after 5s" });
  await cluster.timers.advance(20_000);
  assert.equal(sketch(cluster, "good"), "Running web:running#0+ready");
  const evicted = podNamed(cluster, "greedy")?.status;
  assert.equal(`${evicted?.phase} ${evicted?.reason}`, "Failed Evicted");
  assert.match(
    evicted?.message ?? "",
    /^The node was low on resource: memory. Threshold quantity: 100Mi, available: /,
  );
  assert.ok(
    evicted?.conditions?.some(
      ({ type, reason }) => type === "DisruptionTarget" && reason === "TerminationByKubelet",
    ),
  );
  const pressure = () =>
    nodeNamed(cluster, "node-0")?.status.conditions.find(({ type }) => type === "MemoryPressure");
  assert.equal(pressure()?.status, "True");
  await createPod(cluster, { name: "late" });
  assert.equal(podNamed(cluster, "late")?.status?.reason, "Evicted");
  await cluster.timers.advance(330_000);
  assert.equal(pressure()?.status, "False");
});

test("a node that has no memory left kills the container with the worst score at once", async () => {
  const cluster = await hollowCluster({ nodes: [{ name: "node-0", capacity: { memory: "2Gi" } }] });
  const resources = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } };
  await createPod(cluster, { name: "guaranteed", run: "memory 900Mi", container: { resources } });
  await createPod(cluster, { name: "besteffort", run: "memory 10Mi; memory 3Gi after 5s" });
  await cluster.timers.advance(5500);
  const last = podNamed(cluster, "besteffort")?.status?.containerStatuses?.[0];
  await cluster.timers.advance(1000);
  assert.match(JSON.stringify([last, podNamed(cluster, "besteffort")?.status]), /OOMKilled/);
  assert.equal(sketch(cluster, "guaranteed"), "Running web:running#0+ready");
  assert.ok(eventsOf(cluster, "node-0").some((event) => event.startsWith("SystemOOM")));
});

test("a Pod that does not fit is turned away", async () => {
  const cluster = await hollowCluster({ nodes: [{ name: "node-0", capacity: { cpu: "2" } }] });
  const resources = { requests: { cpu: "1500m" } };
  await createPod(cluster, { name: "first", container: { resources } });
  await createPod(cluster, { name: "second", container: { resources } });
  const status = podNamed(cluster, "second")?.status;
  assert.equal(status?.reason, "OutOfcpu");
  assert.equal(
    status?.message,
    "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2000",
  );
  await deletePod(cluster, "first");
  await createPod(cluster, { name: "third", container: { resources } });
  assert.equal(sketch(cluster, "third"), "Running web:running#0+ready");
});

test("a static Pod has a mirror, which comes back when it is deleted", async () => {
  const spec = { containers: [sampleContainer("etcd", { image: "etcd:3.6" })] };
  const cluster = await hollowCluster({ nodes: [{ name: "node-0", staticPods: [{ name: "etcd", spec }] }] });
  const uid = podNamed(cluster, "etcd-node-0")?.metadata.uid;
  assert.equal(sketch(cluster, "etcd-node-0"), "Running etcd:running#0+ready");
  await deletePod(cluster, "etcd-node-0", "kube-system");
  await cluster.timers.advance(0);
  assert.equal(sketch(cluster, "etcd-node-0"), "Running etcd:running#0+ready");
  assert.notEqual(podNamed(cluster, "etcd-node-0")?.metadata.uid, uid);
});

test("Pods take their addresses from the node's podCIDR", async () => {
  const cluster = await hollowCluster();
  const nodes = cluster.api.client().resource({ group: "", version: "v1", resource: "nodes" }, null);
  await nodes.patch("node-0", "merge", { spec: { podCIDR: "10.244.7.0/24" } });
  await createPod(cluster, { name: "web" });
  assert.match(podNamed(cluster, "web")?.status?.podIP ?? "", /^10\.244\.7\./);
  await createPod(cluster, { name: "host", spec: { hostNetwork: true } });
  assert.equal(podNamed(cluster, "host")?.status?.podIP, "172.16.0.2");
});

test("a node says which images it has, with the beat after they came", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web" });
  await cluster.timers.advance(11_000);
  const node = nodeNamed(cluster, "node-0") as unknown as { status: { images: { names: string[] }[] } };
  assert.match(node.status.images[0]?.names[1] ?? "", /^docker\.io\/library\/nginx:1\.27$/);
});

test("statsSummary adds up what a node's containers use", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", run: "memory 100Mi; cpu 250m" });
  const summary = cluster.kubelets.statsSummary("node-0");
  assert.equal(summary?.pods[0]?.containers[0]?.memory.workingSetBytes, 100 * 1024 ** 2);
  assert.equal(summary?.pods[0]?.cpu.usageNanoCores, 250e6);
  assert.equal(summary?.node.cpu.usageNanoCores, 300e6);
  assert.equal(cluster.kubelets.statsSummary("nowhere"), null);
});

test("a kubelet's pages: health, summary, metrics of resources and its Pods; none of a node that is silent", async () => {
  const cluster = await hollowCluster();
  await createPod(cluster, { name: "web", run: "memory 100Mi; cpu 250m" });
  const { streams } = cluster.kubelets;
  const textOf = (path: string) => streams.page("node-0", path)?.text ?? "";
  assert.equal(textOf("/healthz"), "ok");
  assert.equal(JSON.parse(textOf("/stats/summary")).pods[0].podRef.name, "web");
  assert.equal(JSON.parse(textOf("/pods/")).items[0].metadata.name, "web");
  assert.match(
    textOf("/metrics/resource"),
    /^container_memory_working_set_bytes\{container="[^"]+",namespace="default",pod="web"\} 1.048576e\+08$/m,
  );
  assert.equal(streams.page("node-0", "/nowhere"), null);
  cluster.kubelets.failNode("node-0");
  assert.throws(() => textOf("/healthz"), /does not answer/);
});

test("no Events are written when they are switched off", async () => {
  const cluster = await hollowCluster({ reportsEvents: false });
  await createPod(cluster, { name: "web" });
  assert.deepEqual(eventsOf(cluster, "web"), []);
});

test("1,000 nodes run 5,000 Pods", async () => {
  // In a thread of its own: the test runner follows every promise.
  const worker = new Worker(new URL("./hollow-load.test-data.js", import.meta.url));
  const [startedPodsCount] = (await once(worker, "message")) as [number];
  await worker.terminate();
  assert.equal(startedPodsCount, 5000);
});
