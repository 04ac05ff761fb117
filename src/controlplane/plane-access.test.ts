// What listens beside the API server, as those who ask find it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { delay, realTimers } from "../base/timers.js";
import { LOOPBACK_ADMIN } from "./apiserver/access.js";
import { openAccess } from "./plane-access.js";
import { startTestPlane, type TestPlane } from "./plane.test-data.js";

const NODES = { group: "", version: "v1", resource: "nodes" };

let started: TestPlane;

before(async () => {
  started = await startTestPlane({ nodes: 1 });
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
