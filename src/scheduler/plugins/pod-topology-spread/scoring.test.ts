import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodInfo } from "../../cache/pod-info.js";
import type { NodeInfo } from "../../cache/node-info.js";
import { DEFAULT_ARGS } from "../../config/default-configuration.js";
import { CycleState } from "../../framework/cycle-state.js";
import { SKIP } from "../../framework/status.js";
import { handle, pod } from "../cluster.test-data.js";
import { createPodTopologySpread } from "./pod-topology-spread.js";
import { constraint, HOST, host, web, ZONE } from "./spread.test-data.js";

const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default" },
  spec: { selector: { app: "web" } },
} as const;

function scores(incoming: PodInfo, all: NodeInfo[], feasible = all) {
  const plugin = createPodTopologySpread(DEFAULT_ARGS.PodTopologySpread, handle(all, [SERVICE]));
  const state = new CycleState();
  if (plugin.preScore(state, incoming, feasible) === SKIP) return "skip";
  const raw = feasible.map((each) => plugin.score(state, incoming, each));
  const normalized = raw.slice();
  plugin.normalize(state, incoming, feasible, normalized);
  return { raw, normalized };
}
const softly = (...rules: [string, number][]) =>
  web("p", {
    topologySpreadConstraints: rules.map(([key, maxSkew]) =>
      constraint(key, maxSkew, { whenUnsatisfiable: "ScheduleAnyway" }),
    ),
  });
const nodes = () => [host("a1", "a", 2), host("a2", "a", 1), host("b1", "b", 1)];

test("PodTopologySpread scores Pods in the zone times ln(zones + 2)", () => {
  // ln 4 = 1.386: a 3 * 1.386 + 1 = 5.16, b 1.386 + 1 = 2.39
  // 100 * (5 + 2 - 5) / 5 = 40;  100 * (5 + 2 - 2) / 5 = 100
  assert.deepEqual(scores(softly([ZONE, 2]), nodes()), { raw: [5, 5, 2], normalized: [40, 40, 100] });
});

test("PodTopologySpread counts hosts on the node, and adds constraints up", () => {
  // ln 5 = 1.609: 3.22, 1.61, 1.61
  assert.deepEqual(scores(softly([HOST, 1]), nodes()), { raw: [3, 2, 2], normalized: [66, 100, 100] });
  // 4.159 + 3.219 = 7.38;  4.159 + 1.609 = 5.77;  1.386 + 1.609 = 3.00
  assert.deepEqual(scores(softly([ZONE, 1], [HOST, 1]), nodes()), {
    raw: [7, 6, 3],
    normalized: [42, 57, 100],
  });
});

test("PodTopologySpread counts Pods on all nodes, but domains of feasible ones", () => {
  const all = nodes();
  const feasible = all.slice(0, 1);
  // One zone: ln 3 = 1.0986; 3 Pods, 3.30
  assert.deepEqual(scores(softly([ZONE, 1]), all, feasible), { raw: [3], normalized: [100] });
});

test("PodTopologySpread gives 0 to nodes without a key, and 100 to all when nothing counts", () => {
  const all = [...nodes(), host("x", "", 0)];
  assert.deepEqual(scores(softly([ZONE, 2]), all), { raw: [5, 5, 2, 0], normalized: [40, 40, 100, 0] });
  const empty = [host("a1", "a", 0), host("b1", "b", 0)];
  assert.deepEqual(scores(softly([ZONE, 1]), empty), { raw: [0, 0], normalized: [100, 100] });
});

test("PodTopologySpread spreads by host and zone, when the Pod says nothing and has a Service", () => {
  const all = [...nodes(), host("x", "", 1)];
  // Hosts: ln 6 = 1.792, + 2. Zones a, b and none: ln 5 = 1.609, + 4; the node without one scores by host only.
  // a1 3.584 + 2 + 4.828 + 4 = 14.41;  a2 12.62;  b1 1.792 + 2 + 1.609 + 4 = 9.40;  x 3.79
  // 100 * (14 + 4 - 14) / 14 = 28;  35;  64;  100
  assert.deepEqual(scores(web("p"), all), { raw: [14, 13, 9, 4], normalized: [28, 35, 64, 100] });
  assert.equal(scores(pod("alone"), all), "skip");
});

test("PodTopologySpread skips its score, when every constraint is hard", () => {
  assert.equal(scores(web("p", { topologySpreadConstraints: [constraint(ZONE, 1)] }), nodes()), "skip");
});
