import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserInfo } from "../protocol/api-request.js";
import { StatusError } from "../../api/status.js";
import type { AccessAttributes, Authorizer } from "./access.js";
import { pod, PODS, testServer } from "./api-server.test-data.js";
import { kindRow } from "./object-access.js";

const ALICE: UserInfo = { username: "alice", uid: "", groups: ["system:authenticated"], extra: {} };
const asAlice = { authenticate: () => ALICE };

function authorizerOf(allows: (attributes: AccessAttributes) => boolean): Authorizer {
  return {
    authorize: (attributes) => ({ allowed: allows(attributes), reason: "" }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [] }),
  };
}

test("requests that are not allowed are refused in upstream's words", async () => {
  const { object } = await testServer({ authenticator: asAlice, authorizer: authorizerOf(() => false) });
  const texts = [
    [
      "GET",
      PODS,
      'pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      "GET",
      `${PODS}/a/log`,
      'pods "a" is forbidden: User "alice" cannot get resource "pods/log" in API group "" in the namespace "default"',
    ],
    [
      "GET",
      "/apis/apps/v1/deployments",
      'deployments.apps is forbidden: User "alice" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    ["GET", "/metrics", 'forbidden: User "alice" cannot get path "/metrics"'],
  ] as const;
  for (const [method, path, text] of texts) assert.equal((await object(403, method, path)).message, text);
});

test("requests without credentials are anonymous, wrong ones are Unauthorized", async () => {
  const seen: string[] = [];
  const authorizer = authorizerOf(({ user }) => seen.push(user.username) > 0);
  const anonymous = await testServer({ authenticator: { authenticate: () => null }, authorizer });
  await anonymous.object(200, "GET", "/version");
  assert.deepEqual(seen, ["system:anonymous"]);
  const refusing = {
    authenticate: () => {
      throw new StatusError("Unauthorized", "Unauthorized");
    },
  };
  const wrong = await testServer({ authenticator: refusing });
  assert.equal((await wrong.object(401, "GET", PODS)).reason, "Unauthorized");
});

test("impersonation needs the right to it, and then counts for the rest of the request", async () => {
  const seen: string[] = [];
  const authorizer = authorizerOf(({ user, verb, resource, name }) => {
    seen.push(`${user.username} ${verb} ${resource} ${name}`.trim());
    return name !== "eve";
  });
  const { object } = await testServer({ authenticator: asAlice, authorizer });
  await object(200, "GET", PODS, undefined, { "impersonate-user": "bob", "impersonate-group": "devs, ops" });
  assert.deepEqual(seen, [
    "alice impersonate users bob",
    "alice impersonate groups devs",
    "alice impersonate groups ops",
    "bob list pods",
  ]);
  const { message } = await object(403, "GET", PODS, undefined, { "impersonate-user": "eve" });
  assert.match(message, /cannot impersonate resource "users"/);
});

test("requests over the limit are refused with 429 and Retry-After, those of administrators never", async () => {
  const { ask, server } = await testServer({ authenticator: asAlice, seats: 0 });
  const refused = await ask("GET", PODS);
  assert.equal(refused.kind === "object" && refused.code, 429);
  assert.equal(refused.kind === "object" && refused.headers?.["retry-after"], "1");
  assert.match(
    server.metrics.expose(),
    /apiserver_request_terminations_total\{code="429",component="apiserver"\} 1/,
  );
  const admin = await testServer({ seats: 0 });
  await admin.object(200, "GET", PODS);
});

test("a request that takes too long is answered with Timeout", async () => {
  const admission = { mutate: () => new Promise<never>(() => undefined), validate: () => undefined };
  const { ask, timers } = await testServer({ admission });
  const asked = ask("POST", `${PODS}?timeout=5s`, pod("a"));
  await timers.advance(5000);
  const response = await asked;
  assert.equal(response.kind === "object" && response.code, 504);
});

test("a bug in a part is an InternalError, and the server goes on", async () => {
  const admission = {
    mutate: () => {
      throw new TypeError("oops");
    },
    validate: () => undefined,
  };
  const { object } = await testServer({ admission });
  assert.equal((await object(500, "POST", PODS, pod("a"))).message, "Internal error occurred: oops");
  await object(200, "GET", PODS);
});

test("the audit log has one line per request, without what was sent", async () => {
  const lines: string[] = [];
  const { object } = await testServer({ auditLog: (line) => lines.push(line) });
  await object(201, "POST", PODS, pod("a"), { authorization: "Bearer secret", "user-agent": "test/1" });
  const [line = ""] = lines;
  assert.equal(lines.length, 1);
  assert.ok(!line.includes("secret"));
  const { verb, objectRef, responseStatus, user } = JSON.parse(line);
  assert.equal(verb, "create");
  assert.deepEqual(objectRef, { resource: "pods", namespace: "default", apiVersion: "v1" });
  assert.equal(responseStatus.code, 201);
  assert.equal(user.username, "system:apiserver");
});

test("metrics count requests by verb, resource and code", async () => {
  const { object, ask } = await testServer();
  await object(200, "GET", PODS);
  const metrics = await ask("GET", "/metrics");
  assert.equal(metrics.kind, "text");
  assert.match(
    metrics.kind === "text" ? metrics.text : "",
    /apiserver_request_total\{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="namespace",subresource="",verb="LIST",version="v1"\} 1/,
  );
});

test("discovery answers in the form that was asked for", async () => {
  const { ask } = await testServer();
  const contentType = async (accept: string) => {
    const response = await ask("GET", "/apis", undefined, { accept });
    return response.kind === "object"
      ? [response.contentType, (response.object as { kind: string }).kind]
      : [];
  };
  const v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const beta = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
  assert.deepEqual(await contentType(`${v2},${beta},application/json`), [v2, "APIGroupDiscoveryList"]);
  assert.deepEqual(await contentType(`${beta},application/json`), [beta, "APIGroupDiscoveryList"]);
  assert.deepEqual(await contentType("application/json"), [undefined, "APIGroupList"]);
  const core = await ask("GET", "/api/v1");
  const { resources } = (core.kind === "object" ? core.object : {}) as {
    resources: { name: string; group?: string }[];
  };
  assert.equal(resources.find(({ name }) => name === "pods/eviction")?.group, "policy");
});

test("lists are tables for those who ask for tables, and partial for those who ask for metadata", async () => {
  const { object } = await testServer();
  await object(201, "POST", PODS, pod("a"));
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
  const table = (await object(200, "GET", PODS, undefined, { accept })) as unknown as {
    kind: string;
    rows: { cells: unknown[]; object: { kind: string } }[];
  };
  assert.equal(table.kind, "Table");
  assert.equal(table.rows[0]?.cells[0], "a");
  assert.equal(table.rows[0]?.object.kind, "PartialObjectMetadata");
  const partial = await object(200, "GET", `${PODS}/a`, undefined, {
    accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
  });
  assert.equal(partial.kind, "PartialObjectMetadata");
  assert.equal(partial.spec, undefined);
  await object(406, "GET", PODS, undefined, { accept: "application/json;as=Nothing;v=v1;g=meta.k8s.io" });
});

test("an extra group is discovered and answers for itself", async () => {
  const { object } = await testServer({
    extraGroups: [
      {
        group: "metrics.k8s.io",
        version: "v1beta1",
        resources: [
          {
            kind: "NodeMetrics",
            plural: "nodes",
            singular: "",
            shortNames: [],
            categories: [],
            isNamespaced: false,
            subresources: [],
            verbs: ["get", "list"],
          },
        ],
        handle: () => ({ kind: "object", code: 200, object: { kind: "NodeMetricsList" } }),
      },
    ],
  });
  assert.equal((await object(200, "GET", "/apis/metrics.k8s.io/v1beta1/nodes")).kind, "NodeMetricsList");
  const { groups } = (await object(200, "GET", "/apis")) as unknown as { groups: { name: string }[] };
  assert.ok(groups.some(({ name }) => name === "metrics.k8s.io"));
});

test("parts made over the server's objects see what was written, and decide", async () => {
  const { object } = await testServer({
    accessOver: (objects) => ({
      admission: {
        mutate: (request) => request.object,
        validate({ namespace }) {
          if ([...objects.list(kindRow("", "pods"), namespace)].length >= 1)
            throw new StatusError("Forbidden", "one Pod is enough");
        },
      },
    }),
  });
  await object(201, "POST", PODS, pod("a"));
  assert.equal((await object(403, "POST", PODS, pod("b"))).message, "one Pod is enough");
});
