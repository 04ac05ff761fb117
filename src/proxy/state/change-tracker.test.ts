import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Service } from "../../api/types.js";
import { Prng } from "../../base/prng.js";
import { randomCluster, testConfig, testService, testSlice, uniformCluster } from "../cluster.test-data.js";
import { buildProxyState } from "./build-state.js";
import { ChangeTracker } from "./change-tracker.js";

const SERVICE = testService("a/b", { clusterIP: "172.30.0.1" });
const OTHER = testService("a/c", { clusterIP: "172.30.0.2" });
const SLICE = testSlice("a/b", ["10.0.0.1"]);

function loaded(...objects: (Service | EndpointSlice)[]): ChangeTracker {
  const tracker = new ChangeTracker(testConfig());
  for (const object of objects) tracker.upsert(object);
  tracker.applyChanges();
  return tracker;
}

test("ChangeTracker names the Services that Services and slices touch", () => {
  const tracker = new ChangeTracker(testConfig());
  assert.equal(tracker.upsert(SERVICE), true);
  assert.equal(tracker.upsert(testSlice("a/c", ["10.0.0.2"])), true);
  assert.deepEqual(tracker.pending, { services: 1, endpoints: 1 });
  const { services, endpoints, changed } = tracker.applyChanges();
  assert.deepEqual([[...services], [...endpoints], [...changed]], [["a/b"], ["a/c"], ["a/b", "a/c"]]);
  assert.deepEqual(tracker.pending, { services: 0, endpoints: 0 });
  assert.equal(tracker.applyChanges().changed.size, 0);
});

test("ChangeTracker forgets a change that was taken back", () => {
  const tracker = loaded(SERVICE, SLICE);
  tracker.upsert({ ...SERVICE, spec: { ...SERVICE.spec, clusterIP: "172.30.0.9" } });
  tracker.upsert(testSlice("a/b", ["10.0.0.1", "10.0.0.2"]));
  tracker.upsert(OTHER);
  assert.equal(tracker.pending.services, 2);
  tracker.upsert(SERVICE);
  tracker.upsert(SLICE);
  assert.equal(tracker.remove(OTHER), false);
  assert.equal(tracker.applyChanges().changed.size, 0);
});

test("ChangeTracker ignores what no rule depends on", () => {
  const tracker = loaded(SERVICE, SLICE);
  assert.equal(
    tracker.upsert({ ...SERVICE, metadata: { ...SERVICE.metadata, annotations: { a: "b" } } }),
    false,
  );
  assert.equal(tracker.upsert({ ...SLICE, metadata: { ...SLICE.metadata, annotations: { a: "b" } } }), false);
  assert.equal(tracker.upsert(testService("a/d", { clusterIP: "None" })), false);
});

test("ChangeTracker keeps the entries of unchanged Services as they were", () => {
  const tracker = loaded(SERVICE, OTHER, SLICE);
  const before = tracker.state().entries;
  tracker.upsert(testSlice("a/b", ["10.0.0.5"]));
  tracker.applyChanges();
  const after = tracker.state().entries;
  assert.notEqual(after[0], before[0]);
  assert.equal(after[0]?.port, before[0]?.port);
  assert.equal(after[1], before[1]);
});

test("ChangeTracker removes Services and slices, and knows slices before their Service", () => {
  const tracker = loaded(SLICE);
  assert.equal(tracker.state().entries.length, 0);
  tracker.upsert(SERVICE);
  tracker.applyChanges();
  assert.equal(tracker.state().entries[0]?.cluster.length, 1);
  tracker.remove(SLICE);
  assert.deepEqual([...tracker.applyChanges().endpoints], ["a/b"]);
  assert.equal(tracker.state().entries[0]?.cluster.length, 0);
  tracker.remove(SERVICE);
  tracker.applyChanges();
  assert.equal(tracker.state().entries.length, 0);
});

test("ChangeTracker moves a slice that changes its Service", () => {
  const tracker = loaded(SERVICE, OTHER, SLICE);
  const moved = testSlice("a/c", ["10.0.0.1"]);
  tracker.upsert({ ...moved, metadata: { ...moved.metadata, name: SLICE.metadata.name } });
  assert.deepEqual([...tracker.applyChanges().changed].sort(), ["a/b", "a/c"]);
  assert.deepEqual(
    tracker.state().entries.map(({ cluster }) => cluster.length),
    [0, 1],
  );
});

test("ChangeTracker reaches the state that buildProxyState builds, whatever the path", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const prng = new Prng(seed);
    const config = testConfig({ order: prng.pick(["sorted", "seeded"] as const), seed });
    const end = randomCluster(prng, 12);
    const start = randomCluster(prng, 12);
    const tracker = new ChangeTracker(config);
    for (const object of prng.shuffled([...start.services, ...start.endpointSlices])) tracker.upsert(object);
    tracker.applyChanges();
    for (const object of [...start.services, ...start.endpointSlices]) tracker.remove(object);
    if (prng.below(2) === 0) tracker.applyChanges();
    for (const object of prng.shuffled([...end.services, ...end.endpointSlices])) tracker.upsert(object);
    tracker.applyChanges();
    assert.deepEqual(tracker.state(), buildProxyState(end, config), `seed ${seed}`);
  }
});

test("buildProxyState orders entries as asked", () => {
  const objects = uniformCluster(30, 1);
  const names = (order: "sorted" | "seeded" | "input", seed = 1, services = objects.services) =>
    buildProxyState({ ...objects, services }, testConfig({ order, seed })).entries.map(
      ({ port }) => port.name,
    );
  const reversed = objects.services.toReversed();
  assert.deepEqual(names("input", 1, reversed), names("input").toReversed());
  assert.deepEqual(names("sorted", 1, reversed), names("sorted"));
  assert.deepEqual(names("sorted"), names("input").toSorted());
  assert.deepEqual(names("seeded", 1, reversed), names("seeded"));
  assert.notDeepEqual(names("seeded", 1), names("seeded", 2));
  const without = names("seeded", 1, objects.services.slice(1));
  assert.deepEqual(
    without,
    names("seeded").filter((name) => without.includes(name)),
    "a Service that goes does not move the others",
  );
});

test("buildProxyState counts every endpoint of its service ports, and takes the last of equal Services", () => {
  const gone = { conditions: { ready: false, serving: false } };
  const slice = testSlice("a/b", ["10.0.0.1", { addresses: ["10.0.0.2"], ...gone }]);
  const renamed = { ...SERVICE, spec: { ...SERVICE.spec, clusterIP: "172.30.0.7" } };
  const orphan = testSlice("a/none", ["10.0.0.3"]);
  const state = buildProxyState(
    { services: [SERVICE, renamed], endpointSlices: [slice, orphan], nodes: [] },
    testConfig(),
  );
  assert.equal(state.endpointsTotal, 2);
  assert.deepEqual(
    state.entries.map(({ port }) => port.clusterIP),
    ["172.30.0.7"],
  );
});
