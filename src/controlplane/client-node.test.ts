// A client library of other people, @kubernetes/client-node, against the whole plane over HTTPS.
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  Metrics,
  PatchStrategy,
  setHeaderOptions,
  topNodes,
  type V1ConfigMap,
  type V1Pod,
  type V1Status,
  Watch,
} from "@kubernetes/client-node";
import { delay, realTimers } from "../base/timers.js";
import { startTestPlane, type TestPlane } from "./plane.test-data.js";

const NAMESPACE = "default";
const WAIT_MS = 10_000;

let plane: TestPlane;
let config: KubeConfig;
let core: CoreV1Api;

before(async () => {
  plane = await startTestPlane();
  config = new KubeConfig();
  config.loadFromFile(plane.kubeconfigPath);
  core = config.makeApiClient(CoreV1Api);
});

after(() => plane.stop());

function sleeper(name: string): V1Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "sleeper" } },
    spec: { containers: [{ name: "c", image: "busybox", command: ["sleep", "3600"] }] },
  };
}

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const endMs = realTimers.milliseconds() + WAIT_MS; realTimers.milliseconds() < endMs; ) {
    if (await holds()) return;
    await delay(realTimers, 20);
  }
  assert.fail(`${what}: not within ${WAIT_MS / 1000} s`);
}

async function running(name: string): Promise<void> {
  await core.createNamespacedPod({ namespace: NAMESPACE, body: sleeper(name) });
  await eventually(`${name} runs`, async () => {
    const { status } = await core.readNamespacedPod({ namespace: NAMESPACE, name });
    return status?.phase === "Running";
  });
}

test("client-node lists nodes, creates, replaces, patches and deletes", async () => {
  const nodes = await core.listNode();
  assert.deepEqual(nodes.items.map(({ metadata }) => metadata?.name).sort(), ["node-0", "node-1", "node-2"]);
  const body = { metadata: { name: "settings" }, data: { color: "blue" } };
  const created = await core.createNamespacedConfigMap({ namespace: NAMESPACE, body });
  const replaced = await core.replaceNamespacedConfigMap({
    namespace: NAMESPACE,
    name: "settings",
    body: { ...created, data: { color: "red" } },
  });
  assert.equal(replaced.data?.["color"], "red");
  await assert.rejects(
    core.replaceNamespacedConfigMap({ namespace: NAMESPACE, name: "settings", body: created }),
    (error: { code?: number }) => error.code === 409,
  );
  const patched = await core.patchNamespacedConfigMap(
    { namespace: NAMESPACE, name: "settings", body: [{ op: "add", path: "/data/size", value: "large" }] },
    setHeaderOptions("Content-Type", PatchStrategy.JsonPatch),
  );
  assert.deepEqual(patched.data, { color: "red", size: "large" });
  await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "settings" });
  await assert.rejects(
    core.readNamespacedConfigMap({ namespace: NAMESPACE, name: "settings" }),
    (error: { code?: number }) => error.code === 404,
  );
});

test("client-node's informer sees a Pod come, change and go", async () => {
  const seen: string[] = [];
  const list = () => core.listNamespacedPod({ namespace: NAMESPACE });
  const informer = makeInformer(config, `/api/v1/namespaces/${NAMESPACE}/pods`, list);
  const note = (what: string) => (pod: V1Pod) => {
    if (pod.metadata?.name === "watched") seen.push(what);
  };
  informer.on("add", note("add"));
  informer.on("update", note("update"));
  informer.on("delete", note("delete"));
  await informer.start();
  await running("watched");
  await core.deleteNamespacedPod({ namespace: NAMESPACE, name: "watched", gracePeriodSeconds: 0 });
  await eventually("the informer hears of the end", () => seen.at(-1) === "delete");
  await informer.stop();
  assert.equal(seen[0], "add");
  assert.ok(seen.includes("update"), seen.join(" "));
});

test("client-node applies on the server, and is told of a conflict", async () => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const shape = (replicas: number) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "applied", namespace: NAMESPACE },
    spec: {
      replicas,
      selector: { matchLabels: { app: "applied" } },
      template: {
        metadata: { labels: { app: "applied" } },
        spec: { containers: [{ name: "c", image: "nginx" }] },
      },
    },
  });
  const apply = (replicas: number, manager: string) =>
    objects.patch(shape(replicas), undefined, undefined, manager, false, PatchStrategy.ServerSideApply);
  await apply(2, "first");
  await assert.rejects(apply(3, "second"), (error: { code?: number }) => error.code === 409);
  const apps = config.makeApiClient(AppsV1Api);
  await eventually("both replicas are available", async () => {
    const { status } = await apps.readNamespacedDeployment({ namespace: NAMESPACE, name: "applied" });
    return status?.availableReplicas === 2;
  });
});

test("client-node runs a command in a container, and learns how it ended", async () => {
  await running("shell");
  const stdout = new PassThrough();
  const status = await new Promise<V1Status>((resolve, reject) => {
    const command = ["sh", "-c", "echo hello; exit 3"];
    new Exec(config).exec(NAMESPACE, "shell", "c", command, stdout, null, null, false, resolve).catch(reject);
  });
  assert.equal(String(stdout.read()), "hello\n");
  assert.equal(status.status, "Failure");
  assert.equal(status.details?.causes?.[0]?.message, "3");
});

test("client-node reads a container's log, whole and by its last lines", async () => {
  const body = sleeper("talker");
  for (const container of body.spec?.containers ?? [])
    container.command = ["sh", "-c", "echo one; echo two; sleep 3600"];
  await core.createNamespacedPod({ namespace: NAMESPACE, body });
  const read = async (options: { readonly tailLines?: number }) => {
    const stream = new PassThrough();
    await new Log(config).log(NAMESPACE, "talker", "c", stream, options);
    return (await stream.toArray()).join("");
  };
  const whole = () => read({}).catch(() => "");
  await eventually("the log is there", async () => (await whole()) === "one\ntwo\n");
  assert.equal(await read({ tailLines: 1 }), "two\n");
});

test("client-node watches from a version, each change once", async () => {
  const { metadata } = await core.listNamespacedConfigMap({ namespace: NAMESPACE });
  const seen: string[] = [];
  const aborter = await new Watch(config).watch(
    `/api/v1/namespaces/${NAMESPACE}/configmaps`,
    { resourceVersion: metadata?.resourceVersion },
    (phase, object: V1ConfigMap) => seen.push(`${phase} ${object.metadata?.name}`),
    () => undefined,
  );
  await core.createNamespacedConfigMap({ namespace: NAMESPACE, body: { metadata: { name: "seen" } } });
  await core.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "seen" });
  await eventually("the watch tells both", () => seen.length >= 2);
  aborter.abort();
  assert.deepEqual(seen, ["ADDED seen", "DELETED seen"]);
});

test("client-node reads what nodes use", async () => {
  const { items } = await new Metrics(config).getNodeMetrics();
  assert.equal(items.length, 3);
  const nodes = await topNodes(core);
  assert.ok(nodes.every(({ CPU }) => CPU.Capacity > 0));
});
