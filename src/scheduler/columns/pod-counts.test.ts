import assert from "node:assert/strict";
import { test } from "node:test";
import { node, pod } from "../plugins/cluster.test-data.js";
import { Cluster } from "./columns.test-data.js";
import type { CountedSelector } from "./pod-counts.js";

const app = (value: string, countsTerminating = false): CountedSelector => ({
  id: `app ${value} ${countsTerminating}`,
  countsTerminating,
  matches: ({ labels }) => labels["app"] === value,
});
const labelled = (name: string, value: string, going = false) =>
  pod(name, {}, { labels: { app: value }, ...(going ? { deletionTimestamp: "now" } : {}) });

test("PodCounts counts Pods that were there, and follows those that come and go", () => {
  const cluster = new Cluster(node("a").node, node("b").node);
  cluster.place(labelled("p", "x"), "a");
  cluster.place(labelled("q", "y"), "b");
  const at = cluster.columns.podCounts.column(app("x"));
  assert.deepEqual(cluster.u32s(at), [1, 0]);
  cluster.place(labelled("r", "x"), "b");
  cluster.place(labelled("s", "x"), "b");
  cluster.cache.removePod("p");
  assert.deepEqual(cluster.u32s(at), [0, 2]);
  assert.equal(cluster.columns.podCounts.column(app("x")), at);
});

test("PodCounts leaves Pods out that are being deleted, unless the selector counts them", () => {
  const cluster = new Cluster(node("a").node);
  const { podCounts } = cluster.columns;
  const [staying, all] = [podCounts.column(app("x")), podCounts.column(app("x", true))];
  cluster.place(labelled("p", "x"), "a");
  cluster.place(labelled("p", "x", true), "a");
  assert.deepEqual([cluster.u32s(staying), cluster.u32s(all)], [[0], [1]]);
  cluster.cache.removePod("p");
  assert.deepEqual([cluster.u32s(staying), cluster.u32s(all)], [[0], [0]]);
});

test("PodCounts counts anew, when it was cleared", () => {
  const cluster = new Cluster(node("a").node);
  let wanted = "x";
  const selector: CountedSelector = { ...app("x"), matches: ({ labels }) => labels["app"] === wanted };
  cluster.place(labelled("p", "y"), "a");
  assert.deepEqual(cluster.u32s(cluster.columns.podCounts.column(selector)), [0]);
  wanted = "y";
  cluster.columns.podCounts.clear();
  assert.deepEqual(cluster.u32s(cluster.columns.podCounts.column(selector)), [1]);
});
