import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "../plugins/cluster.test-data.js";
import { Cluster } from "./columns.test-data.js";
import { NAME_FIELD } from "./label-columns.js";

const labelled = (name: string, labels: Readonly<Record<string, string>> = {}) => node(name, { labels }).node;

test("LabelColumns numbers values by first sight, and 0 stands for no label", () => {
  const cluster = new Cluster(
    labelled("a", { k: "x" }),
    labelled("b"),
    labelled("c", { k: "" }),
    labelled("d", { k: "x" }),
  );
  const { at, values } = cluster.columns.labels.column("k");
  assert.deepEqual(cluster.u32s(at), [1, 0, 2, 1]);
  assert.deepEqual(values, ["", "x", ""]);
});

test("LabelColumns follows nodes, when they come, change and go", () => {
  const cluster = new Cluster(labelled("a", { k: "x" }));
  const { at, values } = cluster.columns.labels.column("k");
  cluster.cache.addNode(labelled("b", { k: "y" }));
  cluster.cache.updateNode(labelled("a", { k: "y" }));
  assert.deepEqual(cluster.u32s(at), [2, 2]);
  cluster.cache.updateNode(labelled("a"));
  cluster.cache.removeNode("b");
  cluster.cache.addNode(labelled("c"));
  assert.deepEqual(cluster.u32s(at), [0, 0]);
  assert.deepEqual(values, ["", "x", "y"]);
});

test("LabelColumns has no label that objects inherit, and knows names as a field", () => {
  const cluster = new Cluster(labelled("a"), labelled("b"));
  assert.deepEqual(cluster.u32s(cluster.columns.labels.column("constructor").at), [0, 0]);
  assert.deepEqual(cluster.columns.labels.column(NAME_FIELD).values, ["", "a", "b"]);
});
