import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod } from "../../client/object-types.js";
import { podsToCollect } from "./pod-gc-controller.js";

function pod(name: string, nodeName: string, status: object = {}, metadata: object = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...metadata },
    spec: { nodeName, containers: [] },
    status,
  } as unknown as Pod;
}

test("podsToCollect finds each kind of Pod that nobody else deletes", () => {
  const down = {
    spec: { taints: [{ key: "node.kubernetes.io/out-of-service", effect: "NoExecute" }] },
  } as unknown as Node;
  const leaving = { deletionTimestamp: "x" };
  const pods = [
    pod("runs", "up"),
    pod("lost", "gone"),
    pod("stuck", "down", {}, leaving),
    pod("ends", "up", {}, leaving),
    pod("never-placed", "", {}, leaving),
    pod("ended-1", "up", { phase: "Succeeded" }, { creationTimestamp: "2026-01-01T00:00:00Z" }),
    pod("ended-2", "up", { phase: "Failed" }, { creationTimestamp: "2026-01-01T00:00:02Z" }),
    pod(
      "evicted",
      "up",
      { phase: "Failed", reason: "Evicted" },
      { creationTimestamp: "2026-01-01T00:00:03Z" },
    ),
  ];
  const state = {
    pods,
    nodeOf: (name: string) => (name === "down" ? down : undefined),
    goneNodes: new Set(["gone"]),
    terminatedMax: 1,
  };
  assert.deepEqual(
    podsToCollect(state).map(({ pod: { metadata }, reason }) => `${metadata.name} ${reason}`),
    [
      "evicted terminated",
      "ended-1 terminated",
      "lost orphaned",
      "stuck out-of-service",
      "never-placed unscheduled",
    ],
  );
  assert.equal(podsToCollect({ ...state, terminatedMax: 0 }).length, 3);
});
