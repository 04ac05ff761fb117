import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "../plugins/cluster.test-data.js";
import { creditedBytes, ImageStates, imagesOf } from "./image-states.js";

const withImages = (images: Readonly<Record<string, number>>) => node("n", { images }).node;

test("ImageStates counts nodes by image, and keeps the size that was seen first", () => {
  const states = new ImageStates();
  states.add(withImages({ a: 10, b: 5 }));
  states.add(withImages({ a: 99 }));
  assert.deepEqual(states.get("a"), { sizeBytes: 10, nodeCount: 2 });
  states.remove(withImages({ a: 10, b: 5 }));
  assert.deepEqual(states.get("a"), { sizeBytes: 10, nodeCount: 1 });
  assert.equal(states.get("b"), undefined);
});

test("ImageStates counts changes, when images come and go, and not when a node has none", () => {
  const states = new ImageStates();
  states.add(withImages({}));
  assert.equal(states.generation, 0);
  states.add(withImages({ a: 1 }));
  states.remove(withImages({ a: 1 }));
  assert.equal(states.generation, 2);
});

test("imagesOf knows an image by all of its names, and takes the first of equal ones", () => {
  const images = [
    { names: ["a:1", "a@sha256:0"], sizeBytes: 7 },
    { names: ["a:1"], sizeBytes: 9 },
    { sizeBytes: 3 },
  ];
  const base = withImages({});
  const listed = imagesOf({ ...base, status: { ...base.status, images } } as typeof base);
  assert.deepEqual(Object.fromEntries(listed), { "a:1": 7, "a@sha256:0": 7 });
});

test("creditedBytes is the size times the share of nodes, truncated", () => {
  assert.equal(creditedBytes({ sizeBytes: 100, nodeCount: 1 }, 3), 33);
  assert.equal(creditedBytes({ sizeBytes: 100, nodeCount: 3 }, 3), 100);
});
