import assert from "node:assert/strict";
import { test } from "node:test";
import { podUsageSource } from "./pod-usage-source.js";

const USAGE = {
  namespace: "default",
  name: "web-1",
  sampledMs: 5000,
  windowMs: 15_000,
  containers: [
    { name: "main", cpuNanoCores: 250_000_000, memoryBytes: 1024 },
    { name: "proxy", cpuNanoCores: 50_000_000, memoryBytes: 512 },
  ],
};

test("podUsageSource adds up containers, or tells of one", async () => {
  const source = podUsageSource({ podUsages: () => [USAGE] });
  const value = async (resource: string, container: string | null) =>
    (await source.podResource("default", resource, container)).get("web-1")?.value;
  assert.equal(await value("cpu", null), 300);
  assert.equal(await value("cpu", "proxy"), 50);
  assert.equal(await value("memory", null), 1_536_000);
  await assert.rejects(source.podResource("default", "cpu", "none"), /no metrics returned/);
  await assert.rejects(source.external("default", "queue", null), /external metrics API/);
});
