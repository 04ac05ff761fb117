import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExtenderConfig } from "../config/configuration.js";
import { node, pod, requesting } from "../plugins/cluster.test-data.js";
import { aNode, aPod, Simulation } from "../scheduler.test-data.js";
import { type ExtenderArgs, extenderArgs, type ExtenderReply, isInterested } from "./extender.js";
import { extender, failed, ok } from "./extender.test-data.js";
import { Extenders } from "./extenders.js";

const NODES = [node("a"), node("b"), node("c")];

/** Runs the filters with these replies, one per request. */
function filter(configs: readonly ExtenderConfig[], ...replies: readonly ExtenderReply[]) {
  const asked: string[] = [];
  let kept = NODES.map(({ name }) => name);
  const steps = new Extenders(configs).filter(pod("p"), NODES, (nodes) => {
    kept = nodes.map(({ name }) => name);
  });
  let step = steps.next();
  for (const reply of replies) {
    if (step.done === true) break;
    const { extender: config, verb, body } = step.value;
    asked.push(`${config.urlPrefix}/${verb} ${(body as ExtenderArgs).NodeNames}`);
    step = steps.next(reply);
  }
  assert.ok(step.done === true, "more replies are needed");
  const { value } = step;
  if ("code" in value) return { asked, error: value.reasons.join(", ") };
  const statuses = [...value.statuses].map(([name, { code, reasons }]) => `${name} ${code}: ${reasons}`);
  return { asked, kept, statuses, found: value.found };
}

test("Extenders.filter asks each extender about what the last one left", () => {
  const second = extender({ urlPrefix: "http://f" });
  assert.deepEqual(
    filter(
      [extender(), second],
      ok({ NodeNames: ["a", "c"], FailedNodes: { b: "too loud" } }),
      ok({ NodeNames: ["c"], FailedAndUnresolvableNodes: { a: "too old" } }),
    ),
    {
      asked: ["http://e/filter a,b,c", "http://f/filter a,c"],
      kept: ["c"],
      statuses: ["b Unschedulable: too loud", "a UnschedulableAndUnresolvable: too old"],
      found: 1,
    },
  );
});

test("Extenders.filter calls a node unresolvable, when one answer says both", () => {
  const both = ok({ NodeNames: [], FailedNodes: { a: "x" }, FailedAndUnresolvableNodes: { a: "y" } });
  assert.deepEqual(filter([extender()], both).statuses, ["a UnschedulableAndUnresolvable: y"]);
});

test("Extenders.filter asks nobody further, when no node is left", () => {
  assert.equal(filter([extender(), extender()], ok({ NodeNames: [] })).asked.length, 1);
});

test("Extenders.filter ends the attempt, when an extender fails, unless it may be ignored", () => {
  const rows: readonly (readonly [reply: ExtenderReply, error: string])[] = [
    [failed, "connection refused"],
    [ok({ Error: "cannot tell" }), "cannot tell"],
    [ok("yes"), "extender http://e answered no object"],
    [ok(null), "extender http://e answered no object"],
  ];
  for (const [reply, error] of rows) {
    assert.equal(filter([extender()], reply).error, error);
    assert.equal(filter([extender({ ignorable: true })], reply).found, 3, error);
  }
});

test("Extenders.filter reads whole nodes, when the extender keeps none itself", () => {
  const items = [NODES[1]?.node];
  assert.deepEqual(filter([extender({ nodeCacheCapable: false })], ok({ Nodes: { items } })).kept, ["b"]);
});

test("Extenders.filter passes over extenders that do not filter, or not Pods like this", () => {
  const managedResources = [{ name: "example.com/gpu", ignoredByScheduler: false }];
  const { asked, found } = filter([extender({ filterVerb: null }), extender({ managedResources })]);
  assert.deepEqual([asked, found], [[], 3]);
});

test("Extenders.prioritize weighs points and brings them to the plugins' scale; who fails gives none", () => {
  const steps = new Extenders([extender({ weight: 3 }), extender(), extender({ weight: 2 })]).prioritize(
    pod("p"),
    NODES,
  );
  steps.next();
  steps.next(
    ok([
      { Host: "a", Score: 10 },
      { Host: "b", Score: 1 },
    ]),
  );
  steps.next(failed);
  const { value } = steps.next(ok([{ Host: "b", Score: 5 }]));
  assert.deepEqual(Object.fromEntries(value as ReadonlyMap<string, number>), { a: 300, b: 130 });
});

test("isInterested looks at requests and limits of all containers, when resources are managed", () => {
  const config = extender({ managedResources: [{ name: "example.com/gpu", ignoredByScheduler: true }] });
  const limits = { "example.com/gpu": "1" };
  const rows = [
    [pod("p"), false],
    [pod("p", requesting({ "example.com/gpu": "1" })), true],
    [pod("p", { containers: [{}, { resources: { limits } }] }), true],
    [pod("p", { initContainers: [{ resources: { limits } }] }), true],
    [pod("p", requesting({ "example.com/nic": "1" })), false],
  ] as const;
  for (const [each, expected] of rows) assert.equal(isInterested(config, each), expected);
  assert.equal(isInterested(extender(), pod("p")), true);
});

test("extenderArgs sends names or whole nodes, never both", () => {
  const nodes = NODES.map(({ node: each }) => each);
  const named = extenderArgs(extender(), pod("p"), nodes);
  assert.deepEqual([named.Nodes, named.NodeNames], [null, ["a", "b", "c"]]);
  const whole = extenderArgs(extender({ nodeCacheCapable: false }), pod("p"), nodes);
  assert.deepEqual([whole.NodeNames, whole.Nodes?.items], [null, nodes]);
});

test("Extenders.binder is the first that binds Pods like this", () => {
  const gpu = extender({
    bindVerb: "bind",
    managedResources: [{ name: "example.com/gpu", ignoredByScheduler: false }],
  });
  const extenders = new Extenders([extender(), gpu]);
  assert.equal(extenders.binder(pod("p")), null);
  assert.equal(extenders.binder(pod("p", requesting({ "example.com/gpu": "1" }))), gpu);
});

/** Two equal nodes, and an extender that answers like this. */
function withExtender(
  reply: (verb: string) => ExtenderReply,
  changes: Partial<ExtenderConfig> = {},
): Simulation {
  const simulation = new Simulation({
    configuration: { extenders: [extender(changes)] },
    extender: ({ verb }) => reply(verb),
  });
  simulation.setNodes(aNode("a"), aNode("b"));
  simulation.setPods(aPod("p", { cpu: "1" }));
  return simulation;
}

test("Scheduler goes by an extender's points, when plugins see no difference", () => {
  for (const host of ["a", "b"]) {
    const simulation = withExtender((verb) =>
      verb === "filter" ? ok({ NodeNames: ["a", "b"] }) : ok([{ Host: host, Score: 1 }]),
    );
    simulation.run();
    assert.deepEqual(simulation.placements(), { p: host });
  }
});

test("Scheduler turns a Pod down in the extender's words, and tries it again after any event", () => {
  let isOpen = false;
  const simulation = withExtender((verb) => {
    if (verb !== "filter") return ok([]);
    return isOpen
      ? ok({ NodeNames: ["a"] })
      : ok({ NodeNames: [], FailedNodes: { a: "closed", b: "closed" } });
  });
  const [attempt] = simulation.run();
  assert.ok(
    attempt?.result === "unschedulable" && attempt.message.startsWith("0/2 nodes are available: 2 closed."),
  );
  isOpen = true;
  simulation.nowMs = 20_000;
  simulation.setNodes(aNode("c"));
  simulation.run();
  assert.deepEqual(simulation.placements(), { p: "a" });
});

test("Scheduler turns a Pod down, when an extender drops nodes without a word", () => {
  const simulation = withExtender(() => ok({ NodeNames: [] }));
  const [attempt] = simulation.run();
  assert.equal(attempt?.result, "unschedulable");
  assert.deepEqual(simulation.scheduler.queueCounts(), { active: 0, backoff: 0, unschedulable: 1, gated: 0 });
});

test("Scheduler calls it an error, when an extender fails, and goes on without one that may be ignored", () => {
  const broken = withExtender(() => failed);
  const [attempt] = broken.run();
  assert.deepEqual(
    [attempt?.result, attempt?.result === "error" && attempt.message],
    ["error", "connection refused"],
  );
  const ignored = withExtender(() => failed, { ignorable: true });
  assert.equal(ignored.run()[0]?.result, "scheduled");
});
