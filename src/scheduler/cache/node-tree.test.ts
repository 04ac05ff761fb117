import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../../api/types.js";
import { node } from "../plugins/cluster.test-data.js";
import { NodeTree, zoneKey } from "./node-tree.js";

const ZONE = "topology.kubernetes.io/zone";
const REGION = "topology.kubernetes.io/region";

function inZone(name: string, zone: string): Node {
  return node(name, { labels: zone === "" ? {} : { [ZONE]: zone } }).node;
}

function tree(zones: Readonly<Record<string, string>>): NodeTree {
  const made = new NodeTree();
  for (const [name, zone] of Object.entries(zones)) made.add(inZone(name, zone));
  return made;
}

test("NodeTree.list takes nodes by turns from each zone, in order of first sight", () => {
  const rows: readonly (readonly [zones: Readonly<Record<string, string>>, list: string])[] = [
    [{}, ""],
    [{ n1: "a", n2: "a", n3: "b", n4: "c", n5: "a", n6: "c" }, "n1 n3 n4 n2 n6 n5"],
    [{ n1: "z1", n2: "z1", n3: "z2", n4: "z2", n5: "" }, "n1 n3 n5 n2 n4"],
    [{ n1: "b", n2: "a", n3: "a", n4: "a" }, "n1 n2 n3 n4"],
  ];
  for (const [zones, list] of rows) assert.equal(tree(zones).list().join(" "), list);
});

test("NodeTree.list is the same array, until a node comes, goes or moves", () => {
  const made = tree({ n1: "a", n2: "b" });
  const list = made.list();
  made.update(inZone("n1", "a"));
  made.remove("unknown");
  assert.equal(made.list(), list);
  made.update(inZone("n1", "b"));
  assert.notEqual(made.list(), list);
});

test("NodeTree.update puts a node at the end of its new zone, and the zone last when it is new", () => {
  const made = tree({ n1: "a", n2: "b", n3: "b", n4: "a" });
  made.update(inZone("n1", "b"));
  assert.deepEqual(made.list(), ["n4", "n2", "n3", "n1"]);
  made.update(inZone("n2", "c"));
  assert.deepEqual(made.list(), ["n4", "n3", "n2", "n1"]);
});

test("NodeTree.remove forgets a zone with its last node: when it is back, it comes last", () => {
  const made = tree({ n1: "a", n2: "b" });
  made.remove("n1");
  made.add(inZone("n1", "a"));
  assert.deepEqual(made.list(), ["n2", "n1"]);
  assert.equal(made.size, 2);
});

test("zoneKey reads region and zone, by their old names where the new ones are missing", () => {
  const key = (labels: Readonly<Record<string, string>>) => zoneKey(node("n", { labels }).node);
  assert.equal(key({}), "");
  assert.equal(key({ "failure-domain.beta.kubernetes.io/zone": "a" }), key({ [ZONE]: "a" }));
  assert.equal(key({ "failure-domain.beta.kubernetes.io/zone": "b", [ZONE]: "a" }), key({ [ZONE]: "a" }));
  const distinct = [{}, { [ZONE]: "a" }, { [REGION]: "a" }, { [REGION]: "a", [ZONE]: "a" }, { [ZONE]: "b" }];
  assert.equal(new Set(distinct.map(key)).size, distinct.length);
});
