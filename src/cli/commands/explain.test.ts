import assert from "node:assert/strict";
import test from "node:test";
import { plumb } from "../plumb.test-data.js";

function node(name: string, cpu: number, more = ""): string {
  return `{ apiVersion: v1, kind: Node, metadata: { name: ${name} }, ${more} status: { allocatable: { cpu: ${cpu}, memory: 8Gi, pods: 10 } } }`;
}

function pod(name: string, cpu: number, more = ""): string {
  return `{ apiVersion: v1, kind: Pod, metadata: { name: ${name} }, spec: { ${more} containers: [{ name: c, resources: { requests: { cpu: ${cpu}, memory: 1Gi } } }] } }`;
}

const CLUSTER = [
  node("a", 4),
  node("b", 8),
  node("c", 8, "spec: { taints: [{ key: dedicated, effect: NoSchedule }] },"),
  pod("web", 1),
  pod("huge", 6),
  pod("old", 4, "nodeName: b, "),
].join("\n---\n");

function explain(...args: readonly string[]) {
  return plumb(["explain", ...args, "-"], CLUSTER);
}

test("explain prints the node, why the others were turned down, and the scores by plugin", () => {
  const { code, stdout } = explain("--pod", "web");
  assert.equal(code, 0);
  assert.match(stdout, /^Pod default\/web: goes to a; 2 of 3 nodes fit\n/);
  assert.match(
    stdout,
    / 1 {2}TaintToleration +node\(s\) had untolerated taint\(s\) \(preempting does not help\): c\n/,
  );
  assert.match(stdout, /A TaintToleration x3, B NodeResourcesFit x1/);
  assert.match(stdout, / 1 +452 +100 +81 +71 +0 {2}a\n/);
});

test("explain prints the event's message, and whom preemption would evict", () => {
  const { stdout } = explain("--pod", "default/huge");
  assert.match(
    stdout,
    /^Pod default\/huge: fits nowhere\n {2}FailedScheduling: 0\/3 nodes are available: 1 node\(s\) had untolerated taint\(s\), 2 Insufficient cpu\. preemption: /,
  );
});

test("explain takes a Pod that has a node as if it had none yet", () => {
  const { stdout } = explain("--pod", "old", "--json");
  const { chosen, weights, nodes } = JSON.parse(stdout) as {
    chosen: string;
    weights: Record<string, number>;
    nodes: { name: string; total: number | null }[];
  };
  assert.equal(chosen, "b");
  assert.equal(weights["TaintToleration"], 3);
  assert.deepEqual(
    nodes.map(({ total }) => total !== null),
    [true, true, false],
  );
});

test("explain --all gives every node a row of its own", () => {
  const { stdout } = explain("--pod", "huge", "--all");
  for (const name of ["a", "b", "c"]) assert.match(stdout, new RegExp(`^  ${name}  `, "m"));
});

test("explain exits 2 and names the nearest Pod, when there is none of the name", () => {
  const { code, stderr } = explain("--pod", "hugo");
  assert.equal(code, 2);
  assert.match(stderr, /the input has no such Pod\nhint: did you mean 'huge'\?/);
});
