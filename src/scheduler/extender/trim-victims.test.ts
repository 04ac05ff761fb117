import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExtenderConfig } from "../config/configuration.js";
import { handle, node, pod, requesting } from "../plugins/cluster.test-data.js";
import { aNode, aPod, bound, Simulation } from "../scheduler.test-data.js";
import type { ExtenderMetaVictims, ExtenderPreemptionArgs, ExtenderReply } from "./extender.js";
import { extender, failed, ok } from "./extender.test-data.js";
import { victimTrimmer } from "./trim-victims.js";

const V = Object.fromEntries(["a1", "a2", "b1", "b2", "c1"].map((name) => [name, pod(name)]));
const pods = (...names: readonly string[]) => names.map((name) => V[name] ?? assert.fail(name));
const NODES = [
  node("a", {}, pods("a1", "a2")),
  node("b", {}, pods("b1", "b2")),
  node("c", {}, pods("c1")),
  node("bare"),
];
const { snapshot } = handle(NODES);
/** As found from the second node on. */
const CANDIDATES = [
  { nodeName: "b", pods: pods("b1", "b2"), violations: 1 },
  { nodeName: "a", pods: pods("a1", "a2"), violations: 0 },
];

function preempting(changes: Partial<ExtenderConfig> = {}): ExtenderConfig {
  return extender({ preemptVerb: "preempt", ...changes });
}

/** "b: b1 b2 (1)" is node b with two victims that break one budget between them. */
function metaVictims(...lines: readonly string[]): Record<string, ExtenderMetaVictims> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = "", uids = "", violations] = /^(\w+):((?: \w+)*) \((\d+)\)$/.exec(line) ?? [];
      const Pods = uids.split(" ").flatMap((UID) => (UID === "" ? [] : [{ UID }]));
      return [name, { Pods, NumPDBViolations: Number(violations) }];
    }),
  );
}

const agreeing = (...lines: readonly string[]) => ok({ NodeNameToMetaVictims: metaVictims(...lines) });

/** Asks about the candidates, with these replies, one per request. */
function trim(configs: readonly ExtenderConfig[], ...replies: readonly ExtenderReply[]) {
  const asked: string[] = [];
  const bodies: ExtenderPreemptionArgs[] = [];
  const steps = victimTrimmer(configs, snapshot)?.(pod("p"), CANDIDATES) ?? assert.fail("nobody to ask");
  let step = steps.next();
  for (const reply of replies) {
    if (step.done === true) assert.fail("a reply too many");
    const { extender: config, verb, body } = step.value;
    asked.push(`${config.urlPrefix}/${verb}`);
    bodies.push(body as ExtenderPreemptionArgs);
    step = steps.next(reply);
  }
  assert.ok(step.done === true, "more replies are needed");
  const { value } = step;
  if ("code" in value) return { asked, bodies, error: value.reasons.join(), left: [] };
  const left = value.map(
    (each) => `${each.nodeName}: ${each.pods.map(({ uid }) => uid).join(" ")} (${each.violations})`,
  );
  return { asked, bodies, left };
}

test("victimTrimmer is null when no extender has a preemptVerb", () => {
  assert.equal(victimTrimmer([], snapshot), null);
  assert.equal(victimTrimmer([extender()], snapshot), null);
});

test("victimTrimmer asks each extender about what the last one left", () => {
  const { asked, bodies, left } = trim(
    [preempting(), extender(), preempting({ urlPrefix: "http://f" })],
    agreeing("a: a1 a2 (0)", "b: b2 (0)"),
    agreeing("b: b2 (0)"),
  );
  assert.deepEqual(asked, ["http://e/preempt", "http://f/preempt"]);
  assert.deepEqual(
    bodies.map(({ NodeNameToMetaVictims }) => NodeNameToMetaVictims),
    [metaVictims("b: b1 b2 (1)", "a: a1 a2 (0)"), metaVictims("b: b2 (0)", "a: a1 a2 (0)")],
  );
  assert.deepEqual(left, ["b: b2 (0)"]);
});

test("victimTrimmer sends uids or whole Pods, never both", () => {
  const reply = agreeing("a: a1 (0)");
  const [named] = trim([preempting()], reply).bodies;
  assert.deepEqual([named?.Pod, named?.NodeNameToVictims], [pod("p").pod, null]);
  const [whole] = trim([preempting({ nodeCacheCapable: false })], reply).bodies;
  assert.equal(whole?.NodeNameToMetaVictims, null);
  assert.deepEqual(whole?.NodeNameToVictims?.b, {
    Pods: pods("b1", "b2").map((each) => each.pod),
    NumPDBViolations: 1,
  });
});

test("victimTrimmer reads uids also from an extender that was sent Pods", () => {
  const { left } = trim([preempting({ nodeCacheCapable: false })], agreeing("b: b1 (1)"));
  assert.deepEqual(left, ["b: b1 (1)"]);
});

test("victimTrimmer keeps candidates in their order, and puts nodes of the extender's own choice last", () => {
  const { left } = trim([preempting()], agreeing("c: c1 (2)", "a: a2 a1 (0)", "b: b1 (0)"));
  assert.deepEqual(left, ["b: b1 (0)", "a: a2 a1 (0)", "c: c1 (2)"]);
});

test("victimTrimmer asks nobody further when no candidate is left", () => {
  for (const reply of [agreeing(), ok({}), ok({ NodeNameToMetaVictims: null })]) {
    const { asked, left } = trim([preempting(), preempting()], reply);
    assert.deepEqual([asked.length, left], [1, []]);
  }
});

test("victimTrimmer ends preemption when an extender fails, unless it may be ignored", () => {
  const lost =
    "extender: http://e claims to preempt pod (UID: a1) on node: b, but the pod is not found on that node";
  const malformed = "extender http://e answered no victims for node a";
  const rows: readonly (readonly [reply: ExtenderReply, error: string])[] = [
    [failed, "connection refused"],
    [ok(null), "extender http://e answered no object"],
    [agreeing("a: a1 (0)", "z: a1 (0)"), 'nodeinfo not found for node name "z"'],
    [agreeing("b: a1 (0)"), lost],
    [ok({ NodeNameToMetaVictims: { a: { Pods: "a1" } } }), malformed],
    [ok({ NodeNameToMetaVictims: { a: { Pods: [{ UID: "a1" }], NumPDBViolations: "no" } } }), malformed],
  ];
  const after = agreeing("a: a1 (0)");
  for (const [reply, error] of rows) {
    assert.equal(trim([preempting(), preempting()], reply).error, error);
    const { bodies, left } = trim([preempting({ ignorable: true }), preempting()], reply, after);
    assert.deepEqual(bodies[1]?.NodeNameToMetaVictims, metaVictims("b: b1 b2 (1)", "a: a1 a2 (0)"), error);
    assert.deepEqual(left, ["a: a1 (0)"], error);
  }
});

test("victimTrimmer calls a node without victims an error, or leaves it out when the extender may be ignored", () => {
  const reply = ok({ NodeNameToMetaVictims: { ...metaVictims("a: a1 (0)", "b: (0)"), c: null } });
  assert.equal(trim([preempting()], reply).error, 'expected at least one victim pod on node "b"');
  assert.deepEqual(trim([preempting({ ignorable: true })], reply).left, ["a: a1 (0)"]);
});

test("victimTrimmer passes over extenders that look after other resources", () => {
  const managedResources = [{ name: "example.com/gpu", ignoredByScheduler: false }];
  const { asked, left } = trim([preempting({ managedResources })]);
  assert.deepEqual([asked, left], [[], ["b: b1 b2 (1)", "a: a1 a2 (0)"]]);
  const steps = victimTrimmer([preempting({ managedResources })], snapshot)?.(
    pod("p", requesting({ "example.com/gpu": "1" })),
    CANDIDATES,
  );
  assert.equal(steps?.next().done, false);
});

/** Two nodes full of one less important Pod each, and a Pod that finds no room; victim a1 is the least important. */
function crowded(reply: ExtenderReply, changes: Partial<ExtenderConfig> = {}): Simulation {
  const preemptor = preempting({ filterVerb: null, prioritizeVerb: null, ...changes });
  const simulation = new Simulation({
    configuration: { extenders: [preemptor] },
    extender: () => reply,
  });
  simulation.setNodes(aNode("a"), aNode("b"));
  simulation.setPods(
    bound(aPod("a1", { cpu: "3" }, { priority: 1 }), "a"),
    bound(aPod("b1", { cpu: "3" }, { priority: 2 }), "b"),
    aPod("p", { cpu: "3" }, { priority: 10 }),
  );
  return simulation;
}

test("Scheduler preempts where extenders agree", () => {
  const simulation = crowded(agreeing("b: b1 (0)"));
  simulation.run();
  assert.deepEqual(
    simulation.of("deletePod").map(({ uid }) => uid),
    ["b1"],
  );
  simulation.nowMs = 20_000;
  simulation.scheduler.tick(simulation.nowMs);
  simulation.run();
  assert.deepEqual(simulation.placements(), { a1: "a", p: "b" });
});

test("Scheduler preempts nobody when extenders agree to no node, or one fails that may not be ignored", () => {
  const rows = [
    [agreeing(), "preemption: no candidate node for preemption"],
    [failed, "preemption: connection refused"],
  ] as const;
  for (const [reply, why] of rows) {
    const simulation = crowded(reply);
    const [attempt] = simulation.run();
    const message = attempt?.result === "unschedulable" ? attempt.message : "";
    assert.equal(message, `0/2 nodes are available: 2 Insufficient cpu. ${why}`);
    assert.deepEqual(simulation.of("deletePod"), []);
  }
});

test("Scheduler preempts by its own choice when an extender fails that may be ignored", () => {
  const simulation = crowded(failed, { ignorable: true });
  simulation.run();
  assert.deepEqual(
    simulation.of("deletePod").map(({ uid }) => uid),
    ["a1"],
  );
});
