import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../client/object-types.js";
import { chooseVictims } from "./victims.js";

const NOW_MS = Date.UTC(2026, 0, 2);
const HOUR_MS = 3_600_000;

interface Shape {
  readonly node?: string;
  readonly phase?: string;
  readonly readyHours?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly ageHours?: number;
}

function pod(name: string, shape: Shape): Pod {
  const { node = "n", phase = "Running", readyHours, cost, restarts = 0, ageHours = 10 } = shape;
  const hoursAgo = (hours: number) => new Date(NOW_MS - hours * HOUR_MS).toISOString();
  const ready =
    readyHours === undefined
      ? []
      : [{ type: "Ready", status: "True", lastTransitionTime: hoursAgo(readyHours) }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      uid: name,
      creationTimestamp: hoursAgo(ageHours),
      ...(cost === undefined ? {} : { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } }),
    },
    spec: { nodeName: node, containers: [] },
    status: {
      phase,
      conditions: ready,
      containerStatuses: [
        { name: "main", restartCount: restarts, image: "", imageID: "", ready: ready.length > 0 },
      ],
    },
  };
}

function order(pods: readonly Pod[], related: readonly Pod[] = pods): string[] {
  const victims = chooseVictims([...pods].reverse(), related, pods.length - 1, NOW_MS);
  return victims.map((each) => each.metadata.name);
}

const CASES: readonly { readonly rule: string; readonly first: Shape; readonly second: Shape }[] = [
  { rule: "has no node", first: { node: "", readyHours: 1 }, second: { phase: "Pending" } },
  { rule: "is pending", first: { phase: "Pending" }, second: { phase: "Running" } },
  { rule: "is unknown", first: { phase: "Unknown" }, second: { phase: "Running" } },
  { rule: "is not ready", first: { ageHours: 20 }, second: { readyHours: 1, cost: "-5" } },
  { rule: "costs less", first: { readyHours: 9, cost: "-5" }, second: { readyHours: 1 } },
  {
    rule: "has a cost that is no number: 0",
    first: { readyHours: 1, cost: "x" },
    second: { readyHours: 1, cost: "1" },
  },
  { rule: "is ready for less long", first: { readyHours: 1 }, second: { readyHours: 9 } },
  { rule: "restarted more often", first: { restarts: 3, ageHours: 40 }, second: { restarts: 1 } },
  { rule: "is younger", first: { ageHours: 1 }, second: { ageHours: 40 } },
];

for (const { rule, first, second } of CASES) {
  test(`chooseVictims takes the Pod first that ${rule}`, () => {
    assert.deepEqual(order([pod("a-first", first), pod("b-second", second)]), ["a-first"]);
    assert.deepEqual(order([pod("b-second", second), pod("a-first", first)]), ["a-first"]);
  });
}

test("chooseVictims goes by uid, when two ages are in the same power of two", () => {
  assert.deepEqual(order([pod("a", { ageHours: 5 }), pod("b", { ageHours: 4.9 })]), ["a"]);
});

test("chooseVictims takes from the node that has most Pods of the workload, other revisions' too", () => {
  const pods = [pod("x", { node: "1", readyHours: 5 }), pod("y", { node: "2", readyHours: 5 })];
  const others = [pod("o", { node: "2" }), pod("gone", { node: "1", phase: "Failed" })];
  assert.deepEqual(order(pods, [...pods, ...others]), ["y"]);
});
