import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodAffinityTerm } from "../../../api/scheduling.js";
import type { PodInfo } from "../../cache/pod-info.js";
import { DEFAULT_ARGS } from "../../config/default-configuration.js";
import { CycleState } from "../../framework/cycle-state.js";
import { SKIP } from "../../framework/status.js";
import { handle, node, pod } from "../cluster.test-data.js";
import { createInterPodAffinity } from "./inter-pod-affinity.js";

const term = (app: string, topologyKey: string, rest: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  labelSelector: { matchLabels: { app } },
  topologyKey,
  ...rest,
});
const near = (...terms: PodAffinityTerm[]) => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const far = (...terms: PodAffinityTerm[]) => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const app = (name: string, label: string, affinity = {}, namespace = "default") =>
  pod(name, { affinity }, { labels: { app: label }, namespace });

/** Zone a: n1, n2. Zone b: n3. n4 has no zone. `on` puts Pods there. */
function cluster(on: Readonly<Record<string, PodInfo[]>>) {
  const zones: [string, Record<string, string>][] = [
    ["n1", { zone: "a" }],
    ["n2", { zone: "a" }],
    ["n3", { zone: "b" }],
    ["n4", {}],
  ];
  return zones.map(([name, labels]) => node(name, { labels: { host: name, ...labels } }, on[name]));
}

/** What each node says: "" for yes, else the last word that tells the reasons apart. */
function verdicts(
  incoming: PodInfo,
  nodes: ReturnType<typeof cluster>,
  objects: Parameters<typeof handle>[1] = [],
) {
  const plugin = createInterPodAffinity(DEFAULT_ARGS.InterPodAffinity, handle(nodes, objects));
  const state = new CycleState();
  if (plugin.preFilter(state, incoming, nodes).status === SKIP) return "skip";
  return nodes.map((each) => plugin.filter(state, incoming, each)?.reasons[0] ?? "");
}

const NEAR = "node(s) didn't match pod affinity rules";
const FAR = "node(s) didn't match pod anti-affinity rules";
const EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules";

test("InterPodAffinity skips its filter, when neither side has required terms", () => {
  assert.equal(verdicts(app("p", "web"), cluster({ n1: [app("a", "db")] })), "skip");
  const indifferent = app("a", "db", far(term("cache", "host")));
  assert.equal(verdicts(app("p", "web"), cluster({ n1: [indifferent] })), "skip");
});

test("InterPodAffinity allows only domains with a match, when affinity is required", () => {
  const nodes = cluster({ n1: [app("a", "db")] });
  assert.deepEqual(verdicts(app("p", "web", near(term("db", "zone"))), nodes), ["", "", NEAR, NEAR]);
});

test("InterPodAffinity counts only Pods that match every affinity term", () => {
  const nodes = cluster({ n1: [app("a", "db")], n3: [app("b", "cache")] });
  const both = near(term("db", "zone"), term("cache", "zone"));
  assert.deepEqual(verdicts(app("p", "web", both), nodes), [NEAR, NEAR, NEAR, NEAR]);
});

test("InterPodAffinity lets the first of a group go to any node with the key", () => {
  const own = app("p", "web", near(term("web", "zone")));
  assert.deepEqual(verdicts(own, cluster({})), ["", "", "", NEAR]);
  // One that runs where the key is missing is in no domain, and does not end the exception.
  assert.deepEqual(verdicts(own, cluster({ n4: [app("a", "web")] })), ["", "", "", NEAR]);
  assert.deepEqual(verdicts(own, cluster({ n3: [app("a", "web")] })), [NEAR, NEAR, "", NEAR]);
});

test("InterPodAffinity turns down domains with a match, when anti-affinity is required", () => {
  const nodes = cluster({ n1: [app("a", "db")], n3: [app("b", "cache")] });
  assert.deepEqual(verdicts(app("p", "web", far(term("db", "zone"))), nodes), [FAR, FAR, "", ""]);
  const each = far(term("db", "host"), term("cache", "host"));
  assert.deepEqual(verdicts(app("p", "web", each), nodes), [FAR, "", FAR, ""]);
});

test("InterPodAffinity turns down domains whose Pods keep the new one away", () => {
  const nodes = cluster({ n1: [app("a", "db", far(term("web", "zone")))] });
  assert.deepEqual(verdicts(app("p", "web"), nodes), [EXISTING, EXISTING, "", ""]);
});

test("InterPodAffinity tells unresolvable from preemptible", () => {
  const nodes = cluster({ n1: [app("a", "db", far(term("web", "zone")))] });
  const plugin = createInterPodAffinity(DEFAULT_ARGS.InterPodAffinity, handle(nodes));
  const code = (incoming: PodInfo, at: number) => {
    const state = new CycleState();
    plugin.preFilter(state, incoming, nodes);
    return plugin.filter(state, incoming, nodes[at] as (typeof nodes)[number])?.code;
  };
  assert.equal(code(app("p", "web"), 0), "Unschedulable");
  assert.equal(code(app("p", "x", far(term("db", "zone"))), 0), "Unschedulable");
  assert.equal(code(app("p", "x", near(term("db", "zone"))), 2), "UnschedulableAndUnresolvable");
});

test("InterPodAffinity matches namespaces by list and by their labels", () => {
  const nodes = cluster({ n1: [app("a", "db", {}, "prod")], n3: [app("b", "db", {}, "test")] });
  const namespace = (name: string, tier: string) =>
    ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { tier } } }) as const;
  const objects = [namespace("prod", "high"), namespace("test", "low")];
  const from = (rest: Partial<PodAffinityTerm>) =>
    verdicts(app("p", "web", far(term("db", "host", rest))), nodes, objects);
  assert.deepEqual(from({}), ["", "", "", ""]);
  assert.deepEqual(from({ namespaces: ["prod"] }), [FAR, "", "", ""]);
  assert.deepEqual(from({ namespaceSelector: { matchLabels: { tier: "low" } } }), ["", "", FAR, ""]);
  assert.deepEqual(from({ namespaceSelector: {} }), [FAR, "", FAR, ""]);
  assert.deepEqual(from({ namespaces: ["prod"], namespaceSelector: { matchLabels: { tier: "low" } } }), [
    FAR,
    "",
    FAR,
    "",
  ]);
});

test("InterPodAffinity follows Pods that come and go on a copy of its state", () => {
  const db = app("a", "db");
  const nodes = cluster({ n1: [db] });
  const [n1, , n3] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];
  const plugin = createInterPodAffinity(DEFAULT_ARGS.InterPodAffinity, handle(nodes));
  const incoming = app("p", "web", far(term("db", "zone")));
  const state = new CycleState();
  plugin.preFilter(state, incoming, nodes);
  const copy = state.clone();
  plugin.removePod(copy, incoming, db, n1);
  plugin.addPod(copy, incoming, app("b", "other", far(term("web", "host"))), n3);
  assert.equal(plugin.filter(copy, incoming, n1), null);
  assert.deepEqual(plugin.filter(copy, incoming, n3)?.reasons, [EXISTING]);
  assert.deepEqual(plugin.filter(state, incoming, n1)?.reasons, [FAR]);
  assert.equal(plugin.filter(state, incoming, n3), null);
});
