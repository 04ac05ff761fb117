import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.js";
import { ObjectLister } from "../objects.js";
import { node, pod, requesting } from "../plugins/cluster.test-data.js";
import { type PodInfo, placedOn } from "./pod-info.js";
import { SchedulerCache } from "./scheduler-cache.js";

const oneCore = requesting({ cpu: "1" });

function cacheOf(...names: readonly string[]): SchedulerCache {
  const cache = new SchedulerCache(new ObjectLister());
  for (const name of names) cache.addNode(node(name).node);
  return cache;
}

/** Pods and milli-CPU on a node, and what the columns say of both. */
function load(cache: SchedulerCache, name: string): readonly [pods: number, milliCpu: number] {
  const info = cache.get(name);
  assert.ok(info !== undefined);
  const { memory, resources } = cache.columns;
  const inObjects = [info.pods.length, info.requested.milliCpu] as const;
  const inColumns = [
    memory.u32[resources.podCount / 4 + info.slot],
    memory.f64[resources.exact("cpu").used / 8 + info.slot],
  ];
  assert.deepEqual(inColumns, inObjects, `columns of node ${name}`);
  return inObjects;
}

test("SchedulerCache takes a Pod through assumed and added, and back", () => {
  const cache = cacheOf("n");
  const pending = pod("p", oneCore);
  cache.assume(pending, "n");
  assert.deepEqual([cache.assumedCount, cache.podCount, cache.isAssumed("p")], [1, 1, true]);
  cache.addPod(placedOn(pending, "n"));
  assert.deepEqual([cache.assumedCount, cache.podCount, cache.isAssumed("p")], [0, 1, false]);
  assert.deepEqual(load(cache, "n"), [1, 1000]);
  assert.equal(cache.forget("p"), false);
  cache.removePod("p");
  assert.deepEqual(load(cache, "n"), [0, 0]);
});

test("SchedulerCache.forget frees the node, when the Pod was only assumed", () => {
  const cache = cacheOf("n");
  cache.assume(pod("p", oneCore), "n");
  assert.equal(cache.forget("p"), true);
  assert.equal(cache.forget("p"), false);
  assert.deepEqual([cache.assumedCount, ...load(cache, "n")], [0, 0, 0]);
});

test("SchedulerCache.assume stops, when the Pod has a node", () => {
  const cache = cacheOf("n");
  cache.assume(pod("p"), "n");
  assert.throws(() => cache.assume(pod("p"), "n"), /has a node already/);
});

test("SchedulerCache.addPod moves an assumed Pod, when it was bound elsewhere", () => {
  const cache = cacheOf("here", "there");
  cache.assume(pod("p", oneCore), "here");
  cache.addPod(placedOn(pod("p", oneCore), "there"));
  assert.deepEqual([load(cache, "here"), load(cache, "there"), cache.assumedCount], [[0, 0], [1, 1000], 0]);
});

test("SchedulerCache.addPod counts anew, when requests have changed", () => {
  const cache = cacheOf("n");
  cache.addPod(placedOn(pod("p", oneCore), "n"));
  cache.updatePod(placedOn(pod("p", requesting({ cpu: "3" })), "n"));
  assert.deepEqual(load(cache, "n"), [1, 3000]);
});

test("SchedulerCache keeps Pods of a node that is not there, and counts them when it comes", () => {
  const cache = cacheOf("n");
  cache.addPod(placedOn(pod("early", oneCore), "late"));
  cache.addPod(placedOn(pod("early", oneCore), "late"));
  cache.addPod(placedOn(pod("p", oneCore), "n"));
  cache.removeNode("n");
  assert.deepEqual(
    cache.nodes.map(({ name }) => name),
    [],
  );
  cache.removePod("p");
  cache.addNode(node("late").node);
  cache.addNode(node("n").node);
  assert.deepEqual(
    [load(cache, "late"), load(cache, "n")],
    [
      [1, 1000],
      [0, 0],
    ],
  );
});

test("SchedulerCache gives a slot to another node, when the first is gone, without a trace of it", () => {
  const cache = cacheOf("first");
  cache.addPod(placedOn(pod("p", requesting({ cpu: "1", "example.com/gpu": "1" })), "first"));
  const slot = cache.get("first")?.slot;
  cache.removeNode("first");
  cache.addNode(node("second").node);
  assert.equal(cache.get("second")?.slot, slot);
  assert.deepEqual(load(cache, "second"), [0, 0]);
  assert.equal(cache.nodeAt(slot as number).name, "second");
});

test("SchedulerCache.hasPodsBelow looks at Pods that have a node, assumed ones too", () => {
  const cache = cacheOf("n");
  cache.assume(pod("p", { priority: 5 }), "n");
  assert.deepEqual([cache.hasPodsBelow(5), cache.hasPodsBelow(6)], [false, true]);
  cache.forget("p");
  assert.equal(cache.hasPodsBelow(6), false);
});

test("SchedulerCache.nodes is the same array, until a node comes, goes or changes its zone", () => {
  const cache = cacheOf("a", "b");
  const { nodes } = cache;
  cache.updateNode(node("a", { labels: { other: "label" } }).node);
  cache.assume(pod("p"), "a");
  assert.equal(cache.nodes, nodes);
  cache.updateNode(node("a", { labels: { "topology.kubernetes.io/zone": "z" } }).node);
  assert.notEqual(cache.nodes, nodes);
});

test("SchedulerCache agrees with its columns, after thousands of changes and growth beyond their capacity", () => {
  const seed = 20_261_125;
  const prng = new Prng(seed);
  const cache = cacheOf();
  const placed = new Map<string, PodInfo>();
  const capacity = cache.columns.capacity;
  for (let step = 0; step < 3000; step++) {
    const name = `n${prng.below(capacity * 3)}`;
    const uid = `p${prng.below(400)}`;
    const cpu = `${prng.below(4) * 250}m`;
    switch (prng.below(8)) {
      case 0:
        if (step > 300) cache.removeNode(name);
        break;
      case 1:
      case 2:
        cache.updateNode(node(name, { allocatable: { cpu: `${1 + prng.below(64)}`, pods: 20 } }).node);
        break;
      case 3:
        cache.removePod(uid);
        placed.delete(uid);
        break;
      default: {
        const info = placedOn(pod(uid, requesting({ cpu })), name);
        cache.addPod(info);
        placed.set(uid, info);
      }
    }
  }
  assert.ok(cache.columns.capacity > capacity, `seed ${seed}: the columns have not grown`);
  for (const { name } of cache.nodes) {
    const here = [...placed.values()].filter(({ pod: { spec } }) => spec?.nodeName === name);
    const milliCpu = here.reduce((sum, { spec }) => sum + spec.requests.exact.milliCpu, 0);
    assert.deepEqual(load(cache, name), [here.length, milliCpu], `seed ${seed}: node ${name}`);
  }
});
