import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lease, Node } from "../../client/object-types.js";
import { heard, silentConditions } from "./node-health.js";
import { scheduleTaints, withEvictionTaint } from "./node-taints.js";
import { stayMs } from "./taint-eviction.js";
import { EVICTION_RATES, evictionRate, TokenBucket, zoneState } from "./zone-state.js";

const CREATED = "2026-01-01T00:00:00Z";
const CREATED_MS = Date.parse(CREATED);

function node(conditions: readonly object[] = [], spec: object = {}): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node-1", creationTimestamp: CREATED },
    spec,
    status: { conditions },
  } as unknown as Node;
}

function lease(renewTime: string): Lease {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "node-1" },
    spec: { renewTime },
  } as unknown as Lease;
}

const READY = { type: "Ready", status: "True", lastHeartbeatTime: CREATED };
const GRACE = { monitorMs: 50_000, startupMs: 60_000 };

test("heard counts from the creation of a node that never spoke, else from the last news", () => {
  const silent = heard(undefined, node(), undefined, CREATED_MS + 5000);
  assert.equal(silent.heardMs, CREATED_MS);
  const first = heard(undefined, node([READY]), lease("a"), CREATED_MS + 5000);
  assert.equal(first.heardMs, CREATED_MS + 5000);
  assert.equal(heard(first, node([READY]), lease("a"), CREATED_MS + 9000), first);
  assert.equal(heard(first, node([READY]), lease("b"), CREATED_MS + 9000).heardMs, CREATED_MS + 9000);
});

test("silentConditions makes conditions Unknown after the grace period, not before", () => {
  assert.equal(silentConditions(node([READY]), 0, 50_000, GRACE), null);
  const conditions = silentConditions(node([READY]), 0, 50_001, GRACE);
  assert.deepEqual(
    conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [
      ["Ready", "Unknown", "NodeStatusUnknown"],
      ["MemoryPressure", "Unknown", "NodeStatusNeverUpdated"],
      ["DiskPressure", "Unknown", "NodeStatusNeverUpdated"],
      ["PIDPressure", "Unknown", "NodeStatusNeverUpdated"],
    ],
  );
  assert.equal(silentConditions(node(), 0, 60_000, GRACE), null);
  assert.equal(silentConditions(node([{ ...READY, status: "Unknown" }]), 0, 99_000, GRACE), null);
});

test("zoneState and evictionRate slow down as upstream does", () => {
  const rows: readonly [number, number, string, number][] = [
    [10, 0, "Normal", 0.1],
    [1, 2, "Normal", 0.1],
    [3, 3, "Normal", 0.1],
    // 3 of 5 are 0.6.
    [2, 3, "PartialDisruption", 0],
    [45, 55, "PartialDisruption", 0.01],
    [0, 5, "FullDisruption", 0.1],
  ];
  for (const [ready, notReady, state, rate] of rows) {
    assert.equal(zoneState({ ready, notReady }, EVICTION_RATES), state);
    assert.equal(evictionRate(state as never, { ready, notReady }, EVICTION_RATES), rate);
  }
});

test("TokenBucket lets one through each ten seconds at 0.1/s", () => {
  const bucket = new TokenBucket(0.1, 0);
  const taken = [0, 100, 9900, 10_000, 10_100, 20_000].map((ms) => bucket.take(ms));
  assert.deepEqual(taken, [true, false, false, true, false, true]);
  bucket.setRate(0, 20_000);
  assert.equal(bucket.take(1e9), false);
});

test("scheduleTaints follows conditions and cordons, and leaves other taints", () => {
  const other = { key: "dedicated", effect: "NoSchedule" };
  const down = node([{ type: "Ready", status: "False" }], { unschedulable: true, taints: [other] });
  const taints = scheduleTaints(down, CREATED);
  assert.deepEqual(
    taints?.map(({ key, effect }) => `${key}:${effect}`),
    [
      "dedicated:NoSchedule",
      "node.kubernetes.io/not-ready:NoSchedule",
      "node.kubernetes.io/unschedulable:NoSchedule",
    ],
  );
  assert.equal(
    scheduleTaints(node([{ type: "Ready", status: "False" }], { unschedulable: true, taints }), CREATED),
    null,
  );
  assert.deepEqual(scheduleTaints(node([READY], { taints }), CREATED), [other]);
});

test("withEvictionTaint swaps one for the other", () => {
  const key = "node.kubernetes.io/unreachable";
  const tainted = node([], { taints: [{ key: "node.kubernetes.io/not-ready", effect: "NoExecute" }] });
  assert.deepEqual(withEvictionTaint(tainted, key, CREATED), [
    { key, effect: "NoExecute", timeAdded: CREATED },
  ]);
  assert.deepEqual(withEvictionTaint(tainted, null, CREATED), []);
  assert.equal(withEvictionTaint(node(), null, CREATED), null);
});

test("stayMs is the shortest of the tolerations, and nothing without one", () => {
  const taints = [
    { key: "a", effect: "NoExecute" },
    { key: "b", value: "1", effect: "NoExecute" },
  ];
  const all = { operator: "Exists" };
  assert.equal(stayMs([], []), Number.POSITIVE_INFINITY);
  assert.equal(stayMs(taints, [all]), Number.POSITIVE_INFINITY);
  assert.equal(stayMs(taints, [{ key: "a", operator: "Exists" }]), 0);
  const both = [
    { key: "a", operator: "Exists", tolerationSeconds: 300 },
    { key: "b", value: "1", tolerationSeconds: 20 },
  ];
  assert.equal(stayMs(taints, both), 20_000);
  assert.equal(stayMs(taints, [{ ...all, tolerationSeconds: -1 }]), 0);
});
