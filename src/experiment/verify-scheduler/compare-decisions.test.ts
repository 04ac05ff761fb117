import assert from "node:assert/strict";
import test from "node:test";
import type { Explanation, NodeExplanation } from "../../scheduler/explain/explanation.js";
import { compareDecisions, DecisionTally } from "./compare-decisions.js";

const FITS: NodeExplanation = {
  name: "a",
  code: "Success",
  plugin: "",
  reasons: [],
  scores: { NodeResourcesFit: 40, ImageLocality: 0 },
  total: 40,
};
const REFUSED: NodeExplanation = {
  name: "b",
  code: "Unschedulable",
  plugin: "NodeResourcesFit",
  reasons: ["Insufficient cpu", "Insufficient memory"],
  scores: null,
  total: null,
};
const DECISION: Explanation = {
  pod: "default/web",
  preFilter: null,
  preFilterSkip: ["NodePorts"],
  nodes: [FITS, REFUSED],
  preScoreSkip: ["NodeAffinity"],
  chosen: "a",
  preemption: null,
  message: null,
  error: null,
};

function compare(ours: Explanation, theirs = DECISION, withSkips = true) {
  const tally = new DecisionTally();
  return { tally, found: compareDecisions(ours, theirs, { tally, withSkips }) };
}

test("compareDecisions finds nothing in equal decisions, and counts what it compared by plugin", () => {
  const { tally, found } = compare(structuredClone(DECISION));
  assert.deepEqual(found, []);
  assert.equal(tally.verdicts, 2);
  assert.equal(tally.feasible, 1);
  assert.deepEqual(tally.of("NodeResourcesFit"), {
    turnedDown: 1,
    scored: 1,
    preFilter: 0,
    disagreements: 0,
  });
});

test("compareDecisions blames a score, a total and a verdict on their plugin and node", () => {
  const scores = { NodeResourcesFit: 41, ImageLocality: 0 };
  const nodes = [
    { ...FITS, scores, total: 41 },
    { ...REFUSED, reasons: ["Insufficient cpu"] },
  ];
  const { tally, found } = compare({ ...DECISION, nodes });
  assert.deepEqual(
    found.map(({ what, node, plugin }) => [what, node, plugin]),
    [
      ["score", "a", "NodeResourcesFit"],
      ["total", "a", ""],
      ["verdict", "b", "NodeResourcesFit"],
    ],
  );
  assert.equal(tally.of("NodeResourcesFit").disagreements, 2);
});

test("compareDecisions takes reasons of one node in any order", () => {
  const nodes = [FITS, { ...REFUSED, reasons: [...REFUSED.reasons].reverse() }];
  assert.deepEqual(compare({ ...DECISION, nodes }).found, []);
});

test("compareDecisions finds nodes in another order, and then compares none of them", () => {
  const { found } = compare({ ...DECISION, nodes: [REFUSED, FITS] });
  assert.deepEqual(
    found.map(({ what }) => what),
    ["order of nodes"],
  );
});

test("compareDecisions blames a skip on the plugin that only one side skips", () => {
  const { found } = compare({ ...DECISION, preFilterSkip: ["NodeAffinity", "NodePorts"] });
  assert.deepEqual([found[0]?.what, found[0]?.plugin], ["preFilterSkip", "NodeAffinity"]);
});

test("compareDecisions without skips takes a plugin that gives 0 for one that was left out", () => {
  const nodes = [{ ...FITS, scores: { NodeResourcesFit: 40 } }, REFUSED];
  const ours = { ...DECISION, preScoreSkip: ["ImageLocality", "NodeAffinity"], nodes };
  assert.deepEqual(compare(ours, DECISION, false).found, []);
  assert.equal(compare(ours).found.length, 2);
});

test("compareDecisions takes an error for equal when upstream only wraps it", () => {
  const theirs = { ...DECISION, error: 'running PreFilter plugin "VolumeBinding": no mode' };
  assert.deepEqual(compare({ ...DECISION, error: "no mode" }, theirs).found, []);
  assert.equal(compare({ ...DECISION, error: "else" }, theirs).found.length, 1);
});
