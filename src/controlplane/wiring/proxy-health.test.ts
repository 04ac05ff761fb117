import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../client/object-types.js";
import { type HealthAnswer, healthAnswer, type HealthPath, type SyncHealth } from "./proxy-health.js";
import { serveProxyHealth } from "./serve-proxy-health.js";

const NOW_MS = Date.UTC(2026, 0, 1);
const NOW = "2026-01-01T00:00:00.000Z";
const EARLIER = "2025-12-31T23:58:20.000Z";
const NEVER = "0001-01-01T00:00:00Z";

/** In step: last updated 100 s ago, nothing waits. */
const IN_STEP: SyncHealth = {
  nowMs: NOW_MS,
  lastUpdatedMs: NOW_MS - 100_000,
  oldestPendingMs: null,
  timeoutMs: 60_000,
};
const waiting = (ms: number): SyncHealth => ({ ...IN_STEP, oldestPendingMs: NOW_MS - ms });

const NODE = { apiVersion: "v1", kind: "Node", metadata: { name: "node-0" }, spec: {} } as Node;
const tainted = (key: string): Node => ({ ...NODE, spec: { taints: [{ key, effect: "NoSchedule" }] } });
const LEAVING = { ...NODE, metadata: { ...NODE.metadata, deletionTimestamp: NOW } };

const CODES: readonly [name: string, sync: SyncHealth, node: Node | null, healthz: number, livez: number][] =
  [
    ["in step", IN_STEP, NODE, 200, 200],
    ["a change waits, not long", waiting(59_999), NODE, 200, 200],
    ["a change waits too long", waiting(60_000), NODE, 503, 503],
    ["starting, whatever waits", { ...waiting(99_000), lastUpdatedMs: null }, NODE, 200, 200],
    ["no node", IN_STEP, null, 503, 200],
    ["node is being deleted", IN_STEP, LEAVING, 503, 200],
    ["node is to be deleted", IN_STEP, tainted("ToBeDeletedByClusterAutoscaler"), 503, 200],
    ["node has another taint", IN_STEP, tainted("node.kubernetes.io/unschedulable"), 200, 200],
  ];

test("healthAnswer: /healthz asks for rules in step and a node that stays, /livez for rules alone", () => {
  for (const [name, sync, node, healthz, livez] of CODES) {
    assert.equal(healthAnswer("/healthz", sync, node).code, healthz, `${name}: /healthz`);
    assert.equal(healthAnswer("/livez", sync, node).code, livez, `${name}: /livez`);
  }
});

test("healthAnswer: lastUpdated is now for who is well, else the last sync; nodeEligible stands in /healthz alone", () => {
  const status = (healthy: boolean) => ({ IPv4: { lastUpdated: EARLIER, healthy } });
  assert.deepEqual(healthAnswer("/healthz", IN_STEP, NODE).body, {
    lastUpdated: NOW,
    currentTime: NOW,
    nodeEligible: true,
    healthy: true,
    status: status(true),
  });
  assert.deepEqual(healthAnswer("/healthz", IN_STEP, null).body, {
    lastUpdated: EARLIER,
    currentTime: NOW,
    nodeEligible: false,
    healthy: true,
    status: status(true),
  });
  assert.deepEqual(healthAnswer("/livez", waiting(70_000), null).body, {
    lastUpdated: EARLIER,
    currentTime: NOW,
    healthy: false,
    status: status(false),
  });
  assert.deepEqual(healthAnswer("/healthz", { ...IN_STEP, lastUpdatedMs: null }, null).body, {
    lastUpdated: NEVER,
    currentTime: NOW,
    nodeEligible: false,
    healthy: true,
  });
});

test("serveProxyHealth answers both paths, nothing else, and says when its port is taken", async () => {
  const asked: HealthPath[] = [];
  const answer = (path: HealthPath): HealthAnswer => {
    asked.push(path);
    return { code: path === "/livez" ? 200 : 503, body: { healthy: true } };
  };
  const listener = await serveProxyHealth(answer, { host: "127.0.0.1", port: 0 });
  const get = (path: string) => fetch(`http://127.0.0.1:${listener.port}${path}`);
  try {
    const livez = await get("/livez?verbose");
    assert.equal(livez.status, 200);
    assert.equal(livez.headers.get("content-type"), "application/json");
    assert.equal(livez.headers.get("x-content-type-options"), "nosniff");
    assert.deepEqual(await livez.json(), { healthy: true });
    assert.equal((await get("/healthz")).status, 503);
    const missing = await get("/metrics");
    assert.deepEqual([missing.status, await missing.text()], [404, "404 page not found\n"]);
    assert.deepEqual(asked, ["/livez", "/healthz"]);
    await assert.rejects(serveProxyHealth(answer, { host: "127.0.0.1", port: listener.port }), {
      code: "EADDRINUSE",
    });
  } finally {
    await listener.close();
  }
});
