import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeAffinity, NodeSelectorTerm } from "../../../api/scheduling.js";
import { CycleState } from "../../framework/cycle-state.js";
import { SKIP } from "../../framework/status.js";
import { node, pod } from "../cluster.test-data.js";
import { createNodeAffinity } from "./node-affinity.js";

const labelled = (key: string, ...values: string[]): NodeSelectorTerm => ({
  matchExpressions: [{ key, operator: "In", values }],
});
const named = (name: string): NodeSelectorTerm => ({
  matchFields: [{ key: "metadata.name", operator: "In", values: [name] }],
});
const required = (...nodeSelectorTerms: NodeSelectorTerm[]): NodeAffinity => ({
  requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
});
const preferred = (...terms: [number, NodeSelectorTerm][]): NodeAffinity => ({
  preferredDuringSchedulingIgnoredDuringExecution: terms.map(([weight, preference]) => ({
    weight,
    preference,
  })),
});
const wanting = (nodeAffinity: NodeAffinity) => pod("p", { affinity: { nodeAffinity } });

const A = node("a", { labels: { zone: "a", disk: "ssd" } });
const B = node("b", { labels: { zone: "b" } });
const plain = createNodeAffinity({ addedAffinity: null });
const adding = createNodeAffinity({
  addedAffinity: { ...required(labelled("disk", "ssd")), ...preferred([4, labelled("zone", "a")]) },
});
const state = new CycleState();

test("NodeAffinity skips its filter, when neither Pod nor profile demand anything", () => {
  assert.equal(plain.preFilter(state, pod("p")).status, SKIP);
  assert.equal(plain.preFilter(state, wanting(preferred([1, named("a")]))).status, SKIP);
  assert.equal(plain.preFilter(state, pod("p", { nodeSelector: { zone: "a" } })).status, null);
  assert.equal(adding.preFilter(state, pod("p")).status, null);
});

test("NodeAffinity names the only nodes that can do, when every term pins a name", () => {
  assert.deepEqual(
    plain.preFilter(state, wanting(required(named("a"), named("b")))).nodeNames,
    new Set(["a", "b"]),
  );
  assert.equal(plain.preFilter(state, wanting(required(named("a"), labelled("zone", "b")))).nodeNames, null);
  const conflict: NodeSelectorTerm = {
    matchFields: [...(named("a").matchFields ?? []), ...(named("b").matchFields ?? [])],
  };
  assert.deepEqual(plain.preFilter(state, wanting(required(conflict))), {
    status: {
      code: "UnschedulableAndUnresolvable",
      reasons: ["pod affinity terms conflict"],
      plugin: "NodeAffinity",
    },
    nodeNames: null,
  });
});

test("NodeAffinity turns down nodes by the profile's terms first, then the Pod's", () => {
  const wantsB = wanting(required(labelled("zone", "b")));
  assert.equal(plain.filter(state, wantsB, B), null);
  const own = plain.filter(state, wantsB, A);
  assert.equal(own?.code, "UnschedulableAndUnresolvable");
  assert.deepEqual(own?.reasons, ["node(s) didn't match Pod's node affinity/selector"]);
  const enforced = adding.filter(state, wantsB, B);
  assert.equal(enforced?.code, "UnschedulableAndUnresolvable");
  assert.deepEqual(enforced?.reasons, ["node(s) didn't match scheduler-enforced node affinity"]);
  assert.notEqual(plain.filter(state, wanting(required()), A), null);
});

test("NodeAffinity scores the weights of matching terms, scaled to the best node", () => {
  const wants = wanting(preferred([30, labelled("zone", "a", "b")], [60, labelled("disk", "ssd")]));
  const scores = [A, B].map((each) => plain.score(state, wants, each));
  assert.deepEqual(scores, [90, 30]);
  plain.normalize(state, wants, [A, B], scores);
  assert.deepEqual(scores, [100, 33]);
  assert.equal(adding.score(state, wants, A), 94);
  assert.equal(plain.preScore(state, pod("p")), SKIP);
  assert.equal(adding.preScore(state, pod("p")), null);
});

test("NodeAffinity queues, when a node comes to match", () => {
  const hint = (before: unknown, after: unknown) =>
    plain.eventsToRegister()[0]?.hint(wanting(required(labelled("zone", "b"))), { before, after });
  assert.equal(hint(null, B.node), "Queue");
  assert.equal(hint(null, A.node), "Skip");
  assert.equal(hint(A.node, B.node), "Queue");
  assert.equal(hint(B.node, B.node), "Skip");
  assert.equal(adding.eventsToRegister()[0]?.hint(pod("p"), { before: null, after: B.node }), "Skip");
});
