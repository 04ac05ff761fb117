import assert from "node:assert/strict";
import { test } from "node:test";
import { realTimers } from "../../base/timers.js";
import { defaultProxyConfig } from "../../proxy/default-config.js";
import type { ObjectFeed } from "./object-feed.js";
import { ProxyRunner, type SyncRecord } from "./proxy-runner.js";

const NODE = { name: "node-0", addresses: ["192.168.0.2"], podCIDRs: [], zone: null };

test("a slice whose endpoints are null, as Go writes none, is a slice without endpoints", async () => {
  const objects = {
    services: {
      metadata: { namespace: "shop", name: "web" },
      spec: { clusterIP: "10.96.0.9", ports: [{ port: 80 }] },
    },
    endpointslices: {
      metadata: { namespace: "shop", name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: null,
      ports: null,
    },
  };
  const feed: ObjectFeed = ({ resource }, listener) => {
    listener.set(objects[resource as keyof typeof objects] as never);
    return Promise.resolve();
  };
  const synced = await new Promise<SyncRecord>((resolve, reject) => {
    const runner = new ProxyRunner({
      config: defaultProxyConfig("iptables", "IPv4", NODE, { clusterCIDRs: ["10.128.0.0/9"] }),
      timing: { minSyncPeriodMs: 0, syncPeriodMs: 30_000, fullSyncPeriodMs: 3_600_000 },
      feed,
      timers: realTimers,
      onSync: (record) => {
        runner.stop();
        resolve(record);
      },
    });
    runner.start().catch(reject);
  });
  assert.ok(synced.rules > 0);
});
