import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isStatus } from "../../api/status.js";
import { MetricsApi } from "../addons/metrics/metrics-api.js";
import type { NodeSummary } from "../addons/metrics/usage-samples.js";
import type { HttpMethod } from "../protocol/api-request.js";
import { serveHttp } from "../apiserver/http/serve-http.js";
import type { ResourceName } from "../client/client.js";
import { clientOf, NODES, PODS } from "../client/resources.js";
import { addonCluster, nodeObject, podObject, run } from "./addon-cluster.test-data.js";

const MIB = 1024 * 1024;
const GROUP = "/apis/metrics.k8s.io/v1beta1";

function usage(milli: number, bytes: number) {
  return { cpu: { usageNanoCores: milli * 1e6 }, memory: { workingSetBytes: bytes } };
}

async function metricsCluster() {
  const api = new MetricsApi();
  const cluster = await addonCluster([api]);
  const { create, setStatus, informers, timers } = cluster;
  for (const name of ["node-a", "node-b"]) {
    const node = await create(NODES, nodeObject(name, { pool: name }));
    await setStatus(NODES, node, { allocatable: { cpu: "2", memory: "4Gi" } });
  }
  const uids = new Map<string, string>();
  for (const [name, nodeName, app] of [
    ["web-1", "node-b", "web"],
    ["web-0", "node-a", "web"],
    ["job-0", "node-a", "job"],
  ] as const) {
    const pod = await create(PODS, podObject(name, { nodeName, labels: { app } }));
    await setStatus(PODS, pod, { phase: "Running" });
    uids.set(name, pod.metadata.uid ?? "");
  }
  let asked = 0;
  let webMilli = 250;
  const podOf = (name: string, milli: number) => ({
    podRef: { name, namespace: "default", uid: uids.get(name) ?? "" },
    containers: [
      { name: "main", ...usage(milli, 10 * MIB + 4096) },
      { name: "side", ...usage(1.5, MIB) },
    ],
  });
  const summaries: Record<string, () => NodeSummary | null> = {
    "node-a": () => ({
      node: usage(900.000001, 1024 * MIB),
      pods: [podOf("web-0", webMilli), podOf("job-0", 0)],
    }),
    "node-b": () => ({ node: usage(100, 512 * MIB), pods: [podOf("web-1", 50)] }),
  };
  const statsOf = (name: string) => {
    asked++;
    return summaries[name]?.() ?? null;
  };
  const start = async () => {
    api.start({ informers, timers, statsOf });
    informers.start();
    await informers.synced();
  };
  return {
    ...cluster,
    api,
    start,
    summaries,
    askedCount: () => asked,
    setWebMilli: (milli: number) => {
      webMilli = milli;
    },
    get: (path: string, headers: Record<string, string> = {}) => ask(cluster.server, "GET", path, headers),
  };
}

type Shown = Record<string, unknown> & {
  readonly kind: string;
  readonly message: string;
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
  readonly usage: object;
  readonly rows: readonly { readonly cells: readonly string[] }[];
};

async function ask(
  server: Awaited<ReturnType<typeof addonCluster>>["server"],
  method: HttpMethod,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ code: number; object: Shown }> {
  const [name = "", query = ""] = path.split("?");
  const response = await server.handle({
    method,
    path: name,
    query: new URLSearchParams(query),
    headers,
    body: null,
    user: null,
    sourceIP: "",
    signal: new AbortController().signal,
  });
  assert.equal(response.kind, "object");
  return response as { code: number; object: Shown & object } & typeof response;
}

test("MetricsApi answers 503 before it is started and after it is stopped", async () => {
  const { api, get, start, stop } = await metricsCluster();
  assert.equal((await get(`${GROUP}/nodes`)).code, 503);
  await start();
  assert.equal((await get(`${GROUP}/nodes`)).code, 200);
  api.stop();
  assert.equal((await get(`${GROUP}/nodes`)).code, 503);
  stop();
});

test("MetricsApi lists nodes by name, with usage in the canonical units of quantities", async () => {
  const { get, start, stop } = await metricsCluster();
  await start();
  const { object } = await get(`${GROUP}/nodes`);
  assert.equal(object.kind, "NodeMetricsList");
  assert.deepEqual(object.items[0], {
    kind: "NodeMetrics",
    apiVersion: "metrics.k8s.io/v1beta1",
    metadata: { name: "node-a", creationTimestamp: "2026-01-01T00:00:00Z", labels: { pool: "node-a" } },
    timestamp: "2026-01-01T00:00:00Z",
    window: "15s",
    usage: { cpu: "900000001n", memory: "1Gi" },
  });
  assert.deepEqual((await get(`${GROUP}/nodes/node-b`)).object.usage, { cpu: "100m", memory: "512Mi" });
  stop();
});

test("MetricsApi lists the containers of running Pods, by label, field and namespace", async () => {
  const { client, create, get, settle, start, stop } = await metricsCluster();
  await start();
  const names = async (query: string) =>
    (await get(`${GROUP}${query}`)).object.items.map(({ metadata }) => metadata.name);
  assert.deepEqual(await names("/pods"), ["job-0", "web-0", "web-1"]);
  assert.deepEqual(await names("/namespaces/default/pods?labelSelector=app%20in%20(web)"), [
    "web-0",
    "web-1",
  ]);
  assert.deepEqual(await names("/pods?fieldSelector=metadata.name%3Dweb-1"), ["web-1"]);
  assert.deepEqual(await names("/namespaces/kube-system/pods"), []);
  const { object } = await get(`${GROUP}/namespaces/default/pods/web-0`);
  assert.deepEqual(object["containers"], [
    { name: "main", usage: { cpu: "250m", memory: "10244Ki" } },
    { name: "side", usage: { cpu: "1500u", memory: "1Mi" } },
  ]);
  await create(PODS, podObject("pending", {}));
  await settle();
  assert.deepEqual(await names("/pods?labelSelector=!app"), []);
  const metrics: ResourceName = { group: "metrics.k8s.io", version: "v1beta1", resource: "pods" };
  await assert.rejects(clientOf(client, metrics, "default").get("pending"), (error: Error) => {
    assert.ok(isStatus(error, "NotFound"));
    assert.equal(error.message, 'podmetrics.metrics.k8s.io "default/pending" not found');
    return true;
  });
  stop();
});

test("MetricsApi says nothing of a Pod made anew under the name of another", async () => {
  const { client, create, setStatus, get, settle, start, stop } = await metricsCluster();
  await start();
  await clientOf(client, PODS, "default").delete("web-0", { gracePeriodSeconds: 0 });
  const anew = await create(PODS, podObject("web-0", { nodeName: "node-a" }));
  await setStatus(PODS, anew, { phase: "Running" });
  await settle();
  assert.equal((await get(`${GROUP}/namespaces/default/pods/web-0`)).code, 404);
  stop();
});

test("MetricsApi refuses selectors it cannot read, other verbs and other resources", async () => {
  const { get, server, start, stop } = await metricsCluster();
  await start();
  assert.equal((await get(`${GROUP}/pods?labelSelector=a%3D%3D%3Db`)).code, 400);
  assert.equal((await get(`${GROUP}/pods?fieldSelector=status.phase%3DRunning`)).code, 400);
  assert.equal((await get(`${GROUP}/services`)).code, 404);
  assert.equal(
    (await get(`${GROUP}/nodes/nowhere`)).object.message,
    'nodemetrics.metrics.k8s.io "nowhere" not found',
  );
  assert.equal((await ask(server, "DELETE", `${GROUP}/nodes/node-a`)).code, 405);
  assert.equal((await get(`${GROUP}/nodes?watch=true`)).code, 405);
  stop();
});

test("MetricsApi asks a node once in 15 s and leaves out those that are silent", async () => {
  const { api, askedCount, get, setWebMilli, start, stop, summaries, timers } = await metricsCluster();
  await start();
  const milli = () =>
    api.podUsages("default", "app=web").map(({ containers }) => containers[0]?.cpuNanoCores);
  assert.deepEqual(milli(), [250e6, 50e6]);
  setWebMilli(500);
  await timers.advance(14_000);
  assert.deepEqual(milli(), [250e6, 50e6]);
  assert.equal(askedCount(), 2);
  await timers.advance(2000);
  assert.deepEqual(milli(), [500e6, 50e6]);
  summaries["node-b"] = () => null;
  await timers.advance(15_000);
  assert.deepEqual(milli(), [500e6]);
  const { items } = (await get(`${GROUP}/nodes`)).object;
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ["node-a"],
  );
  stop();
});

test("MetricsApi answers with a Table when that is asked for first", async () => {
  const { get, start, stop } = await metricsCluster();
  await start();
  const { object } = await get(`${GROUP}/pods`, {
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
  });
  assert.equal(object.kind, "Table");
  assert.deepEqual(
    object.rows.map(({ cells }) => cells),
    [
      ["job-0", "1500u", "11268Ki", "15s"],
      ["web-0", "251500u", "11268Ki", "15s"],
      ["web-1", "51500u", "11268Ki", "15s"],
    ],
  );
  stop();
});

test("kubectl top prints nodes and Pods", async (context) => {
  const kubectl = process.env["KUBECTL"] ?? "kubectl";
  if ((await run(kubectl, ["version", "--client"])) === null) return context.skip("no kubectl");
  const { server, start, stop } = await metricsCluster();
  await start();
  const http = await serveHttp(server, { host: "127.0.0.1", port: 0 });
  const cache = mkdtempSync(join(tmpdir(), "plumb-top-"));
  const top = async (...args: string[]) => {
    const flags = [`--server=${http.url}`, `--cache-dir=${cache}`, "--kubeconfig=/dev/null"];
    const ended = await run(kubectl, [...flags, "top", ...args]);
    return ended?.output.split("\n").map((line) => line.trim().split(/\s+/).join(" "));
  };
  try {
    assert.deepEqual(await top("nodes"), [
      "NAME CPU(cores) CPU(%) MEMORY(bytes) MEMORY(%)",
      "node-a 901m 45% 1024Mi 25%",
      "node-b 100m 5% 512Mi 12%",
      "",
    ]);
    assert.deepEqual(await top("pods", "--containers", "-l", "app=job"), [
      "POD NAME CPU(cores) MEMORY(bytes)",
      "job-0 main 0m 10Mi",
      "job-0 side 2m 1Mi",
      "",
    ]);
  } finally {
    await http.close();
    stop();
    rmSync(cache, { recursive: true, force: true });
  }
});
