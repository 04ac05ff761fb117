import assert from "node:assert/strict";
import { test } from "node:test";
import type { Taint, TopologySpreadConstraint } from "../../../api/scheduling.js";
import type { PodSpec } from "../../../api/types.js";
import type { NodeInfo } from "../../cache/node-info.js";
import { DEFAULT_ARGS } from "../../config/default-configuration.js";
import { CycleState } from "../../framework/cycle-state.js";
import { SKIP } from "../../framework/status.js";
import { handle, pod } from "../cluster.test-data.js";
import { createPodTopologySpread } from "./pod-topology-spread.js";
import { constraint, HOST, host, web, ZONE } from "./spread.test-data.js";

const ARGS = DEFAULT_ARGS.PodTopologySpread;
const SKEWED = "node(s) didn't match pod topology spread constraints";
const KEYLESS = `${SKEWED} (missing required label)`;

function verdicts(nodes: NodeInfo[], constraints: TopologySpreadConstraint[], spec: PodSpec = {}) {
  const plugin = createPodTopologySpread(ARGS, handle(nodes));
  const state = new CycleState();
  const incoming = web("p", { ...spec, topologySpreadConstraints: constraints });
  if (plugin.preFilter(state, incoming, nodes).status === SKIP) return "skip";
  return nodes.map((each) => plugin.filter(state, incoming, each)?.reasons[0] ?? "");
}

/** Zone a: 3 Pods on two nodes. Zone b: 1. */
const nodes = () => [host("a1", "a", 2), host("a2", "a", 1), host("b1", "b", 1)];

test("PodTopologySpread turns down domains that would lead by more than maxSkew", () => {
  // a: 3 + 1 - 1 = 3;  b: 1 + 1 - 1 = 1
  assert.deepEqual(verdicts(nodes(), [constraint(ZONE, 2)]), [SKEWED, SKEWED, ""]);
  assert.deepEqual(verdicts(nodes(), [constraint(ZONE, 3)]), ["", "", ""]);
  assert.deepEqual(verdicts(nodes(), [constraint(ZONE, 3), constraint(HOST, 1)]), [SKEWED, "", ""]);
});

test("PodTopologySpread turns down nodes without a key, which do not count", () => {
  const all = [...nodes(), host("x", "", 0)];
  assert.deepEqual(verdicts(all, [constraint(ZONE, 2), constraint(HOST, 9)]), [SKEWED, SKEWED, "", KEYLESS]);
  const plugin = createPodTopologySpread(ARGS, handle(all));
  const state = new CycleState();
  const incoming = web("p", { topologySpreadConstraints: [constraint(ZONE, 2)] });
  plugin.preFilter(state, incoming, all);
  const codes = all.map((each) => plugin.filter(state, incoming, each)?.code ?? null);
  assert.deepEqual(codes, ["Unschedulable", "Unschedulable", null, "UnschedulableAndUnresolvable"]);
});

test("PodTopologySpread does not count a Pod that its own selector leaves out", () => {
  const other = constraint(ZONE, 2, { labelSelector: { matchLabels: { app: "db" } } });
  assert.deepEqual(verdicts(nodes(), [other]), ["", "", ""]);
  const plugin = createPodTopologySpread(ARGS, handle(nodes()));
  const stranger = pod("p", { topologySpreadConstraints: [constraint(ZONE, 2)] });
  const state = new CycleState();
  plugin.preFilter(state, stranger, nodes());
  // a: 3 + 0 - 1 = 2
  assert.equal(plugin.filter(state, stranger, host("a1", "a", 2)), null);
});

test("PodTopologySpread counts from 0, when there are fewer domains than minDomains", () => {
  assert.deepEqual(verdicts(nodes(), [constraint(ZONE, 3, { minDomains: 2 })]), ["", "", ""]);
  // a: 3 + 1 - 0 = 4;  b: 1 + 1 - 0 = 2
  assert.deepEqual(verdicts(nodes(), [constraint(ZONE, 3, { minDomains: 3 })]), [SKEWED, SKEWED, ""]);
});

test("PodTopologySpread leaves out Pods of other namespaces and those being deleted", () => {
  const a = host("a1", "a", 0);
  a.add(web("gone", {}, { deletionTimestamp: "2024-01-01T00:00:00Z" }));
  a.add(web("elsewhere", {}, { namespace: "other" }));
  assert.deepEqual(verdicts([a, host("b1", "b", 0)], [constraint(ZONE, 1)]), ["", ""]);
});

test("PodTopologySpread includes nodes by affinity and taints as the constraint says", () => {
  const taints: Taint[] = [{ key: "gpu", effect: "NoSchedule" }];
  const all = [host("a1", "a", 1), host("b1", "b", 0, { taints }), host("c1", "c", 2, {}, { pool: "x" })];
  // b is empty and counts: a leads by 2, c by 3.
  assert.deepEqual(verdicts(all, [constraint(ZONE, 1)]), [SKEWED, "", SKEWED]);
  // Without b the emptiest has 1.
  const honour = constraint(ZONE, 1, { nodeTaintsPolicy: "Honor" });
  assert.deepEqual(verdicts(all, [honour]), ["", "", SKEWED]);
  // Only c matches the Pod's node selector.
  const selecting = { nodeSelector: { pool: "x" } };
  assert.equal(verdicts(all, [constraint(ZONE, 1)], selecting)[2], "");
  const ignore = constraint(ZONE, 1, { nodeAffinityPolicy: "Ignore" });
  assert.equal(verdicts(all, [ignore], selecting)[2], SKEWED);
});

test("PodTopologySpread skips its filter, when no constraint is hard", () => {
  assert.equal(verdicts(nodes(), []), "skip");
  assert.equal(verdicts(nodes(), [constraint(ZONE, 1, { whenUnsatisfiable: "ScheduleAnyway" })]), "skip");
});

test("PodTopologySpread takes hard defaults from a list, with the selector of the Pod's Services", () => {
  const { labelSelector: _, ...written } = constraint(ZONE, 2);
  const listed = {
    ...written,
    minDomains: 1,
    nodeAffinityPolicy: "Honor",
    nodeTaintsPolicy: "Ignore",
    matchLabelKeys: [],
  } as const;
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default" },
    spec: { selector: { app: "web" } },
  } as const;
  const args = { defaultingType: "List", defaultConstraints: [listed] } as const;
  const all = nodes();
  const plugin = createPodTopologySpread(args, handle(all, [service]));
  const state = new CycleState();
  assert.equal(plugin.preFilter(state, web("p"), all).status, null);
  assert.deepEqual(
    all.map((each) => plugin.filter(state, web("p"), each)?.reasons[0] ?? ""),
    [SKEWED, SKEWED, ""],
  );
  assert.equal(plugin.preFilter(state, pod("alone"), all).status, SKIP);
});

test("PodTopologySpread follows Pods that come and go on a copy of its state", () => {
  const all = nodes();
  const [a1, , b1] = all as [NodeInfo, NodeInfo, NodeInfo];
  const plugin = createPodTopologySpread(ARGS, handle(all));
  const incoming = web("p", { topologySpreadConstraints: [constraint(ZONE, 2)] });
  const state = new CycleState();
  plugin.preFilter(state, incoming, all);
  const copy = state.clone();
  plugin.removePod(copy, incoming, web("a1-0"), a1);
  assert.equal(plugin.filter(copy, incoming, a1), null);
  plugin.addPod(copy, incoming, web("new"), a1);
  assert.notEqual(plugin.filter(copy, incoming, a1), null);
  plugin.addPod(copy, incoming, web("new", {}, { namespace: "other" }), b1);
  assert.notEqual(plugin.filter(copy, incoming, a1), null);
  plugin.addPod(copy, incoming, web("new-b"), b1);
  assert.equal(plugin.filter(copy, incoming, a1), null);
  assert.notEqual(plugin.filter(state, incoming, a1), null);
});
