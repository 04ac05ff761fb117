// What events do to Pods that were turned down.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ACTION, type ClusterEvent, EVENTS } from "../framework/cluster-event.js";
import {
  AFFINITY,
  FIT,
  SPREAD,
  always,
  failNext,
  never,
  newQueue,
  podOf,
  registering,
} from "./queue.test-data.js";

const NOTHING = { before: null, after: null };
const DELETED = { before: podOf("gone"), after: null };
const onDelete = { resource: "AssignedPod", actions: ACTION.Delete } as const;
const throwing = () => {
  throw new Error("no such object");
};

for (const [what, hint, queueName] of [
  ["Queue", always, "backoff"],
  ["Skip", never, "unschedulable"],
  ["an error", throwing, "backoff"],
] as const) {
  test(`moveAll brings a Pod to ${queueName} when the hint says ${what}`, () => {
    const { queue, hints } = newQueue({ registrations: registering(FIT, { ...onDelete, hint }) });
    queue.add(podOf("a"), 0);
    failNext(queue, "a", 0, { unschedulable: [FIT] });
    queue.moveAll(EVENTS.AssignedPodDelete, DELETED, 500);
    assert.equal(queue.counts()[queueName], 1);
    assert.equal(hints.length, 1);
  });
}

test("moveAll makes a Pod active when its backoff is over or the plugin said pending", () => {
  const { queue } = newQueue();
  queue.add(podOf("waited"), 0);
  failNext(queue, "waited", 0, { unschedulable: [FIT] });
  queue.moveAll(EVENTS.AssignedPodDelete, DELETED, 2000);
  assert.equal(queue.counts().active, 1);
  queue.delete(podOf("waited"));
  queue.add(podOf("pending"), 3000);
  failNext(queue, "pending", 3000, { unschedulable: [SPREAD], pending: [FIT] });
  queue.moveAll(EVENTS.AssignedPodDelete, DELETED, 3001);
  assert.equal(queue.counts().active, 1);
});

test("moveAll asks only plugins that turned the Pod down and registered the event", () => {
  const { queue, hints } = newQueue();
  queue.add(podOf("a"), 0);
  failNext(queue, "a", 0, { unschedulable: [SPREAD] });
  queue.moveAll(EVENTS.NodeAdd, NOTHING, 5000);
  assert.deepEqual(hints, []);
  queue.moveAll(EVENTS.AssignedPodDelete, DELETED, 5000, () => false);
  assert.deepEqual(hints, []);
  queue.moveAll(EVENTS.AssignedPodDelete, DELETED, 5000, ({ key }) => key === "default/a");
  assert.deepEqual(hints, [`${SPREAD} AssignedPodDelete Queue`]);
});

test("moveAll asks no hint when hints are off, and moves", () => {
  const registrations = registering(FIT, { ...onDelete, hint: never });
  const { queue } = newQueue({ registrations, hintsEnabled: false });
  queue.add(podOf("a"), 0);
  assert.equal(failNext(queue, "a", 0, { unschedulable: [FIT] }), "unschedulable");
  queue.moveAll(EVENTS.AssignedPodDelete, DELETED, 500);
  assert.equal(queue.counts().backoff, 1);
});

test("moveAll visits a Pod once that several of the event's plugins turned down", () => {
  const { queue } = newQueue({ registrations: registering(FIT, { ...onDelete, hint: never }) });
  queue.add(podOf("a"), 0);
  failNext(queue, "a", 0, { unschedulable: [FIT], pending: [AFFINITY] });
  let visits = 0;
  queue.moveAll(EVENTS.AssignedPodDelete, DELETED, 1, () => ++visits > 0);
  assert.equal(visits, 1);
  assert.equal(queue.counts().active, 1);
});

test("moveAll visits no gated Pod unless its gating plugin registered the event", () => {
  const { queue } = newQueue();
  for (let index = 0; index < 1000; index++)
    queue.add(podOf(`gated-${index}`, { schedulingGates: [{ name: "gate" }] }), 0);
  let visits = 0;
  const preCheck = () => ++visits > 0;
  queue.moveAll(EVENTS.AssignedPodDelete, DELETED, 1, preCheck);
  queue.moveAll(EVENTS.UnschedulableTimeout, NOTHING, 1, preCheck);
  assert.equal(visits, 0);
  const gatesGone: ClusterEvent = {
    resource: "UnscheduledPod",
    action: ACTION.UpdatePodSchedulingGatesEliminated,
    label: "UnscheduledPodUpdatePodSchedulingGatesEliminated",
  };
  queue.moveAll(gatesGone, NOTHING, 1, preCheck);
  assert.equal(visits, 1000);
  assert.equal(queue.counts().gated, 1000, "still gated: PreEnqueue says no");
});

test("moveAll with a wildcard moves every Pod that is not gated, or only the Pod it carries", () => {
  const { queue } = newQueue();
  for (const [name, plugin] of [
    ["a", FIT],
    ["b", "Unregistered"],
  ] as const) {
    queue.add(podOf(name), 0);
    failNext(queue, name, 0, { unschedulable: [plugin] });
  }
  queue.moveAll(EVENTS.ForceActivate, { before: null, after: podOf("b") }, 100);
  assert.deepEqual(queue.counts(), { active: 0, backoff: 1, unschedulable: 1, gated: 0 });
  queue.moveAll(EVENTS.UnschedulableTimeout, NOTHING, 100);
  assert.deepEqual(queue.counts(), { active: 0, backoff: 2, unschedulable: 0, gated: 0 });
});

test("an event that comes while a Pod is tried counts when the Pod fails", () => {
  const { queue } = newQueue();
  queue.add(podOf("helped"), 0);
  queue.add(podOf("not-helped"), 0);
  const [helped, notHelped] = [queue.pop(), queue.pop()];
  queue.moveAll(EVENTS.NodeAdd, NOTHING, 1);
  queue.moveAll({ resource: "CSIDriver", action: ACTION.Add, label: "CSIDriverAdd" }, NOTHING, 1);
  assert.equal(queue.inFlightEvents, 1, "nobody registered CSIDriverAdd");
  assert.ok(helped && notHelped);
  helped.unschedulablePlugins = new Set([...helped.unschedulablePlugins, FIT]);
  notHelped.unschedulablePlugins = new Set([...notHelped.unschedulablePlugins, SPREAD]);
  assert.equal(queue.addUnschedulableIfNotPresent(helped, 2), "backoff");
  assert.equal(queue.addUnschedulableIfNotPresent(notHelped, 2), "unschedulable");
  assert.equal(queue.inFlightEvents, 0);
});

test("an update of the Pod itself while it is tried counts when it fails", () => {
  const { queue } = newQueue();
  const before = podOf("a", { containers: [{ resources: { requests: { cpu: "2" } } }] });
  const after = podOf("a", { containers: [{ resources: { requests: { cpu: "1" } } }] });
  queue.add(before, 0);
  const queued = queue.pop();
  queue.update(before, after, 1);
  assert.equal(queue.get("default/a"), undefined, "it is not queued twice");
  assert.ok(queued);
  queued.unschedulablePlugins = new Set([...queued.unschedulablePlugins, FIT]);
  assert.equal(queue.addUnschedulableIfNotPresent(queued, 2), "backoff");
});

test("an event that came while a Pod was tried counts without hints, by its cycle", () => {
  const { queue } = newQueue({ hintsEnabled: false });
  queue.add(podOf("a"), 0);
  queue.add(podOf("b"), 0);
  const first = queue.pop();
  queue.moveAll(EVENTS.NodeAdd, NOTHING, 1);
  assert.equal(failNext(queue, "b", 1, { unschedulable: [SPREAD] }), "unschedulable");
  assert.ok(first);
  first.unschedulablePlugins = new Set([...first.unschedulablePlugins, SPREAD]);
  assert.equal(queue.addUnschedulableIfNotPresent(first, 1), "backoff");
});

test("update moves a parked Pod by the hints on its own change, or on any rewrite without hints", () => {
  for (const [hintsEnabled, expected] of [
    [true, [1, 0]],
    [false, [0, 0]],
  ] as const) {
    const { queue } = newQueue({ hintsEnabled });
    const asking = (cpu: string, labels = {}) =>
      podOf("a", { containers: [{ resources: { requests: { cpu } } }] }, { labels });
    queue.add(asking("2"), 0);
    failNext(queue, "a", 0, { unschedulable: [FIT] });
    queue.update(asking("2"), asking("2", { app: "x" }), 1);
    const afterLabel = queue.counts().unschedulable;
    queue.update(asking("2", { app: "x" }), asking("1", { app: "x" }), 2);
    assert.deepEqual([afterLabel, queue.counts().unschedulable], expected);
  }
});

test("assignedPodAdded reaches Pods spread in its namespace or with affinity to it, and no others", () => {
  const { queue } = newQueue();
  const towards = (app: string) => ({
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: "zone", labelSelector: { matchLabels: { app } } },
        ],
      },
    },
  });
  const park = (pod: ReturnType<typeof podOf>, plugin: string) => {
    queue.add(pod, 0);
    failNext(queue, pod.pod.metadata.name, 0, { unschedulable: [plugin] });
  };
  park(podOf("spread-here"), SPREAD);
  park(podOf("spread-elsewhere", {}, { namespace: "other" }), SPREAD);
  park(podOf("to-web", towards("web")), AFFINITY);
  park(podOf("to-db", towards("db")), AFFINITY);
  park(podOf("no-room"), FIT);
  queue.assignedPodAdded(podOf("new", { nodeName: "n1" }, { labels: { app: "web" } }), 5000);
  assert.equal(queue.counts().unschedulable, 3);
  assert.deepEqual(
    [queue.pop(), queue.pop(), queue.pop()].map((queued) => queued?.pod.key),
    ["default/spread-here", "default/to-web", undefined],
  );
});

test("assignedPodUpdated reaches Pods kept away by anti-affinity when hints say what a label means", () => {
  for (const hintsEnabled of [true, false]) {
    const onLabel = { resource: "AssignedPod", actions: ACTION.UpdatePodLabel, hint: always } as const;
    const { queue } = newQueue({ hintsEnabled, registrations: registering(AFFINITY, onLabel) });
    queue.add(podOf("kept-away"), 0);
    failNext(queue, "kept-away", 0, { unschedulable: [AFFINITY] });
    const placed = podOf("placed", { nodeName: "n1" });
    const { resource, actions: action } = onLabel;
    queue.assignedPodUpdated(placed, placed, { resource, action, label: "AssignedPodUpdatePodLabel" }, 5000);
    assert.equal(queue.counts().active, hintsEnabled ? 1 : 0);
  }
});

test("assignedPodUpdated without hints reaches all Pods when the update frees room", () => {
  const { queue } = newQueue({ hintsEnabled: false });
  queue.add(podOf("no-room"), 0);
  failNext(queue, "no-room", 0, { unschedulable: [FIT] });
  const placed = podOf("placed", { nodeName: "n1" });
  const event = (action: "UpdatePodLabel" | "UpdatePodScaleDown"): ClusterEvent => ({
    resource: "AssignedPod",
    action: ACTION[action],
    label: `AssignedPod${action}`,
  });
  queue.assignedPodUpdated(placed, placed, event("UpdatePodLabel"), 5000);
  assert.equal(queue.counts().unschedulable, 1);
  queue.assignedPodUpdated(placed, placed, event("UpdatePodScaleDown"), 5000);
  assert.equal(queue.counts().active, 1);
});

test("moveAll goes by the latest gating plugin when another one has taken over", () => {
  let gate = "First";
  const plugin = (name: string) => ({
    name,
    preEnqueue: () => (gate === name ? { code: "Unschedulable" as const, reasons: [], plugin: name } : null),
  });
  const registrations = new Map([
    ["First", [{ resource: "Node", actions: ACTION.Add } as const]],
    ["Second", [{ resource: "Node", actions: ACTION.Delete } as const]],
  ]);
  const { queue } = newQueue({ preEnqueue: [plugin("First"), plugin("Second")], registrations });
  queue.add(podOf("a"), 0);
  gate = "Second";
  queue.moveAll(EVENTS.NodeAdd, NOTHING, 1);
  assert.equal(queue.get("default/a")?.gatingPlugin, "Second");
  gate = "";
  queue.moveAll(EVENTS.NodeAdd, NOTHING, 2);
  assert.equal(queue.counts().gated, 1);
  queue.moveAll(EVENTS.NodeDelete, NOTHING, 3);
  assert.equal(queue.counts().active, 1);
});
