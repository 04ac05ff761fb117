import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { isStatus, StatusError } from "../../api/status.js";
import { ManualTimers } from "../../base/timers.js";
import { type HttpClient, httpClient } from "./http-client.js";
import { clientOf, DEPLOYMENTS, PODS } from "./resources.js";
import { WatchLines } from "./watch-lines.js";

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

const servers: Server[] = [];
const clients: HttpClient[] = [];
after(() => {
  for (const client of clients) client.close();
  for (const server of servers) server.close();
});

async function serve(answer: Answer): Promise<{ client: HttpClient; timers: ManualTimers }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(request, Buffer.concat(chunks).toString(), response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const timers = new ManualTimers();
  const client = httpClient({ server: `http://127.0.0.1:${port}`, timers, token: "secret" });
  clients.push(client);
  return { client, timers };
}

test("httpClient sends what the API's conventions say", async () => {
  const seen: string[] = [];
  const { client } = await serve((request, body, response) => {
    const { authorization, "content-type": type = "-" } = request.headers;
    seen.push(`${request.method} ${request.url} ${type} ${authorization} ${body}`);
    response.end('{"kind":"Any","metadata":{"name":"x"}}');
  });
  const deployments = clientOf(client, DEPLOYMENTS, "a b");
  await deployments.get("web", "scale");
  await deployments.list({ labelSelector: "a=b", limit: 5 });
  await deployments.create({ metadata: { name: "x" } }, { fieldManager: "me", dryRun: true });
  await deployments.updateStatus({ metadata: { name: "x" } });
  await deployments.patch("x", "strategic", { spec: {} }, { subresource: "status" });
  await deployments.delete("x", { propagationPolicy: "Foreground" });
  await clientOf(client, PODS, null).deleteCollection({ fieldSelector: "spec.nodeName=n" });
  const base = "/apis/apps/v1/namespaces/a%20b/deployments";
  assert.deepEqual(seen, [
    `GET ${base}/web/scale - Bearer secret `,
    `GET ${base}?labelSelector=a%3Db&limit=5 - Bearer secret `,
    `POST ${base}?fieldManager=me&dryRun=All application/json Bearer secret {"metadata":{"name":"x"}}`,
    `PUT ${base}/x/status application/json Bearer secret {"metadata":{"name":"x"}}`,
    `PATCH ${base}/x/status application/strategic-merge-patch+json Bearer secret {"spec":{}}`,
    `DELETE ${base}/x application/json Bearer secret {"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground"}`,
    "DELETE /api/v1/pods?fieldSelector=spec.nodeName%3Dn - Bearer secret ",
  ]);
});

test("httpClient rejects with the server's Status, and makes one of a code that comes without", async () => {
  const { status } = new StatusError("Conflict", "changed");
  const { client } = await serve((request, _body, response) => {
    const isFirst = request.url?.endsWith("/a") === true;
    response.statusCode = isFirst ? 409 : 503;
    response.end(isFirst ? JSON.stringify(status) : "<html>");
  });
  const pods = clientOf(client, PODS, "default");
  await assert.rejects(pods.get("a"), (error) => isStatus(error, "Conflict"));
  await assert.rejects(pods.get("b"), (error) => isStatus(error, "ServiceUnavailable"));
});

test("httpClient tries again after Retry-After seconds", async () => {
  let requests = 0;
  const { client, timers } = await serve((_request, _body, response) => {
    if (++requests === 1) response.writeHead(429, { "retry-after": "3" });
    response.end('{"kind":"Pod"}');
  });
  const answer = clientOf(client, PODS, "default").get("a");
  while (requests === 0) await timers.advance(0);
  await new Promise((resolve) => setImmediate(resolve));
  while (requests === 1) await timers.advance(1000);
  assert.equal((await answer).kind, "Pod");
});

test("httpClient reads a watch line by line, and ends it when asked", async () => {
  let isClosed = false;
  const { client } = await serve((request, _body, response) => {
    assert.equal(new URL(request.url ?? "", "http://x").searchParams.get("watch"), "true");
    response.on("close", () => {
      isClosed = true;
    });
    response.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n{"type":"MODIFIED","obj');
    response.write('ect":{"metadata":{"name":"b"}}}\n');
  });
  const names: string[] = [];
  await new Promise<void>((resolve) => {
    const cancel = clientOf(client, PODS, null).watch(
      {},
      {
        event: ({ type, object }) => {
          names.push(`${type} ${object.metadata.name}`);
          if (names.length < 2) return;
          cancel();
          resolve();
        },
        end: () => assert.fail("a watch that was cancelled ends"),
      },
    );
  });
  assert.deepEqual(names, ["ADDED a", "MODIFIED b"]);
  while (!isClosed) await new Promise((resolve) => setImmediate(resolve));
});

test("httpClient ends a watch that the server refuses with its Status", async () => {
  const { client } = await serve((_request, _body, response) => {
    response.statusCode = 410;
    response.end(JSON.stringify(new StatusError("Expired", "too old").status));
  });
  const error = await new Promise((resolve) =>
    clientOf(client, PODS, null).watch({ resourceVersion: "1" }, { event: () => {}, end: resolve }),
  );
  assert.ok(isStatus(error, "Expired"));
});

test("WatchLines puts lines together, when chunks end within a character", () => {
  const lines: string[] = [];
  const parser = new WatchLines((line) => lines.push(line));
  const bytes = Buffer.from('{"a":"ä€"}\n\n{"b":1}\n');
  for (const byte of bytes) parser.push(Buffer.from([byte]));
  assert.deepEqual(lines, ['{"a":"ä€"}', '{"b":1}']);
});
