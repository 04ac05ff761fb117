import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../api/meta.js";
import { Prng } from "../../../base/prng.js";
import { SortedObjects } from "./sorted-objects.js";

const SEED = 20260101;

const objectOf = (name: string): KubeObject => ({ apiVersion: "v1", kind: "Pod", metadata: { name } });

test("SortedObjects lists in key order what a plain Map holds, whatever was set and deleted before", () => {
  const prng = new Prng(SEED);
  const objects = new SortedObjects();
  const twin = new Map<string, KubeObject>();
  for (let step = 0; step < 5000; step++) {
    const key = `/p/${prng.pick(["a", "a-b", "b"])}/${prng.below(40)}`;
    if (prng.below(3) === 0) {
      objects.delete(key);
      twin.delete(key);
    } else {
      const object = objectOf(String(step));
      objects.set(key, object);
      twin.set(key, object);
    }
    if (step % 50 !== 0) continue;
    for (const folder of ["", "/p/a/", "/p/a-b/", "/p/nobody/"]) {
      const start = prng.pick(["", "/p/a-b/17", "/p/a/", "/p/a/2", "/p/c"]);
      const expected = [...twin]
        .filter(([each]) => each.startsWith(folder) && each >= start)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const listed = [...objects.entriesBelow(folder, start)].map(({ key: each, object }) => [each, object]);
      assert.deepEqual(listed, expected, `seed ${SEED}, step ${step}, folder '${folder}' from '${start}'`);
      assert.equal(objects.countBelow(folder, start), expected.length);
    }
    assert.equal(objects.count, twin.size);
  }
});
