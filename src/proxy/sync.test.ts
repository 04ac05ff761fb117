import assert from "node:assert/strict";
import { test } from "node:test";
import { MODES } from "../netfilter/rule-model.js";
import { syncFull, syncPartial } from "./iptables/sync.js";
import { COMPILERS } from "./modes.js";
import { SyncRunner, type SyncEvent, type SyncMode } from "./sync.js";
import { testConfig, testService, testSlice, uniformCluster } from "./cluster.test-data.js";

const IPTABLES: SyncMode = { syncFull, syncPartial };
const TIMING = { minSyncPeriodMs: 1000, syncPeriodMs: 30_000, fullSyncPeriodMs: 3_600_000 };
const SERVICE = testService("a/b", { clusterIP: "172.30.0.1" });
const SLICE = testSlice("a/b", ["10.0.0.1"]);
const TICK: SyncEvent = { kind: "tick" };
const APPLIED: SyncEvent = { kind: "applied" };
const FAILED: SyncEvent = { kind: "failed" };

const upsert = (object: typeof SERVICE | typeof SLICE): SyncEvent => ({ kind: "upsert", object });

/** A runner whose first full sync succeeded at time 0. */
function started(config = testConfig(), mode = IPTABLES): SyncRunner {
  const runner = new SyncRunner(mode, config, TIMING);
  runner.step(upsert(SERVICE), 0);
  runner.step(upsert(SLICE), 0);
  runner.step({ kind: "listed", objects: "Service" }, 0);
  assert.equal(runner.step({ kind: "listed", objects: "EndpointSlice" }, 0).sync?.kind, "full");
  runner.step(APPLIED, 10);
  return runner;
}

test("SyncRunner waits for Services and EndpointSlices, then syncs in full", () => {
  const runner = new SyncRunner(IPTABLES, testConfig(), TIMING);
  assert.deepEqual(runner.step(upsert(SERVICE), 0), { sync: null, wakeAtMs: null });
  assert.deepEqual(runner.step({ kind: "listed", objects: "Service" }, 5), { sync: null, wakeAtMs: null });
  const { sync, wakeAtMs } = runner.step({ kind: "listed", objects: "EndpointSlice" }, 9);
  assert.equal(sync?.kind, "full");
  assert.equal(wakeAtMs, null);
  const appliedCount = () => runner.applied?.entries.length ?? null;
  assert.equal(appliedCount(), null);
  runner.step(APPLIED, 20);
  assert.equal(appliedCount(), 1);
});

test("SyncRunner syncs a change in part, at once when the last sync is long enough ago", () => {
  const runner = started();
  const { sync } = runner.step(upsert(testSlice("a/b", ["10.0.0.2"])), 5000);
  assert.equal(sync?.kind, "partial");
  assert.match([...(sync?.text() ?? [])].join(""), /10\.0\.0\.2:80/);
});

test("SyncRunner keeps minSyncPeriod between syncs and gathers changes", () => {
  const runner = started();
  assert.deepEqual(runner.step(upsert(testService("a/c", { clusterIP: "172.30.0.2" })), 100), {
    sync: null,
    wakeAtMs: 1000,
  });
  assert.deepEqual(runner.step(upsert(testService("a/d", { clusterIP: "172.30.0.3" })), 999), {
    sync: null,
    wakeAtMs: 1000,
  });
  const { sync } = runner.step(TICK, 1000);
  assert.equal(sync?.kind, "partial");
  assert.match([...(sync?.text() ?? [])].join(""), /a\/c(.|\n)*a\/d/);
});

test("SyncRunner starts no sync while one is in flight", () => {
  const runner = started();
  runner.step(upsert(testSlice("a/b", ["10.0.0.2"])), 2000);
  assert.deepEqual(runner.step(upsert(testSlice("a/b", ["10.0.0.3"])), 9000), { sync: null, wakeAtMs: null });
  assert.equal(runner.step(APPLIED, 9001).sync?.kind, "partial");
});

test("SyncRunner does nothing for an event that changes no rule", () => {
  const runner = started();
  assert.deepEqual(runner.step(upsert(SERVICE), 5000), { sync: null, wakeAtMs: 3_600_000 });
});

test("SyncRunner repeats a failed sync in full after syncPeriod", () => {
  const runner = started();
  assert.equal(runner.step(upsert(testSlice("a/b", ["10.0.0.2"])), 2000).sync?.kind, "partial");
  assert.deepEqual(runner.step(FAILED, 2500), { sync: null, wakeAtMs: 32_500 });
  assert.equal(runner.step(TICK, 32_499).sync, null);
  const { sync } = runner.step(TICK, 32_500);
  assert.equal(sync?.kind, "full");
  assert.match([...(sync?.text() ?? [])].join(""), /10\.0\.0\.2:80/);
  runner.step(APPLIED, 33_000);
  assert.equal(runner.step(upsert(SLICE), 40_000).sync?.kind, "partial");
});

test("SyncRunner does not wait for the retry when something else changes, but still syncs in full", () => {
  const runner = started();
  runner.step(upsert(testSlice("a/b", ["10.0.0.2"])), 2000);
  runner.step(FAILED, 2500);
  assert.equal(runner.step(upsert(testSlice("a/b", ["10.0.0.3"])), 4000).sync?.kind, "full");
});

test("SyncRunner deletes chains that only a failed sync would have deleted", () => {
  const runner = started();
  runner.step(upsert(testSlice("a/b", ["10.0.0.2"])), 2000);
  runner.step(FAILED, 2500);
  const text = [...(runner.step(TICK, 40_000).sync?.text() ?? [])].join("");
  assert.equal(text.match(/^-X KUBE-SEP-/gm)?.length, 1);
});

test("SyncRunner syncs in full after an hour and when told that the rules are gone", () => {
  const runner = started();
  assert.equal(runner.step(TICK, 3_599_999).sync, null);
  assert.equal(runner.step(TICK, 3_600_000).sync?.kind, "full");
  runner.step(APPLIED, 3_600_010);
  assert.equal(runner.step({ kind: "full-sync-needed" }, 3_700_000).sync?.kind, "full");
});

test("SyncRunner does not lose a flush that happens while a full sync is in flight", () => {
  const runner = started();
  assert.equal(runner.step({ kind: "full-sync-needed" }, 5000).sync?.kind, "full");
  runner.step({ kind: "full-sync-needed" }, 5500);
  assert.deepEqual(runner.step(APPLIED, 5600), { sync: null, wakeAtMs: 6000 });
  assert.equal(runner.step(TICK, 6000).sync?.kind, "full");
});

test("SyncRunner deletes stale chains of a large cluster at most once per syncPeriod", () => {
  const objects = uniformCluster(4, 1);
  const runner = started(testConfig({ largeClusterEndpoints: 2 }));
  let now = 2000;
  const sync = (event: SyncEvent) => {
    const { sync: result } = runner.step(event, now);
    now += 2000;
    runner.step(APPLIED, now - 1000);
    return [...(result?.text() ?? [])].join("").match(/^-X /gm)?.length ?? 0;
  };
  for (const object of [...objects.services, ...objects.endpointSlices]) sync({ kind: "upsert", object });
  now = 60_000;
  assert.equal(sync({ kind: "remove", object: objects.services[0]! }), 2);
  assert.equal(sync({ kind: "remove", object: objects.services[1]! }), 0);
  now = 100_000;
  assert.equal(sync(upsert(testService("x/y", { clusterIP: "172.30.9.1" }))), 2);
});

test("SyncRunner refuses a report about a sync that is not in flight", () => {
  assert.throws(() => started().step(APPLIED, 50), /'applied' reported while no sync is in flight/);
});

for (const mode of MODES) {
  test(`SyncRunner syncs mode ${mode} in full, then in part`, () => {
    const runner = started(testConfig({ mode }), COMPILERS[mode]);
    const { sync } = runner.step(upsert(testService("a/c", { clusterIP: "172.30.0.2" })), 5000);
    assert.equal(sync?.kind, "partial");
    assert.match([...(sync?.text() ?? [])].join(""), /172\.30\.0\.2/);
    runner.step(APPLIED, 5001);
    assert.equal(runner.applied?.entries.length, 2);
  });
}
