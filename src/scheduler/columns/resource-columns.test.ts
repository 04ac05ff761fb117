import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceList } from "../../api/scheduling.js";
import { node, pod, requesting } from "../plugins/cluster.test-data.js";
import { Cluster } from "./columns.test-data.js";

const CPU_AND_MEMORY = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 3 },
];
const withRoom = (name: string, allocatable: ResourceList) => node(name, { allocatable }).node;

/** Both kernels' scores of a Pod, where the pair may be used. */
function scores(cluster: Cluster, requests: ResourceList): { general: number[]; pairs: number[] | null } {
  const { resources, memory, feasible, score } = cluster.columns;
  const { nodes } = cluster.cache;
  const table = resources.scoreTable(pod("asked", requesting(requests)), CPU_AND_MEMORY, "nonZero");
  cluster.columns.writeSlots(feasible, nodes);
  const read = () => nodes.map((_, index) => memory.f64[score / 8 + index] as number);
  memory.kernels.scoreLeastAllocated(feasible, nodes.length, score, table.at, table.count);
  const general = read();
  if (!resources.isPair(table)) return { general, pairs: null };
  memory.kernels.scoreLeastAllocatedPairs(feasible, nodes.length, score, table.at);
  return { general, pairs: read() };
}

test("ResourceColumns follows what nodes have and Pods take, extended resources too", () => {
  const cluster = new Cluster(
    withRoom("a", { cpu: "4", pods: 7 }),
    withRoom("b", { cpu: "2", "x.io/gpu": "3" }),
  );
  const { resources } = cluster.columns;
  cluster.place(pod("p", requesting({ cpu: "1", "x.io/gpu": "2" })), "b");
  cluster.place(pod("q"), "b");
  cluster.place(pod("r", { containers: [{}] }), "b");
  assert.deepEqual(cluster.f64s(resources.exact("cpu").used), [0, 1000]);
  assert.deepEqual(cluster.f64s(resources.nonZero("cpu").used), [0, 1100]);
  assert.deepEqual(cluster.f64s(resources.exact("x.io/gpu").used), [0, 2]);
  assert.deepEqual(cluster.f64s(resources.exact("x.io/gpu").allocatable), [0, 3]);
  assert.deepEqual(
    [cluster.u32s(resources.podCount), cluster.u32s(resources.podLimit)],
    [
      [0, 3],
      [7, 0],
    ],
  );
  cluster.cache.updateNode(withRoom("b", { cpu: "8" }));
  assert.deepEqual(cluster.f64s(resources.exact("x.io/gpu").allocatable), [0, 0]);
  for (const uid of ["p", "q", "r"]) cluster.cache.removePod(uid);
  assert.deepEqual(cluster.f64s(resources.nonZero("memory").used), [0, 0]);
});

test("ResourceColumns lets pairs be scored, when every node has both resources in plain amounts", () => {
  const plain = { cpu: "4", memory: "16Gi" };
  const rows: readonly (readonly [what: string, odd: ResourceList, isPair: boolean])[] = [
    ["plain", plain, true],
    ["no memory", { cpu: "4" }, false],
    ["no CPU", { memory: "16Gi" }, false],
    ["just below 2^45 bytes", { cpu: "4", memory: `${2 ** 45 - 1}` }, true],
    ["2^45 bytes", { cpu: "4", memory: `${2 ** 45}` }, false],
  ];
  for (const [what, odd, isPair] of rows) {
    const cluster = new Cluster(withRoom("a", plain), withRoom("odd", odd), withRoom("c", plain));
    cluster.place(pod("p", requesting({ cpu: "3", memory: "1Gi" })), "a");
    const { general, pairs } = scores(cluster, { cpu: "500m", memory: "1Gi" });
    assert.deepEqual(pairs, isPair ? general : null, what);
    cluster.cache.removeNode("odd");
    assert.notEqual(scores(cluster, {}).pairs, null, `${what}, and gone`);
  }
});

test("ResourceColumns scores amounts of 2^45 and more as whole numbers do, when floats would round", () => {
  // 100 x left / all is a hair below 91, which f64 rounds up to it.
  const all = 2 ** 52 + 1;
  const used = Math.trunc((all * 9) / 100) + 1;
  const cluster = new Cluster(withRoom("a", { cpu: "1", memory: `${all}` }));
  const left = Number((100n * BigInt(all - used)) / BigInt(all));
  const { general } = scores(cluster, { cpu: "0", memory: `${used}` });
  assert.deepEqual(general, [Math.floor((100 + 3 * left) / 4)]);
});

test("ResourceColumns.scoreTable leaves out extended resources that the Pod does not ask for", () => {
  const cluster = new Cluster(withRoom("a", { cpu: "1", "x.io/gpu": "1" }));
  const { resources } = cluster.columns;
  const resourceSpecs = [
    ...CPU_AND_MEMORY,
    { name: "x.io/gpu", weight: 1 },
    { name: "ephemeral-storage", weight: 1 },
  ];
  const count = (requests: ResourceList) =>
    resources.scoreTable(pod("p", requesting(requests)), resourceSpecs, "exact").count;
  assert.equal(count({ cpu: "1" }), 3);
  assert.equal(count({ cpu: "1", "x.io/gpu": "1" }), 4);
});
