import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment, ReplicaSet } from "../../client/object-types.js";
import { newSetSize, oldSetSizes, scaledSizes } from "./sizes.js";

function deployment(
  replicas: number,
  maxSurge: number | string,
  maxUnavailable: number | string,
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas,
      selector: {},
      template: {},
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } },
    },
  };
}

/** @param age larger is older */
function set(name: string, replicas: number, available: number, max = 0, age = 0): ReplicaSet {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name,
      creationTimestamp: new Date(Date.UTC(2026, 0, 30 - age)).toISOString(),
      annotations: { "deployment.kubernetes.io/max-replicas": String(max) },
    },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available },
  };
}

test("newSetSize grows as far as maxSurge lets, and no further than asked for", () => {
  const web = deployment(10, 3, 2);
  assert.equal(newSetSize(web, null, [set("old", 10, 10)]), 3);
  assert.equal(newSetSize(web, set("new", 3, 0), [set("old", 8, 8)]), 5);
  assert.equal(newSetSize(web, set("new", 5, 0), [set("old", 8, 8)]), 5);
  assert.equal(newSetSize(web, set("new", 8, 8), [set("old", 1, 1)]), 10);
  assert.equal(newSetSize(web, set("new", 12, 12), []), 10);
  assert.equal(newSetSize(deployment(4, "25%", "25%"), null, [set("old", 4, 4)]), 1);
});

test("oldSetSizes lets go what maxUnavailable and available new Pods allow", () => {
  const web = deployment(10, 3, 2);
  const sizes = (fresh: ReplicaSet, ...old: ReplicaSet[]) => [...oldSetSizes(web, fresh, old)];
  assert.deepEqual(sizes(set("new", 3, 0), set("old", 10, 10)), [["old", 8]]);
  // 13 Pods, 8 must be available, 5 new ones are not: nothing to spare.
  assert.deepEqual(sizes(set("new", 5, 0), set("old", 8, 8)), []);
  // One old Pod is down, too, but its going would not help: 13 - 8 - 5 = 0.
  assert.deepEqual(sizes(set("new", 5, 0), set("old", 8, 7)), []);
  assert.deepEqual(sizes(set("new", 5, 5), set("old", 8, 8)), [["old", 3]]);
  // Rolled back: the crash-looping ones of the newer set go first, the oldest set before it.
  assert.deepEqual(sizes(set("good", 8, 7), set("bad", 5, 0)), [["bad", 1]]);
  assert.deepEqual(sizes(set("new", 2, 2), set("b", 5, 4, 0, 1), set("a", 5, 3, 0, 2)), [
    ["a", 2],
    ["b", 4],
  ]);
});

test("oldSetSizes never lets available Pods fall below the minimum, whatever the state", () => {
  const web = deployment(10, "25%", "25%");
  for (let newAvailable = 0; newAvailable <= 10; newAvailable++)
    for (let oldAvailable = 0; oldAvailable <= 10; oldAvailable++) {
      const old = set("old", 10, oldAvailable);
      const fresh = set("new", Math.max(3, newAvailable), newAvailable);
      const size = oldSetSizes(web, fresh, [old]).get("old") ?? 10;
      const before = newAvailable + oldAvailable;
      const after = newAvailable + Math.min(size, oldAvailable);
      assert.ok(after >= Math.min(8, before), `${newAvailable} new, ${oldAvailable} old: ${after} left`);
    }
});

test("scaledSizes shares a change in proportion, in the midst of a rollout", () => {
  // 10 -> 15 with surge 3: from 13 to 18. 8 of 13 -> 11.08, 5 of 13 -> 6.9.
  const sets = [set("old", 8, 8, 13, 1)];
  assert.deepEqual(Object.fromEntries(scaledSizes(deployment(15, 3, 2), set("new", 5, 3, 13), sets)), {
    old: 11,
    new: 7,
  });
  // 10 -> 5: from 13 to 8. 8 -> 4.9, 5 -> 3.08.
  assert.deepEqual(Object.fromEntries(scaledSizes(deployment(5, 3, 2), set("new", 5, 3, 13), sets)), {
    old: 5,
    new: 3,
  });
  // To nothing: all of them.
  assert.deepEqual(Object.fromEntries(scaledSizes(deployment(0, 3, 2), set("new", 5, 3, 13), sets)), {
    old: 0,
    new: 0,
  });
});

test("scaledSizes gives what rounding leaves to the largest, the newest of equals when growing", () => {
  const sets = [set("a", 3, 3, 9, 3), set("b", 3, 3, 9, 2)];
  // 9 -> 10: each 3 * 10/9 = 3.33 -> 3.
  assert.deepEqual(Object.fromEntries(scaledSizes(deployment(10, 0, 1), set("c", 3, 3, 9, 1), sets)), {
    a: 3,
    b: 3,
    c: 4,
  });
});

test("scaledSizes lets the only active set follow", () => {
  const old = [set("old", 0, 0, 5, 1)];
  assert.deepEqual([...scaledSizes(deployment(7, 1, 1), set("new", 5, 5), old)], [["new", 7]]);
  assert.deepEqual([...scaledSizes(deployment(5, 1, 1), set("new", 5, 5), old)], []);
});
