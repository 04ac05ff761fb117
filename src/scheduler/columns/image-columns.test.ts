import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "../plugins/cluster.test-data.js";
import { Cluster } from "./columns.test-data.js";

const having = (name: string, images: Readonly<Record<string, number>>) => node(name, { images }).node;

test("ImageColumns credits nodes that have an image with its size, times the share of such nodes", () => {
  const cluster = new Cluster(having("a", { x: 900 }), having("b", { y: 30 }), having("c", { x: 1 }));
  const credits = (image: string) => {
    const at = cluster.columns.images.column(image);
    return at === null ? null : cluster.f64s(at);
  };
  assert.deepEqual(credits("x"), [600, 0, 600]);
  assert.equal(credits("unknown"), null);
  cluster.cache.addNode(having("d", {}));
  assert.deepEqual(credits("x"), [450, 0, 450, 0]);
  cluster.cache.updateNode(having("b", { x: 7 }));
  assert.deepEqual(credits("x"), [675, 675, 675, 0]);
  assert.equal(credits("y"), null);
  cluster.cache.removeNode("a");
  assert.deepEqual(credits("x"), [600, 600, 0]);
});
