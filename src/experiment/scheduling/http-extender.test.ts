import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";
import { newExtenderCaller } from "./http-extender.js";
import { pod } from "./simulation.test-data.js";

async function ask(context: TestContext, answer: RequestListener, httpTimeout = "10s") {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const text = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
extenders:
- { urlPrefix: "http://127.0.0.1:${port}/", filterVerb: filter, httpTimeout: ${httpTimeout} }
`;
  const [extender] = parseSchedulerConfiguration({ file: "scheduler.yaml", text }).extenders;
  assert.ok(extender !== undefined);
  const body = { Pod: pod("x", "1"), Nodes: null, NodeNames: ["a"] };
  return newExtenderCaller()({ extender, verb: "filter", body });
}

test("newExtenderCaller posts JSON and gives the JSON of the answer", async (context) => {
  const reply = await ask(context, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { NodeNames } = JSON.parse(Buffer.concat(chunks).toString());
      response.end(JSON.stringify({ url: request.url, NodeNames }));
    });
  });
  assert.deepEqual(reply, { ok: true, value: { url: "/filter", NodeNames: ["a"] } });
});

test("newExtenderCaller answers what went wrong, when something did", async (context) => {
  const status = await ask(context, (_, response) => {
    response.statusCode = 500;
    response.end();
  });
  assert.match(status.ok ? "" : status.error, /code 500/);
  const noJson = await ask(context, (_, response) => response.end("<html>"));
  assert.match(noJson.ok ? "" : noJson.error, /no JSON/);
  const late = await ask(context, () => {}, "200ms");
  assert.match(late.ok ? "" : late.error, /timeout/);
});
