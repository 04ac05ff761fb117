import assert from "node:assert/strict";
import { test } from "node:test";
import { pod, PODS, type TestServer, testServer } from "../api-server.test-data.js";
import type { NodeStreams } from "../../protocol/node-streams.js";

const MERGE = { "content-type": "application/merge-patch+json" };
const RUNNING = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };

async function runningPod({ object }: TestServer, name: string, labels: Readonly<Record<string, string>>) {
  await object(201, "POST", PODS, pod(name, { nodeName: "n1" }, labels));
  await object(200, "PATCH", `${PODS}/${name}/status`, { status: RUNNING }, MERGE);
}

test("binding sends a Pod to a node once, and says so in its conditions", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("web"));
  await object(201, "POST", `${PODS}/web/binding`, {
    metadata: { name: "web" },
    target: { kind: "Node", name: "n1" },
  });
  const bound = await object(200, "GET", `${PODS}/web`);
  assert.equal(bound.spec["nodeName"], "n1");
  assert.deepEqual(bound.status["conditions"], [
    { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: "2026-01-01T00:00:00Z" },
  ]);
  const { message } = await object(409, "POST", `${PODS}/web/binding`, { target: { name: "n2" } });
  assert.equal(
    message,
    'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n1"',
  );
});

test("binding without a target is Invalid, of a Pod with scheduling gates a Conflict", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("gated", { schedulingGates: [{ name: "a" }] }));
  await object(422, "POST", `${PODS}/gated/binding`, { target: { kind: "Node" } });
  await object(409, "POST", `${PODS}/gated/binding`, { target: { name: "n1" } });
});

test("eviction takes a disruption from the budget, and is refused with its cause when there is none", async () => {
  const served = await testServer();
  const { object } = served;
  await runningPod(served, "a", { app: "web" });
  await runningPod(served, "b", { app: "web" });
  const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
  await object(201, "POST", budgets, {
    metadata: { name: "web" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
  });
  const unseen = await object(429, "POST", `${PODS}/a/eviction`, { metadata: { name: "a" } });
  assert.equal(unseen.details["retryAfterSeconds"], 10);
  await object(
    200,
    "PATCH",
    `${budgets}/web/status`,
    { status: { observedGeneration: 1, disruptionsAllowed: 1, desiredHealthy: 1, currentHealthy: 2 } },
    MERGE,
  );
  await object(201, "POST", `${PODS}/a/eviction`, { metadata: { name: "a" } });
  assert.ok((await object(200, "GET", `${PODS}/a`)).metadata.deletionTimestamp);
  const { status } = await object(200, "GET", `${budgets}/web`);
  assert.equal(status["disruptionsAllowed"], 0);
  assert.deepEqual(status["disruptedPods"], { a: "2026-01-01T00:00:00Z" });
  const refused = await object(429, "POST", `${PODS}/b/eviction`, { metadata: { name: "b" } });
  assert.equal(refused.message, "Cannot evict pod as it would violate the pod's disruption budget.");
  assert.deepEqual(refused.details["causes"], [
    {
      reason: "DisruptionBudget",
      message: "The disruption budget web needs 1 healthy pods and has 2 currently",
    },
  ]);
});

test("scale reads and changes the replicas of a workload, and only those", async () => {
  const { object } = await testServer();
  const deployments = "/apis/apps/v1/namespaces/default/deployments";
  await object(201, "POST", deployments, {
    metadata: { name: "web" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { b: "2", a: "1" } },
      template: {
        metadata: { labels: { a: "1", b: "2" } },
        spec: { containers: [{ name: "c", image: "i" }] },
      },
    },
  });
  const scale = await object(200, "PATCH", `${deployments}/web/scale`, { spec: { replicas: 3 } }, MERGE);
  assert.equal(scale.kind, "Scale");
  assert.deepEqual(scale.spec, { replicas: 3 });
  assert.equal(scale.status["selector"], "a=1,b=2");
  const stale = { ...scale, metadata: { ...scale.metadata, resourceVersion: "1" } };
  await object(409, "PUT", `${deployments}/web/scale`, stale);
  const { metadata, spec } = await object(200, "GET", `${deployments}/web`);
  assert.equal(spec["replicas"], 3);
  assert.equal(metadata.generation, 2);
});

test("ephemeralcontainers changes nothing else of a Pod", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("web"));
  const patch = {
    spec: { ephemeralContainers: [{ name: "debug", image: "busybox" }], schedulerName: "other" },
  };
  const changed = await object(200, "PATCH", `${PODS}/web/ephemeralcontainers`, patch, {
    "content-type": "application/strategic-merge-patch+json",
  });
  assert.equal((changed.spec["ephemeralContainers"] as unknown[]).length, 1);
  assert.notEqual(changed.spec["schedulerName"], "other");
});

test("approval sets the conditions of a signing request and keeps the rest of its status", async () => {
  const { object } = await testServer();
  const requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
  await object(201, "POST", requests, {
    metadata: { name: "a" },
    spec: { request: "eA==", signerName: "example.com/x", usages: ["client auth"] },
  });
  await object(200, "PATCH", `${requests}/a/status`, { status: { certificate: "eA==" } }, MERGE);
  const approval = { status: { conditions: [{ type: "Approved", status: "True" }], certificate: "eQ==" } };
  const { status } = await object(200, "PATCH", `${requests}/a/approval`, approval, MERGE);
  assert.equal(status["certificate"], "eA==");
  assert.deepEqual(status["conditions"], [
    {
      type: "Approved",
      status: "True",
      lastUpdateTime: "2026-01-01T00:00:00Z",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    },
  ]);
});

test("access reviews answer and store nothing", async () => {
  const { object } = await testServer();
  const review = { spec: { resourceAttributes: { verb: "get", resource: "pods" } } };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const { status } = await object(201, "POST", path, review);
  assert.equal(status["allowed"], true);
  await object(405, "GET", path);
  const self = await object(201, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {});
  assert.equal((self.status["userInfo"] as { username: string }).username, "system:apiserver");
});

test("log passes what was asked for to the node, and refuses containers that are not there", async () => {
  const asked: unknown[] = [];
  const nodes = {
    logs: async (request: unknown) => {
      asked.push(request);
      return (async function* () {
        yield Buffer.from("a line\n");
      })();
    },
    exec: () => assert.fail("no exec"),
    attach: () => assert.fail("no attach"),
    portForward: () => assert.fail("no port-forward"),
    answer: () => assert.fail("no answers"),
    page: () => assert.fail("no pages"),
  };
  const { object, ask } = await testServer({ nodes });
  await object(201, "POST", PODS, pod("web"));
  const response = await ask("GET", `${PODS}/web/log?tailLines=3&follow=true&container=c`);
  assert.equal(response.kind, "stream");
  const { tailLines, follow, container, previous } = asked[0] as Record<string, unknown>;
  assert.deepEqual(
    { tailLines, follow, container, previous },
    { tailLines: 3, follow: true, container: "c", previous: false },
  );
  const { message } = await object(400, "GET", `${PODS}/web/log?container=x`);
  assert.equal(message, "container x is not valid for pod web");
});

test("a page of a kubelet is reached through its node's proxy, by name, port and scheme", async () => {
  const fail = () => assert.fail("pages only");
  const nodes: NodeStreams = {
    logs: fail,
    exec: fail,
    attach: fail,
    portForward: fail,
    answer: fail,
    page: (node, path) =>
      path === "/a/b" ? { contentType: "text/plain", text: `${path} of ${node}` } : null,
  };
  const { object, ask } = await testServer({ nodes });
  await object(201, "POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "n" } });
  for (const name of ["n", "n:10250", "https:n:10250"])
    assert.deepEqual(await ask("GET", `/api/v1/nodes/${name}/proxy/a/b`), {
      kind: "text",
      code: 200,
      contentType: "text/plain",
      text: "/a/b of n",
    });
  const missing = await ask("GET", "/api/v1/nodes/n/proxy/nowhere");
  assert.ok(missing.kind === "text" && missing.code === 404);
  await object(404, "GET", "/api/v1/nodes/other/proxy/a/b");
  await object(503, "GET", "/api/v1/nodes/n:80/proxy/a/b");
});
