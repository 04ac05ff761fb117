import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiResponse, UserInfo } from "../../protocol/api-request.js";
import { LOOPBACK_ADMIN } from "../access.js";
import { pod, PODS, testServer, type TestServer } from "../api-server.test-data.js";
import type { ApiServerOptions } from "../api-server.js";
import { requestInfo } from "../request-info.js";
import { BOOTSTRAP_LEVELS, BOOTSTRAP_SCHEMAS } from "./bootstrap-flows.js";
import { matchesEverything, matchesRequest, rulesFor } from "./match-schema.js";

const GROUP = "/apis/flowcontrol.apiserver.k8s.io/v1";
const user = (username: string, ...groups: string[]): UserInfo => ({ username, uid: "", groups, extra: {} });
const ALL = "system:authenticated";
const ALICE = user("alice", ALL);
const KUBELET = user("system:node:n", "system:nodes", ALL);
const MANAGER = user("system:kube-controller-manager", ALL);
const DNS = user("system:serviceaccount:kube-system:dns", "system:serviceaccounts", ALL);
const APP = user("system:serviceaccount:shop:app", "system:serviceaccounts", ALL);

function schemaOf(who: UserInfo, method: "GET" | "POST" | "PUT", path: string): string {
  const [name = "", query = ""] = path.split("?");
  const info = requestInfo({
    method,
    path: name,
    query: new URLSearchParams(query),
    headers: {},
    body: null,
    user: who,
    sourceIP: "",
    signal: new AbortController().signal,
  });
  const inOrder = BOOTSTRAP_SCHEMAS.toSorted((a, b) => a.spec.matchingPrecedence - b.spec.matchingPrecedence);
  const found = inOrder.find(({ spec }) => matchesRequest(rulesFor(spec.rules ?? [], who), info));
  return found?.metadata.name ?? "";
}

const LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x";
const CASES: readonly [who: UserInfo, method: "GET" | "POST" | "PUT", path: string, schema: string][] = [
  [LOOPBACK_ADMIN, "GET", PODS, "exempt"],
  [LOOPBACK_ADMIN, "GET", "/metrics", "exempt"],
  [ALICE, "GET", "/healthz", "probes"],
  [ALICE, "GET", "/livez/ping", "probes"],
  [ALICE, "GET", "/version", "global-default"],
  [ALICE, "POST", PODS, "global-default"],
  [user("nobody", "system:unauthenticated"), "GET", "/api", "global-default"],
  [MANAGER, "PUT", LEASE, "system-leader-election"],
  [MANAGER, "GET", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases", "kube-controller-manager"],
  [user("system:kube-scheduler", ALL), "POST", `${PODS}/a/binding`, "kube-scheduler"],
  [DNS, "GET", LEASE, "system-leader-election"],
  [DNS, "GET", "/api/v1/services", "kube-system-service-accounts"],
  [APP, "GET", LEASE, "service-accounts"],
  [APP, "GET", "/openapi/v3", "service-accounts"],
  [KUBELET, "PUT", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n", "system-node-high"],
  [KUBELET, "PUT", "/api/v1/nodes/n/status", "system-node-high"],
  [KUBELET, "GET", "/api/v1/nodes/n/proxy/stats", "system-nodes"],
  [KUBELET, "GET", "/api/v1/pods?watch=true", "system-nodes"],
];

test("requests belong to upstream's FlowSchemas", () => {
  for (const [who, method, path, schema] of CASES)
    assert.equal(schemaOf(who, method, path), schema, `${who.username} ${method} ${path}`);
});

test("matchesEverything is false where some verb, resource or URL is left out", () => {
  const partial = BOOTSTRAP_SCHEMAS.filter(({ spec }) => !matchesEverything(spec.rules ?? []));
  assert.deepEqual(
    partial.map(({ metadata }) => metadata.name),
    ["probes", "system-leader-election", "system-node-high"],
  );
});

/** A server that has the objects of a cluster. */
async function clusterServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const server = await testServer(options);
  for (const level of BOOTSTRAP_LEVELS)
    await server.object(201, "POST", `${GROUP}/prioritylevelconfigurations`, level);
  for (const schema of BOOTSTRAP_SCHEMAS) await server.object(201, "POST", `${GROUP}/flowschemas`, schema);
  return server;
}

/** Asks as somebody; headers that every answer carries go to `headers`. */
function askAs({ server }: TestServer, who: UserInfo, path: string, headers: Record<string, string> = {}) {
  return server.handle({
    method: path === PODS ? "POST" : "GET",
    path,
    query: new URLSearchParams("timeout=8s"),
    headers: {},
    body: path === PODS ? pod("x") : null,
    user: who,
    sourceIP: "",
    signal: new AbortController().signal,
    addHeaders: (more) => Object.assign(headers, more),
  });
}

function codeOf(response: ApiResponse): number {
  return response.kind === "object" ? response.code : 200;
}

test("answers name the schema and the level by uid; seats follow shares; MISSINGPL is known", async () => {
  const server = await clusterServer();
  const headers: Record<string, string> = {};
  assert.equal(codeOf(await askAs(server, ALICE, `${PODS}/none`, headers)), 404);
  const uidOf = async (path: string) => (await server.object(200, "GET", `${GROUP}/${path}`)).metadata.uid;
  assert.deepEqual(headers, {
    "x-kubernetes-pf-flowschema-uid": await uidOf("flowschemas/global-default"),
    "x-kubernetes-pf-prioritylevel-uid": await uidOf("prioritylevelconfigurations/global-default"),
  });
  const metrics = await askAs(server, LOOPBACK_ADMIN, "/metrics");
  const text = metrics.kind === "text" ? metrics.text : "";
  // 600 seats, 245 shares: 100 of them are workload-low's.
  assert.match(text, /apiserver_flowcontrol_nominal_limit_seats\{priority_level="workload-low"\} 245/);
  assert.match(text, /apiserver_flowcontrol_nominal_limit_seats\{priority_level="catch-all"\} 13/);
  assert.match(
    text,
    /apiserver_flowcontrol_dispatched_requests_total\{flow_schema="global-default",priority_level="global-default"\} 1/,
  );
  await server.timers.advance(0);
  const { status } = await server.object(200, "GET", `${GROUP}/flowschemas/probes`);
  const [condition] = status["conditions"] as { type: string; status: string }[];
  assert.deepEqual([condition?.type, condition?.status], ["Dangling", "False"]);
});

test("a flood of one level waits and is refused, others are served meanwhile", async () => {
  const waiting: (() => void)[] = [];
  // Writes of Pods never end by themselves.
  const admission = {
    mutate: ({ kind, object }: { kind: { plural: string }; object: object | null }) =>
      kind.plural === "pods"
        ? new Promise<never>((_, reject) => waiting.push(() => reject(new Error("over"))))
        : (object as never),
    validate: () => undefined,
  };
  const server = await clusterServer({ admission, seats: 12 });
  // One seat for global-default: 12 * 20 / 245.
  const flood = Array.from({ length: 3 }, () => askAs(server, ALICE, PODS));
  await server.timers.advance(0);
  assert.equal(waiting.length, 1);
  assert.equal(codeOf(await askAs(server, APP, `${PODS}/none`)), 404);
  assert.equal(codeOf(await askAs(server, LOOPBACK_ADMIN, `${PODS}/none`)), 404);
  // A quarter of the eight seconds that the requests gave themselves.
  await server.timers.advance(2000);
  const refused = await Promise.all(flood.slice(1));
  assert.deepEqual(refused.map(codeOf), [429, 429]);
  assert.ok(refused.every((each) => each.kind === "object" && each.headers?.["retry-after"] === "1"));
  waiting[0]?.();
  assert.equal(codeOf(await (flood[0] as Promise<ApiResponse>)), 500);
  const metrics = await askAs(server, LOOPBACK_ADMIN, "/metrics");
  assert.match(
    metrics.kind === "text" ? metrics.text : "",
    /apiserver_flowcontrol_rejected_requests_total\{flow_schema="global-default",priority_level="global-default",reason="time-out"\} 2/,
  );
});

test("a schema that is made, or whose level goes, counts at once", async () => {
  const server = await clusterServer();
  const headers: Record<string, string> = {};
  const alices = {
    metadata: { name: "alices" },
    spec: {
      priorityLevelConfiguration: { name: "workload-high" },
      matchingPrecedence: 50,
      rules: [
        {
          subjects: [{ kind: "User", user: { name: "alice" } }],
          resourceRules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["default"] }],
        },
      ],
    },
  };
  const { metadata } = await server.object(201, "POST", `${GROUP}/flowschemas`, alices);
  await askAs(server, ALICE, `${PODS}/none`, headers);
  assert.equal(headers["x-kubernetes-pf-flowschema-uid"], metadata.uid);
  await server.object(200, "DELETE", `${GROUP}/prioritylevelconfigurations/workload-high`);
  await askAs(server, ALICE, `${PODS}/none`, headers);
  assert.notEqual(headers["x-kubernetes-pf-flowschema-uid"], metadata.uid);
  await server.timers.advance(0);
  const { status } = await server.object(200, "GET", `${GROUP}/flowschemas/alices`);
  assert.equal((status["conditions"] as { message: string }[])[0]?.message.endsWith("no such object"), true);
});
