import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { delay, ManualTimers, realTimers } from "../../base/timers.js";
import { type EtcdProcess, startEtcd, whyNoEtcd } from "./etcd/etcd-process.test-data.js";
import { serveEtcd } from "./etcd/serve-etcd.js";
import { openStore } from "./open-store.js";
import { storeConformance } from "./store-conformance.test-data.js";

storeConformance({
  name: "memory store",
  skip: {},
  open: async () => {
    const timers = new ManualTimers();
    const store = await openStore("memory", { timers });
    return { store, passTime: (ms) => timers.advance(ms), close: () => store.close() };
  },
});

storeConformance({
  name: "file store",
  skip: {},
  open: async () => {
    const timers = new ManualTimers();
    const folder = mkdtempSync(join(tmpdir(), "plumb-store-"));
    const store = await openStore(`file:${folder}`, { timers });
    const close = async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    };
    return { store, passTime: (ms) => timers.advance(ms), close };
  },
});

storeConformance({
  name: "memory store served as etcd",
  skip: {},
  open: async () => {
    const timers = new ManualTimers();
    const served = await openStore("memory", { timers });
    const server = await serveEtcd(served, { host: "127.0.0.1", port: 0, timers });
    const store = await openStore(`etcd:http://127.0.0.1:${server.port}/p/`, { timers: realTimers });
    const close = async () => {
      await store.close();
      await server.close();
      await served.close();
    };
    return { store, passTime: (ms) => timers.advance(ms), close };
  },
});

let etcd: EtcdProcess | null = null;
let openedCount = 0;
const missing = whyNoEtcd();
if (missing === null) {
  before(async () => {
    etcd = await startEtcd();
  });
  after(() => etcd?.stop());
}

storeConformance({
  name: "real etcd",
  skip: {
    ...(missing === null ? {} : { "*": missing }),
    "tells a deletion at the compaction to a watcher from there":
      "etcd drops it (etcd-io/etcd#18089), mended in 3.5.18 and 3.6",
  },
  open: async () => {
    const store = await openStore(`etcd:${etcd?.url}/test-${++openedCount}/`, { timers: realTimers });
    return { store, passTime: (ms) => delay(realTimers, ms), close: () => store.close() };
  },
});
