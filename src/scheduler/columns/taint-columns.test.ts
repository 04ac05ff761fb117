import assert from "node:assert/strict";
import { test } from "node:test";
import type { Taint } from "../../api/scheduling.js";
import { node } from "../plugins/cluster.test-data.js";
import { Cluster } from "./columns.test-data.js";

const taint = (value: string, effect: Taint["effect"] = "NoSchedule"): Taint => ({ key: "k", value, effect });
const tainted = (name: string, ...taints: readonly Taint[]) => node(name, { spec: { taints } }).node;

test("TaintColumns numbers lists of taints, equal ones alike, and none is 0", () => {
  const cluster = new Cluster(
    tainted("a"),
    tainted("b", taint("x")),
    tainted("c", taint("x")),
    tainted("d", taint("x"), taint("y")),
  );
  cluster.cache.addNode(node("e", { spec: { unschedulable: true } }).node);
  const { taints, memory } = cluster.columns;
  assert.deepEqual(cluster.u32s(taints.ids), [0, 1, 1, 2, 0]);
  const closed = cluster.cache.nodes.map(({ slot }) => memory.u8[taints.unschedulable + slot]);
  assert.deepEqual(closed, [0, 0, 0, 0, 1]);
});

test("TaintColumns.table holds a value for every list, when lists have outgrown it", () => {
  const cluster = new Cluster();
  const { taints, memory } = cluster.columns;
  const read = (bytes: 1 | 4) => {
    const at = taints.table(`length ${bytes}`, bytes, (list) => list.length);
    return (number: number) => (bytes === 1 ? memory.u8[at + number] : memory.u32[at / 4 + number]);
  };
  for (let count = 0; count < 150; count++) {
    cluster.cache.updateNode(tainted("a", ...Array.from({ length: count }, (_, index) => taint(`${index}`))));
    const [number] = cluster.u32s(cluster.columns.taints.ids);
    for (const bytes of [1, 4] as const)
      assert.equal(read(bytes)(number as number), count, `${count} taints`);
  }
  for (const bytes of [1, 4] as const) assert.equal(read(bytes)(0), 0);
});

test("TaintColumns.hasAvoidable is true, once a node had a taint that Pods only avoid", () => {
  const cluster = new Cluster(tainted("a", taint("x")));
  assert.equal(cluster.columns.taints.hasAvoidable, false);
  cluster.cache.updateNode(tainted("a", taint("x", "PreferNoSchedule")));
  assert.equal(cluster.columns.taints.hasAvoidable, true);
});
