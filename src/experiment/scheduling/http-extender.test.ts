import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";
import type { ExtenderArgs, ExtenderPreemptionArgs } from "../../scheduler/extender/extender.js";
import { newExtenderCaller } from "./http-extender.js";
import { newTestSimulation, node, ONE_MINUTE, placements, pod } from "./simulation.test-data.js";

/** A server on a port of its own, until the test is over. */
async function serve(context: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/`;
}

/** @param fields of its only extender, in YAML */
function withExtender(fields: string): SchedulerConfiguration {
  const text = `
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
extenders:
- { ${fields} }
`;
  return parseSchedulerConfiguration({ file: "scheduler.yaml", text });
}

async function ask(context: TestContext, answer: RequestListener, httpTimeout = "10s") {
  const url = await serve(context, answer);
  const [extender] = withExtender(
    `urlPrefix: "${url}", filterVerb: filter, httpTimeout: ${httpTimeout}`,
  ).extenders;
  assert.ok(extender !== undefined);
  const body = { Pod: pod("x", "1"), Nodes: null, NodeNames: ["a"] };
  return newExtenderCaller()({ extender, verb: "filter", body });
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

test("newExtenderCaller posts JSON and gives the JSON of the answer", async (context) => {
  const reply = await ask(context, async (request, response) => {
    const { NodeNames } = (await jsonOf(request)) as ExtenderArgs;
    response.end(JSON.stringify({ url: request.url, NodeNames }));
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

test("newExtenderCaller asks about victims, and the Pod is placed where the extender agrees", async (context) => {
  const asked: string[][] = [];
  const url = await serve(context, async (request, response) => {
    const { NodeNameToMetaVictims } = (await jsonOf(request)) as ExtenderPreemptionArgs;
    asked.push([request.url ?? "", ...Object.keys(NodeNameToMetaVictims ?? {}).sort()]);
    response.end(JSON.stringify({ NodeNameToMetaVictims: { b: NodeNameToMetaVictims?.["b"] } }));
  });
  const configuration = withExtender(`urlPrefix: "${url}", preemptVerb: preempt, nodeCacheCapable: true`);
  const simulation = newTestSimulation({ configuration, callExtender: newExtenderCaller() });
  const { api, driver } = simulation;
  for (const name of ["a", "b", "c"]) {
    api.create(node(name));
    api.create(pod(`low-${name}`, "3", { nodeName: name, priority: 1 }));
  }
  api.create(pod("high", "3", { priority: 10 }));
  await driver.runUntil(() => "high" in placements(simulation), ONE_MINUTE);
  assert.deepEqual(asked, [["/preempt", "a", "b", "c"]]);
  assert.deepEqual(placements(simulation), { "low-a": "a", "low-c": "c", high: "b" });
});
