// What listens beside the API server, as those who ask find it.
import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { EndpointSlice, Service } from "../api/types.js";
import { delay, realTimers } from "../base/timers.js";
import { LOOPBACK_ADMIN } from "./apiserver/access.js";
import { openAccess } from "./plane-access.js";
import type { NodeStreams } from "./protocol/node-streams.js";
import { startTestPlane, type TestPlane } from "./plane.test-data.js";

const SERVICES = { group: "", version: "v1", resource: "services" };
const PODS = { group: "", version: "v1", resource: "pods" };
const ENDPOINT_SLICES = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" };
const NODES = { group: "", version: "v1", resource: "nodes" };

let started: TestPlane;

before(async () => {
  started = await startTestPlane({ nodes: 1, dnsPort: 0 });
});

after(() => started.stop());

/** Asks until the code is as wanted. */
async function healthz(path: string, code: number): Promise<Record<string, unknown>> {
  const [proxy] = started.served.proxyHealth;
  assert.equal(proxy?.node, "node-0");
  for (let look = 0; ; look++) {
    const answer = await fetch(`http://127.0.0.1:${proxy.port}${path}`);
    const body = (await answer.json()) as Record<string, unknown>;
    if (answer.status === code) return body;
    assert.ok(look < 100, `${path} still answers ${answer.status}: ${JSON.stringify(body)}`);
    await delay(realTimers, 20);
  }
}

async function exposition(): Promise<string> {
  const answer = await started.plane.server.handle({
    method: "GET",
    path: "/metrics",
    query: new URLSearchParams(),
    headers: {},
    body: null,
    user: LOOPBACK_ADMIN,
    sourceIP: "127.0.0.1",
    signal: new AbortController().signal,
  });
  assert.ok(answer.kind === "text");
  return answer.text;
}

test("a kube-proxy's /healthz turns to 503 when its node is to be deleted, /livez does not", async () => {
  assert.equal((await healthz("/healthz", 200)).nodeEligible, true);
  const nodes = started.plane.client.resource(NODES, null);
  const taint = (taints: object) => nodes.patch("node-0", "merge", { spec: { taints } });
  await taint([{ key: "ToBeDeletedByClusterAutoscaler", effect: "NoSchedule" }]);
  const leaving = await healthz("/healthz", 503);
  assert.deepEqual([leaving.healthy, leaving.nodeEligible], [true, false]);
  assert.equal((await healthz("/livez", 200)).nodeEligible, undefined);
  await taint([]);
  await healthz("/healthz", 200);
  const metrics = await exposition();
  assert.match(metrics, /^kubeproxy_proxy_healthz_total\{code="503"\} [1-9]/m);
  assert.match(metrics, /^kubeproxy_proxy_livez_total\{code="200"\} 1$/m);
});

test("Service kube-dns leads to the real name server and its metrics, and Pods ask it", async () => {
  const { client, kubelets } = started.plane;
  const dns = client.resource<Service>(SERVICES, "kube-system");
  const { spec } = await dns.get("kube-dns");
  assert.equal(spec.clusterIP, "10.96.0.10");
  const slices = client.resource<EndpointSlice>(ENDPOINT_SLICES, "kube-system");
  const { endpoints, ports = [] } = await slices.get("kube-dns");
  assert.deepEqual(endpoints?.[0]?.addresses, ["127.0.0.1"]);
  assert.deepEqual(
    ports.map(({ name, protocol }) => [name, protocol]),
    [
      ["dns", "UDP"],
      ["dns-tcp", "TCP"],
      ["metrics", "TCP"],
    ],
  );
  assert.equal(ports[0]?.port, started.served.dnsPort);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${ports[0]?.port}`]);
  assert.deepEqual(await resolver.resolve4("kube-dns.kube-system.svc.cluster.local"), ["10.96.0.10"]);
  const metrics = await (await fetch(`http://127.0.0.1:${ports[2]?.port}/metrics`)).text();
  assert.match(metrics, /^coredns_dns_requests_total\{proto="udp",type="A"\} [1-9]/m);

  await client.resource(PODS, "default").create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "asker" },
    spec: { nodeName: "node-0", containers: [{ name: "box", image: "busybox", command: ["sleep", "1000"] }] },
  });
  const output = await execWhenRunning(kubelets.streams, ["getent", "hosts", "kubernetes", "10.96.0.10"]);
  assert.deepEqual(output.trim().split(/\s+/), [
    "10.96.0.1",
    "kubernetes.default.svc.cluster.local",
    "10.96.0.10",
    "kube-dns.kube-system.svc.cluster.local",
  ]);
});

async function execWhenRunning(streams: NodeStreams, command: readonly string[]): Promise<string> {
  const chunks: Uint8Array[] = [];
  const add = (chunk: Uint8Array) => chunks.push(chunk);
  const request = { namespace: "default", pod: "asker", container: null, command, isTty: false };
  const process = { stdin: null, stdout: add, stderr: add, signal: new AbortController().signal };
  for (let look = 0; ; look++) {
    try {
      const code = await streams.exec(request, process);
      const text = Buffer.concat(chunks).toString();
      assert.equal(code, 0, text);
      return text;
    } catch (error) {
      assert.ok(look < 100, error as Error);
      await delay(realTimers, 20);
    }
  }
}

test("a port in use for a kube-proxy's health is an error, or replaced by one that is free", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const { port: first } = holder.address() as AddressInfo;
  const access = (elseFree: boolean) =>
    openAccess({
      timers: realTimers,
      store: "memory",
      port: 0,
      plainPort: null,
      etcdPort: null,
      dnsPort: null,
      proxyHealth: { first, elseFree },
      kubeconfigPath: join(started.folder, "other"),
      auditLogPath: null,
    });
  const [strict, lenient] = [access(false), access(true)];
  try {
    await assert.rejects(strict.serve(started.plane), {
      code: "Usage",
      message: `Cannot listen on 127.0.0.1:${first} for the health of the kube-proxy of node-0: the port is in use`,
    });
    const { proxyHealth } = await lenient.serve(started.plane);
    assert.equal(proxyHealth.length, 1);
    assert.notEqual(proxyHealth[0]?.port, first);
  } finally {
    await strict.close();
    await lenient.close();
    await new Promise((resolve) => holder.close(resolve));
  }
});
