import assert from "node:assert/strict";
import { test } from "node:test";
import type { EnabledPlugin } from "./configuration.js";
import { resolvePluginSets, type WrittenPluginSet } from "./plugin-sets.js";
import { EXTENSION_POINTS, type ExtensionPoint, PLUGINS } from "./plugin-table.js";

/** Plugins as "name", or "name=weight". */
function set(enabled: readonly string[], disabled: readonly string[] = []): WrittenPluginSet {
  const plugins = enabled.map((written): EnabledPlugin => {
    const [name = "", weight = 0] = written.split("=");
    return { name, weight: Number(weight) };
  });
  return { enabled: plugins, disabled };
}

function at(point: ExtensionPoint, written: Parameters<typeof resolvePluginSets>[0]): string[] {
  const plugins = resolvePluginSets(written)[point];
  return plugins.map(({ name, weight }) => (point === "score" ? `${name}=${weight}` : name));
}

const DEFAULT_SCORES = [
  "TaintToleration=3",
  "NodeAffinity=2",
  "NodeResourcesFit=1",
  "VolumeBinding=1",
  "PodTopologySpread=2",
  "InterPodAffinity=2",
  "NodeResourcesBalancedAllocation=1",
  "ImageLocality=1",
];

test("resolvePluginSets expands the default set to every point in kube-scheduler's order", () => {
  const filters = [
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "PodTopologySpread",
    "InterPodAffinity",
  ];
  assert.deepEqual(Object.fromEntries(EXTENSION_POINTS.map((point) => [point, at(point, {})])), {
    preEnqueue: ["SchedulingGates", "DefaultPreemption"],
    queueSort: ["PrioritySort"],
    preFilter: filters.slice(3),
    filter: filters,
    postFilter: ["DefaultPreemption"],
    preScore: [
      "TaintToleration",
      "NodeAffinity",
      "NodeResourcesFit",
      "VolumeBinding",
      "PodTopologySpread",
      "InterPodAffinity",
      "NodeResourcesBalancedAllocation",
    ],
    score: DEFAULT_SCORES,
    reserve: ["VolumeBinding"],
    permit: [],
    preBind: ["VolumeBinding"],
    bind: ["DefaultBinder"],
    postBind: [],
  });
});

test("PLUGINS gives a weight to exactly the plugins that score", () => {
  for (const { name, points, weight } of PLUGINS) {
    assert.equal(weight > 0, (points as readonly string[]).includes("score"), name);
  }
});

test("resolvePluginSets keeps the place of a default that multiPoint lists again, when its weight changes", () => {
  const multiPoint = set(["InterPodAffinity=7", "TaintToleration"]);
  assert.deepEqual(at("score", { multiPoint }), [
    "TaintToleration=1",
    "NodeAffinity=2",
    "NodeResourcesFit=1",
    "VolumeBinding=1",
    "PodTopologySpread=2",
    "InterPodAffinity=7",
    "NodeResourcesBalancedAllocation=1",
    "ImageLocality=1",
  ]);
});

test("resolvePluginSets appends a default that multiPoint disables and enables again", () => {
  const multiPoint = set(["NodeName"], ["NodeName"]);
  const filters = at("filter", { multiPoint });
  assert.equal(filters.length, 12);
  assert.equal(filters.at(-1), "NodeName");
});

test("resolvePluginSets runs only what is listed, in that order, when multiPoint disables *", () => {
  const multiPoint = set(["DefaultBinder", "NodeResourcesFit=5", "PrioritySort", "NodeName"], ["*"]);
  assert.deepEqual(at("filter", { multiPoint }), ["NodeResourcesFit", "NodeName"]);
  assert.deepEqual(at("score", { multiPoint }), ["NodeResourcesFit=5"]);
  assert.deepEqual(at("preEnqueue", { multiPoint }), []);
});

test("resolvePluginSets drops a plugin at one point only, when that point disables it", () => {
  const written = { score: set([], ["ImageLocality", "NodeResourcesFit"]) };
  assert.ok(!at("score", written).some((plugin) => /^(ImageLocality|NodeResourcesFit)=/.test(plugin)));
  assert.ok(at("filter", written).includes("NodeResourcesFit"));
});

test("resolvePluginSets puts a point's own settings of defaults first, when both list them", () => {
  const written = { score: set(["ImageLocality=9", "NodeAffinity"]) };
  assert.deepEqual(at("score", written), [
    "ImageLocality=9",
    "NodeAffinity=1",
    "TaintToleration=3",
    "NodeResourcesFit=1",
    "VolumeBinding=1",
    "PodTopologySpread=2",
    "InterPodAffinity=2",
    "NodeResourcesBalancedAllocation=1",
  ]);
});

test("resolvePluginSets puts a point's own plugins last, when multiPoint lacks them there", () => {
  const written = {
    multiPoint: set([], ["ImageLocality"]),
    score: set(["ImageLocality=4", "TaintToleration=6"]),
  };
  assert.equal(at("score", written)[0], "TaintToleration=6");
  assert.equal(at("score", written).at(-1), "ImageLocality=4");
});

test("resolvePluginSets moves a plugin to the end of a point that disables and enables it", () => {
  const scores = at("score", { score: set(["TaintToleration=5"], ["TaintToleration"]) });
  assert.equal(scores[0], "NodeAffinity=2");
  assert.equal(scores.at(-1), "TaintToleration=5");
});

test("resolvePluginSets leaves a point to its own list, when that disables *", () => {
  const written = { multiPoint: set(["NodeResourcesFit=5"]), score: set(["NodeResourcesFit"], ["*"]) };
  assert.deepEqual(at("score", written), ["NodeResourcesFit=1"]);
  assert.deepEqual(at("score", { score: set([], ["*"]) }), []);
});

test("resolvePluginSets prefers a point's weight, when multiPoint has another", () => {
  const written = { multiPoint: set(["NodeAffinity=5"]), score: set(["NodeAffinity=8"]) };
  assert.equal(at("score", written)[0], "NodeAffinity=8");
});
