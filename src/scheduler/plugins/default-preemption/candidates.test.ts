import assert from "node:assert/strict";
import { test } from "node:test";
import { unresolvable } from "../../framework/status.js";
import { pod } from "../cluster.test-data.js";
import { candidatesWanted, findCandidates } from "./candidates.js";
import type { Victims } from "./victims.js";

const NAMES = ["a", "b", "c", "d", "e"];
const VICTIM = pod("victim");
const USELESS = unresolvable("DefaultPreemption", "useless");

/** Node name -> violations of its only victim; nodes left out are useless. Also which nodes were looked at. */
function search(violationsOf: Readonly<Record<string, number>>, range: { offset: number; wanted: number }) {
  const looked: string[] = [];
  const { candidates, statuses } = findCandidates(NAMES, range, (name) => {
    looked.push(name);
    const violations = violationsOf[name];
    return violations === undefined ? USELESS : { pods: [VICTIM], violations };
  });
  return { found: candidates.map(({ nodeName }) => nodeName), looked, useless: [...statuses.keys()] };
}

test("candidatesWanted takes the larger of share and number, at most all nodes", () => {
  const args = { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 };
  assert.equal(candidatesWanted(5000, args), 500);
  assert.equal(candidatesWanted(999, args), 100);
  assert.equal(candidatesWanted(60, args), 60);
  assert.equal(candidatesWanted(25, { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 0 }), 2);
});

test("findCandidates starts at the offset and wraps around, until it has enough", () => {
  const all = { a: 0, b: 0, c: 0, d: 0, e: 0 };
  assert.deepEqual(search(all, { offset: 3, wanted: 3 }), {
    found: ["d", "e", "a"],
    looked: ["d", "e", "a"],
    useless: [],
  });
});

test("findCandidates goes on while every candidate breaks a budget", () => {
  const { found, looked } = search({ a: 1, b: 1, c: 1, d: 0, e: 0 }, { offset: 0, wanted: 2 });
  assert.deepEqual(looked, ["a", "b", "c", "d"]);
  // The harmless one is first; of the others no more than wanted are kept.
  assert.deepEqual(found, ["d", "a", "b"]);
});

test("findCandidates keeps why nodes are of no use", () => {
  const { found, useless } = search({ c: 0 }, { offset: 0, wanted: 5 });
  assert.deepEqual(found, ["c"]);
  assert.deepEqual(useless, ["a", "b", "d", "e"]);
});

test("findCandidates takes a node without victims for an error", () => {
  const none: Victims = { pods: [], violations: 0 };
  const { statuses } = findCandidates(["a"], { offset: 0, wanted: 1 }, () => none);
  assert.deepEqual(statuses.get("a"), {
    code: "Error",
    reasons: ['expected at least one victim pod on node "a"'],
    plugin: "DefaultPreemption",
  });
});
