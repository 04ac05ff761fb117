import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeSelectorRequirement, NodeSelectorTerm } from "./scheduling.js";
import type { Node } from "./types.js";
import {
  nodeSelectorMatches,
  nodeSelectorTermMatches,
  pinnedNodeNames,
  preferenceWeight,
  requiredNodeAffinityMatches,
} from "./node-selector.js";

const NODE: Node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n1", labels: { zone: "a", cores: "16", big: "9223372036854775807", odd: "0x10" } },
};

type Requirement = [string, NodeSelectorRequirement["operator"], ...string[]];
const term = (...requirements: Requirement[]): NodeSelectorTerm => ({
  matchExpressions: requirements.map(([key, operator, ...values]) => ({ key, operator, values })),
});
const named = (...requirements: Requirement[]): NodeSelectorTerm => ({
  matchFields: requirements.map(([key, operator, ...values]) => ({ key, operator, values })),
});

test("nodeSelectorTermMatches knows every operator on labels", () => {
  const cases: [Requirement, boolean][] = [
    [["zone", "In", "a", "b"], true],
    [["zone", "In", "b"], false],
    [["none", "In", "a"], false],
    [["zone", "NotIn", "b"], true],
    [["zone", "NotIn", "a"], false],
    [["none", "NotIn", "a"], true],
    [["zone", "Exists"], true],
    [["none", "Exists"], false],
    [["none", "DoesNotExist"], true],
    [["zone", "DoesNotExist"], false],
    [["constructor", "Exists"], false],
  ];
  for (const [requirement, expected] of cases)
    assert.equal(nodeSelectorTermMatches(term(requirement), NODE), expected, requirement.join(" "));
});

test("nodeSelectorTermMatches compares 64-bit integers, when the operator is Gt or Lt", () => {
  const cases: [Requirement, boolean][] = [
    [["cores", "Gt", "15"], true],
    [["cores", "Gt", "16"], false],
    [["cores", "Lt", "+17"], true],
    [["cores", "Lt", "1e3"], false],
    [["cores", "Gt", "1", "2"], false],
    [["cores", "Gt", "-9223372036854775808"], true],
    [["cores", "Gt", "-9223372036854775809"], false],
    [["big", "Gt", "9223372036854775806"], true],
    [["zone", "Gt", "1"], false],
    [["odd", "Gt", "1"], false],
    [["none", "Lt", "1"], false],
  ];
  for (const [requirement, expected] of cases)
    assert.equal(nodeSelectorTermMatches(term(requirement), NODE), expected, requirement.join(" "));
});

test("nodeSelectorTermMatches reads metadata.name, one value at a time", () => {
  assert.ok(nodeSelectorTermMatches(named(["metadata.name", "In", "n1"]), NODE));
  assert.ok(nodeSelectorTermMatches(named(["metadata.name", "NotIn", "n2"]), NODE));
  assert.ok(!nodeSelectorTermMatches(named(["metadata.name", "In", "n1", "n2"]), NODE));
  assert.ok(!nodeSelectorTermMatches(named(["metadata.name", "Exists"]), NODE));
  assert.ok(
    !nodeSelectorTermMatches({ ...term(["zone", "In", "b"]), ...named(["metadata.name", "In", "n1"]) }, NODE),
  );
});

test("nodeSelectorMatches ORs terms, of which an empty one matches nothing", () => {
  assert.ok(nodeSelectorMatches({ nodeSelectorTerms: [{}, term(["zone", "Exists"])] }, NODE));
  assert.ok(!nodeSelectorMatches({ nodeSelectorTerms: [{}] }, NODE));
  assert.ok(!nodeSelectorMatches({ nodeSelectorTerms: [] }, NODE));
});

test("requiredNodeAffinityMatches ANDs nodeSelector and the required terms", () => {
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term(["cores", "Gt", "8"])] },
  };
  assert.ok(requiredNodeAffinityMatches({ nodeSelector: { zone: "a" }, affinity: { nodeAffinity } }, NODE));
  assert.ok(!requiredNodeAffinityMatches({ nodeSelector: { zone: "b" }, affinity: { nodeAffinity } }, NODE));
  assert.ok(requiredNodeAffinityMatches(undefined, NODE));
});

test("preferenceWeight adds up the weights of matching terms", () => {
  const preferences = [
    { weight: 10, preference: term(["zone", "Exists"]) },
    { weight: 5, preference: term(["none", "Exists"]) },
    { weight: 1, preference: term(["cores", "Exists"]) },
    { weight: 90, preference: {} },
  ];
  assert.equal(preferenceWeight(preferences, NODE), 11);
});

test("pinnedNodeNames intersects within a term and unites terms", () => {
  const both = named(["metadata.name", "In", "n1", "n2"], ["metadata.name", "In", "n2", "n3"]);
  assert.deepEqual(pinnedNodeNames([both, named(["metadata.name", "In", "n9"])]), new Set(["n2", "n9"]));
  assert.equal(pinnedNodeNames([both, term(["zone", "Exists"])]), null);
  assert.equal(pinnedNodeNames([]), null);
});
