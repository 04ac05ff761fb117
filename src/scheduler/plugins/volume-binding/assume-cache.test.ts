import assert from "node:assert/strict";
import { test } from "node:test";
import { ObjectLister } from "../../objects.js";
import { volume } from "../volumes.test-data.js";
import { AssumeCache } from "./assume-cache.js";

function setUp() {
  const objects = new ObjectLister();
  const before = volume("v", {}, { resourceVersion: "1" });
  objects.set(before);
  const cache = new AssumeCache("PersistentVolume", objects);
  const after = { ...before, spec: { ...before.spec, claimRef: { name: "c", namespace: "default" } } };
  return { objects, cache, before, after };
}

test("AssumeCache shows an assumed object until the API tells a newer one", () => {
  const { objects, cache, before, after } = setUp();
  assert.equal(cache.assume({ before, after }), null);
  assert.equal(cache.get("v"), after);
  assert.deepEqual([...cache.list()], [after]);
  assert.equal(cache.stored("v"), before);
  objects.set({ ...before });
  assert.equal(cache.get("v"), after, "a resync is no news");
  const newer = volume("v", {}, { resourceVersion: "2" });
  objects.set(newer);
  assert.equal(cache.get("v"), newer);
  assert.deepEqual([...cache.list()], [newer]);
});

test("AssumeCache restores what the API said, unless someone has assumed anew", () => {
  const { cache, before, after } = setUp();
  cache.assume({ before, after });
  cache.restore({ before, after });
  assert.equal(cache.get("v"), before);
  const other = { ...after };
  cache.assume({ before, after: other });
  cache.restore({ before, after });
  assert.equal(cache.get("v"), other);
});

test("AssumeCache refuses what was made of another version, or is gone", () => {
  const { objects, cache, before, after } = setUp();
  objects.set(volume("v", {}, { resourceVersion: "2" }));
  assert.equal(cache.assume({ before, after }), '"v" is out of sync (stored: 2, assume: 1)');
  objects.delete("PersistentVolume", "v");
  assert.equal(cache.assume({ before, after }), 'persistentvolumes "v" not found');
  assert.equal(cache.get("v"), undefined);
});
