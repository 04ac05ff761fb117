import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeStreams } from "../../protocol/node-streams.js";
import { pod, PODS, type TestServer, testServer } from "../api-server.test-data.js";

const DEFAULT = "/api/v1/namespaces/default";
const MERGE = { "content-type": "application/merge-patch+json" };
const fail = () => assert.fail("answers only");

/** Pods listen at 8080 and 80. */
const NODES: NodeStreams = {
  logs: fail,
  exec: fail,
  attach: fail,
  portForward: fail,
  page: fail,
  answer: ({ pod: name, port }, path) =>
    port === 8080 || port === 80
      ? { code: 200, contentType: "text/plain", text: `${name}:${port}${path}` }
      : null,
};

async function webServer(): Promise<TestServer> {
  const server = await testServer({ nodes: NODES });
  const container = { name: "c", image: "nginx", ports: [{ containerPort: 8080 }] };
  await server.object(201, "POST", PODS, pod("web", { nodeName: "n1", containers: [container] }));
  await server.object(201, "POST", PODS, pod("idle"));
  await server.object(200, "PATCH", `${PODS}/web/status`, { status: { podIP: "10.1.0.9" } }, MERGE);
  return server;
}

async function text({ ask }: TestServer, path: string): Promise<string> {
  const response = await ask("GET", `${DEFAULT}/${path}`);
  assert.ok(response.kind === "text" && response.code === 200, JSON.stringify(response));
  return response.text;
}

test("a Pod's port is reached through its proxy: the one given, else the first declared", async () => {
  const server = await webServer();
  assert.equal(await text(server, "pods/web/proxy/"), "web:8080/");
  assert.equal(await text(server, "pods/web:80/proxy/a/b?c=d&watch=true"), "web:80/a/b?c=d&watch=true");
  assert.equal(await text(server, "pods/https:web:8080/proxy/a"), "web:8080/a");
  assert.equal(await text(server, "pods/web:http/proxy/"), "web:80/");
  const posted = await server.ask("POST", `${PODS}/web/proxy/a?dryRun=no`, { not: "an object" });
  assert.ok(posted.kind === "text" && posted.text === "web:8080/a?dryRun=no");
  const root = await server.ask("GET", `${PODS}/web/proxy?a=b`);
  assert.ok(root.kind === "text" && root.code === 301);
  assert.equal(root.headers?.["location"], `${PODS}/web/proxy/?a=b`);
});

test("a Pod's proxy refuses as upstream where nothing listens or the name cannot be meant", async () => {
  const { object } = await webServer();
  const message = async (code: number, path: string) =>
    (await object(code, "GET", `${PODS}/${path}`)).message;
  const unreachable = "error trying to reach service: dial tcp";
  assert.equal(
    await message(503, "web:81/proxy/"),
    `${unreachable} 10.1.0.9:81: connect: connection refused`,
  );
  assert.equal(await message(503, "web:metrics/proxy/"), `${unreachable}: lookup tcp/metrics: unknown port`);
  assert.equal(await message(400, "idle/proxy/"), "address not allowed");
  assert.equal(await message(400, "ftp:web:80/proxy/"), 'invalid pod request "ftp:web:80"');
  assert.equal(await message(404, "nobody/proxy/"), 'pods "nobody" not found');
});

test("a Service's port, by number or name, leads to a Pod that is ready behind it", async () => {
  const server = await webServer();
  const service = (name: string, ports: readonly object[]) =>
    server.object(201, "POST", `${DEFAULT}/services`, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { ports },
    });
  await service("web", [
    { name: "main", port: 7000, targetPort: 8080 },
    { name: "closed", port: 7001, targetPort: 81 },
  ]);
  await service("lonely", [{ port: 80 }]);
  const targetRef = { kind: "Pod", name: "web", namespace: "default" };
  const ports = [
    { name: "main", port: 8080 },
    { name: "closed", port: 81 },
  ];
  await server.object(201, "POST", `${DEFAULT}/endpoints`, {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "web" },
    subsets: [{ addresses: [{ ip: "10.1.0.7" }, { ip: "10.1.0.9", targetRef }], ports }],
  });
  assert.equal(await text(server, "services/web:7000/proxy/x?y"), "web:8080/x?y=");
  assert.equal(await text(server, "services/http:web:main/proxy/"), "web:8080/");
  const refused = async (path: string) => {
    const { message, reason } = await server.object(503, "GET", `${DEFAULT}/services/${path}/proxy/`);
    assert.equal(reason, "ServiceUnavailable");
    return message;
  };
  const none = (name: string) => `no endpoints available for service "${name}"`;
  assert.equal(await refused("web:9"), 'no service port 9 found for service "web"');
  assert.equal(await refused("web"), none("web"));
  assert.equal(await refused("web:other"), none("web:other"));
  assert.match(await refused("web:closed"), /dial tcp 10\.1\.0\.9:81: connect: connection refused$/);
  await server.object(404, "GET", `${DEFAULT}/services/lonely:80/proxy/`);
});
