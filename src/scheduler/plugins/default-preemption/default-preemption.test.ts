import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeInfo } from "../../cache/node-info.js";
import type { PodInfo } from "../../cache/pod-info.js";
import type { ExtenderReply } from "../../extender/extender.js";
import { extender, failed, ok } from "../../extender/extender.test-data.js";
import { victimTrimmer } from "../../extender/trim-victims.js";
import { CycleState } from "../../framework/cycle-state.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type { PostFiltering, PostFilterResult } from "../../framework/plugin.js";
import { failure, type Status, unresolvable, unschedulable } from "../../framework/status.js";
import { createDefaultPreemption, type DefaultPreemptionOptions } from "./default-preemption.js";
import { nodeOf, scheduler, sized } from "./preemption.test-data.js";

const ARGS = { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 };
const OPTIONS: DefaultPreemptionOptions = {
  asyncPreemption: true,
  trimVictims: null,
  preemptInMemory: () => false,
};
const INSUFFICIENT = unschedulable("NodeResourcesFit", "Insufficient cpu");
const TAINTED = unresolvable("TaintToleration", "node(s) had untolerated taint(s)");

/** Every node turned down with one status, unless said otherwise. */
function turnedDown(
  nodes: readonly NodeInfo[],
  others: Readonly<Record<string, Status>> = {},
): Map<string, Status> {
  return new Map(nodes.map(({ name }) => [name, others[name] ?? INSUFFICIENT]));
}

/** @param replies of extenders, one per request */
function preempt(
  handle: FrameworkHandle,
  pod: PodInfo,
  statuses = turnedDown(handle.snapshot.nodes),
  options: Partial<DefaultPreemptionOptions> = {},
  ...replies: readonly ExtenderReply[]
): PostFilterResult {
  const plugin = createDefaultPreemption(ARGS, handle, { ...OPTIONS, ...options });
  return outcomeOf(plugin.postFilter(new CycleState(), pod, statuses), replies);
}

function outcomeOf(steps: PostFiltering, replies: readonly ExtenderReply[] = []): PostFilterResult {
  let step = steps.next();
  for (const reply of replies) step = steps.next(reply);
  assert.ok(step.done === true, "an extender is still to be asked");
  return step.value;
}

const reasons = (result: PostFilterResult) => result.status?.reasons.join();

test("DefaultPreemption nominates the node that is harmed least and deletes its victims", () => {
  const nodes = [nodeOf("a", 4, [sized("a1", 4, 5)]), nodeOf("b", 4, [sized("b1", 2, 1), sized("b2", 2, 2)])];
  const result = preempt(scheduler(nodes), sized("p", 3, 10));
  assert.equal(result.nominatedNodeName, "b");
  assert.equal(result.status, null);
  const b2 = { namespace: "default", name: "b2", uid: "b2" };
  const b1 = { namespace: "default", name: "b1", uid: "b1" };
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "PreemptionByScheduler",
    message: "default-scheduler: preempting to accommodate a higher priority pod",
  };
  const told = {
    kind: "event",
    type: "Normal",
    reason: "Preempted",
    action: "Preempting",
    message: "Preempted by pod p on node b",
  };
  assert.deepEqual(result.actions, [
    { kind: "deletePod", ...b2, condition },
    { ...told, ...b2 },
    { kind: "deletePod", ...b1, condition },
    { ...told, ...b1 },
  ]);
});

test("DefaultPreemption takes nominations from lower Pods on the node, and leaves higher ones", () => {
  const low = sized("low", 1, 5);
  const high = sized("high", 1, 20);
  const handle = scheduler([nodeOf("a", 4, [sized("v", 4, 1)])], { nominated: { a: [low, high] } });
  const { actions } = preempt(handle, sized("p", 3, 10));
  assert.deepEqual(actions[0], {
    kind: "updateStatus",
    namespace: "default",
    name: "low",
    uid: "low",
    nominatedNodeName: "",
  });
  assert.equal(actions.filter(({ kind }) => kind === "updateStatus").length, 1);
});

test("DefaultPreemption is not for Pods that must not preempt", () => {
  const p = sized("p", 3, 10);
  const never = { ...p, pod: { ...p.pod, spec: { ...p.pod.spec, preemptionPolicy: "Never" as const } } };
  const result = preempt(scheduler([nodeOf("a", 4, [sized("v", 4, 1)])]), never);
  assert.equal(result.nominatedNodeName, null);
  assert.equal(reasons(result), "preemption: not eligible due to preemptionPolicy=Never.");
});

test("DefaultPreemption waits while a victim on the nominated node is terminating", () => {
  const disrupted = [{ type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler" }];
  const leaving = sized("v", 4, 1, {
    metadata: { deletionTimestamp: "2026-01-01T00:59:59Z" },
    status: { conditions: disrupted },
  });
  const handle = scheduler([nodeOf("a", 4, [leaving])]);
  const p = sized("p", 3, 10, { status: { nominatedNodeName: "a" } });
  const waiting = preempt(handle, p);
  assert.equal(waiting.nominatedNodeName, null);
  assert.equal(reasons(waiting), "preemption: not eligible due to a terminating pod on the nominated node.");
  // The node has become hopeless: it need not wait.
  const hopeless = preempt(handle, p, turnedDown(handle.snapshot.nodes, { a: TAINTED }));
  assert.equal(
    reasons(hopeless),
    "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
  );
});

test("DefaultPreemption preempts anew when a Pod on the nominated node leaves for another reason", () => {
  const leaving = sized("v", 4, 1, { metadata: { deletionTimestamp: "2026-01-01T00:59:59Z" } });
  const p = sized("p", 3, 10, { status: { nominatedNodeName: "a" } });
  const result = preempt(scheduler([nodeOf("a", 4, [leaving])]), p);
  assert.equal(result.nominatedNodeName, "a");
  // It is being deleted already.
  assert.deepEqual(result.actions, []);
});

test("DefaultPreemption says of every node why it does not help, and clears the nomination", () => {
  const nodes = [
    nodeOf("small", 2, [sized("v1", 1, 1)]),
    nodeOf("peers", 4, [sized("v2", 4, 10)]),
    nodeOf("tainted", 4, [sized("v3", 4, 1)]),
    nodeOf("mixed", 4, [sized("v4", 2, 10), sized("v5", 2, 1)]),
  ];
  const result = preempt(scheduler(nodes), sized("p", 3, 10), turnedDown(nodes, { tainted: TAINTED }));
  assert.equal(result.nominatedNodeName, "");
  assert.equal(result.status?.code, "Unschedulable");
  assert.equal(
    reasons(result),
    "preemption: 0/4 nodes are available: 1 No preemption victims found for incoming pod, " +
      "1 Preemption is not helpful for scheduling, 2 Insufficient cpu.",
  );
});

test("DefaultPreemption without any node that preemption may help says so", () => {
  const nodes = [nodeOf("a", 4, []), nodeOf("b", 4, [])];
  const result = preempt(scheduler(nodes), sized("p", 3, 10), turnedDown(nodes, { a: TAINTED, b: TAINTED }));
  assert.equal(
    reasons(result),
    "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
  );
});

test("DefaultPreemption is an error when a node needs no victims after all", () => {
  const result = preempt(scheduler([nodeOf("a", 4, [sized("v", 1, 1)])]), sized("p", 3, 10));
  assert.deepEqual(
    result.status,
    failure("DefaultPreemption", 'preemption: expected at least one victim pod on node "a"'),
  );
  assert.equal(result.nominatedNodeName, null);
});

test("DefaultPreemption chooses among what extenders leave of its candidates", () => {
  const handle = scheduler([nodeOf("a", 4, [sized("a1", 4, 1)]), nodeOf("b", 4, [sized("b1", 4, 2)])]);
  const trimVictims = victimTrimmer([extender({ preemptVerb: "preempt" })], handle.snapshot);
  const after = (reply: ExtenderReply) =>
    preempt(handle, sized("p", 3, 10), undefined, { trimVictims }, reply);
  const onlyB = ok({ NodeNameToMetaVictims: { b: { Pods: [{ UID: "b1" }] } } });
  assert.equal(after(onlyB).nominatedNodeName, "b");
  const none = after(ok({ NodeNameToMetaVictims: {} }));
  assert.equal(none.nominatedNodeName, null);
  assert.equal(reasons(none), "preemption: no candidate node for preemption");
  assert.deepEqual(after(failed).status, failure("DefaultPreemption", "preemption: connection refused"));
});

test("DefaultPreemption asks no extender when it has no candidate", () => {
  const handle = scheduler([nodeOf("a", 4, [])]);
  const trimVictims = victimTrimmer([extender({ preemptVerb: "preempt" })], handle.snapshot);
  const { nominatedNodeName } = preempt(handle, sized("p", 3, 10), undefined, { trimVictims });
  assert.equal(nominatedNodeName, "");
});

test("DefaultPreemption takes back victims that are not bound yet without deleting them", () => {
  const nodes = [nodeOf("a", 4, [sized("v", 4, 1)])];
  const { actions } = preempt(scheduler(nodes), sized("p", 3, 10), undefined, {
    preemptInMemory: () => true,
  });
  assert.deepEqual(
    actions.map((action) => (action.kind === "event" ? action.message : action.kind)),
    ["Preempted by pod p on node a (in kube-scheduler memory)."],
  );
});

test("DefaultPreemption keeps the Pod out of the queue until its deletions are sent, when asynchronous", () => {
  const handle = scheduler([nodeOf("a", 4, [sized("v", 4, 1)])]);
  const p = sized("p", 3, 10);
  for (const asyncPreemption of [true, false]) {
    const plugin = createDefaultPreemption(ARGS, handle, { ...OPTIONS, asyncPreemption });
    assert.equal(plugin.preEnqueue(p), null);
    outcomeOf(plugin.postFilter(new CycleState(), p, turnedDown(handle.snapshot.nodes)));
    const gated = unresolvable("DefaultPreemption", "waiting for the preemption for this pod to be finished");
    assert.deepEqual(plugin.preEnqueue(p), asyncPreemption ? gated : null);
    assert.equal(plugin.preEnqueue(sized("other", 1, 1)), null);
    plugin.deletionsSent(p.uid);
    assert.equal(plugin.preEnqueue(p), null);
    assert.equal(plugin.eventsToRegister().length, asyncPreemption ? 2 : 0);
  }
});

test("DefaultPreemption counts nominated Pods of higher priority as there", () => {
  const nodes = [nodeOf("a", 4, [sized("v", 4, 1)])];
  const handle = scheduler(nodes, { nominated: { a: [sized("high", 2, 20)] } });
  assert.equal(
    reasons(preempt(handle, sized("p", 3, 10))),
    "preemption: 0/1 nodes are available: 1 Insufficient cpu.",
  );
});
