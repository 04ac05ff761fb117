import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CONTROL_NODES,
  plannedCases,
  plannedRulesets,
  predictedLoadMs,
  targetIndices,
} from "./sweep-plan.js";

const NODES = [...CONTROL_NODES, ...plannedRulesets({ paths: ["nftables", "ipset"], services: [1, 100] })];

test("a sweep loads small rulesets of every path before larger ones", () => {
  const rulesets = NODES.flatMap((node) => (node.kind === "rules" ? [`${node.path} ${node.services}`] : []));
  assert.deepEqual(rulesets, ["nftables 1", "ipset 1", "nftables 100", "ipset 100"]);
});

test("first packets go to every position from 100 Services on, established ones to one and to all", () => {
  const targets = (packet: "first" | "established") =>
    plannedCases(NODES, packet).map(({ node, target }) =>
      node.kind === "control" ? node.control : `${node.services} ${target}`,
    );
  const first = [
    "1 last",
    "1 last",
    ...Array(2)
      .fill(["first", "middle", "last", "random"])
      .flat()
      .map((t) => `100 ${t}`),
  ];
  assert.deepEqual(targets("first"), ["none", "conntrack", ...first]);
  const established = ["1 last", "1 last", "100 last", "100 random", "100 last", "100 random"];
  assert.deepEqual(targets("established"), ["none", "conntrack", ...established]);
});

test("targets are positions in the order of the rules", () => {
  assert.deepEqual(targetIndices("first", 5), [0]);
  assert.deepEqual(targetIndices("middle", 5), [2]);
  assert.deepEqual(targetIndices("last", 5), [4]);
  assert.deepEqual(targetIndices("random", 5), [0, 1, 2, 3, 4]);
});

test("loading is predicted by a power law that never falls below linear, with a margin", () => {
  assert.equal(predictedLoadMs([], 1000), null);
  assert.equal(predictedLoadMs([{ services: 1000, ms: 100 }], 5000), null);
  const quadratic = [
    { services: 10, ms: 1 },
    { services: 100, ms: 10 },
    { services: 1000, ms: 1000 },
  ];
  assert.equal(Math.round(predictedLoadMs(quadratic, 2000) as number), 6000);
  const flat = [
    { services: 100, ms: 100 },
    { services: 1000, ms: 100 },
  ];
  assert.equal(Math.round(predictedLoadMs(flat, 2000) as number), 300);
});
