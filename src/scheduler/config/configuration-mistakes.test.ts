// Every kind of mistake in a configuration: where it is said to be, and what is said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PlumbError } from "../../base/errors.js";
import { parseSchedulerConfiguration } from "./parse-configuration.js";

const HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

function mistakesOf(text: string): string[] {
  try {
    parseSchedulerConfiguration({ file: "s.yaml", text });
  } catch (error) {
    assert.ok(error instanceof PlumbError, String(error));
    assert.equal(error.code, "InvalidInput");
    return error.message.split("\n");
  }
  return [];
}

/** The third line of a file, with » before each place that is named; then all that is said, in that order. */
const MISTAKES: readonly (readonly [line: string, ...says: string[]])[] = [
  ["»paralelism: 4", 'paralelism: unknown field (did you mean "parallelism"?)'],
  ["parallelism: »0", "parallelism: expected a whole number from 1, got 0"],
  ["percentageOfNodesToScore: »101", "percentageOfNodesToScore: expected a whole number 0..100, got 101"],
  ["podInitialBackoffSeconds: »20", "podInitialBackoffSeconds: 20 is above podMaxBackoffSeconds, 10"],
  ["podMaxBackoffSeconds: »0", "podMaxBackoffSeconds: expected a whole number from 1, got 0"],
  ["parallelism: »16.5", "parallelism: expected a whole number from 1, got 16.5"],
  [
    "clientConnection: {qps: »fast, burst: »-1}",
    'clientConnection.qps: expected a number, got "fast"',
    "clientConnection.burst: expected a whole number from 0, got -1",
  ],
  ["enableProfiling: »1", "enableProfiling: expected true or false, got 1"],
  [
    "»featureGates: {}",
    "featureGates: unknown field; expected apiVersion, kind, parallelism, percentageOfNodesToScore, podInitialBackoffSeconds, podMaxBackoffSeconds, delayCacheUntilActive, clientConnection, profiles, extenders, leaderElection, enableProfiling, enableContentionProfiling, healthzBindAddress, metricsBindAddress, percentageOfPlacementsToScore",
  ],
  ["profiles: »{}", "profiles: expected a list, got a map"],
  [
    "leaderElection: {leaseDuration: »15}",
    'leaderElection.leaseDuration: expected a duration such as "5s" or "1m30s", got 15',
  ],
  [
    "profiles: [{percentageOfNodesToScore: »200, »name: x}]",
    "profiles[0].percentageOfNodesToScore: expected a whole number 0..100, got 200",
    "profiles[0].name: unknown field; expected schedulerName, percentageOfNodesToScore, plugins, pluginConfig",
  ],
  [
    "profiles: [{plugins: {score: {enabled: [{name: »NodeAfinity}, {name: »NodeName}, {name: »Coscheduling}, {name: »DynamicResources}, {name: »EBSLimits}]}}}]",
    'profiles[0].plugins.score.enabled[0].name: unknown plugin "NodeAfinity" (did you mean "NodeAffinity"?)',
    "profiles[0].plugins.score.enabled[1].name: plugin NodeName has no score, only filter",
    'profiles[0].plugins.score.enabled[2].name: unknown plugin "Coscheduling"; plugins outside of kube-scheduler are not supported',
    "profiles[0].plugins.score.enabled[3].name: plugin DynamicResources is not supported here",
    "profiles[0].plugins.score.enabled[4].name: plugin EBSLimits was removed from kube-scheduler; use NodeVolumeLimits",
  ],
  [
    "profiles: [{plugins: {score: {enabled: [{name: NodeAffinity, weight: »-1}], disabled: [{name: »ImageLocalty}]}}}]",
    "profiles[0].plugins.score.enabled[0].weight: expected a whole number 0..2147483647, got -1",
    'profiles[0].plugins.score.disabled[0].name: unknown plugin "ImageLocalty" (did you mean "ImageLocality"?)',
  ],
  [
    "profiles: [{plugins: {score: {enabled: [{name: NodeAffinity}, {name: »NodeAffinity}]}}}]",
    'profiles[0].plugins.score.enabled[1].name: repeats "NodeAffinity" of entry 0',
  ],
  ["profiles: [{plugins: {»scor: {}}}]", 'profiles[0].plugins.scor: unknown field (did you mean "score"?)'],
  [
    "profiles: [{plugins: {placementScore: {enabled: [{name: »NodeResourcesFit}]}}}]",
    "profiles[0].plugins.placementScore.enabled[0].name: plugins of placementScore are not supported here",
  ],
  [
    'profiles: [{plugins: {bind: »{disabled: [{name: "*"}]}}}]',
    "profiles[0].plugins.bind: leaves no bind plugin; one is needed",
  ],
  [
    "profiles: [{schedulerName: a}, {schedulerName: »a, plugins: {score: {enabled: [{name: »x}]}}}, »{}]",
    'profiles[1].schedulerName: repeats "a" of entry 0',
    'profiles[1].plugins.score.enabled[0].name: unknown plugin "x"; plugins outside of kube-scheduler are not supported',
    "profiles[2].schedulerName: is missing; each of several profiles needs its own",
  ],
  [
    "profiles: [{schedulerName: a}, {schedulerName: b, plugins: {queueSort: »{enabled: [{name: PrioritySort}]}}}]",
    "profiles[1].plugins.queueSort: must be written as in profiles[0]: one queue for all",
  ],
  [
    "profiles: [{pluginConfig: [{name: »NodeName, args: {}}, {name: »NodeResourceFit}]}]",
    'profiles[0].pluginConfig[0].name: expected one of DefaultPreemption, InterPodAffinity, NodeAffinity, NodeResourcesBalancedAllocation, NodeResourcesFit, PodTopologySpread, VolumeBinding, DynamicResources, got "NodeName"',
    'profiles[0].pluginConfig[1].name: expected one of DefaultPreemption, InterPodAffinity, NodeAffinity, NodeResourcesBalancedAllocation, NodeResourcesFit, PodTopologySpread, VolumeBinding, DynamicResources, got "NodeResourceFit" (did you mean "NodeResourcesFit"?)',
  ],
  [
    "profiles: [{pluginConfig: [{name: NodeAffinity, args: {kind: »NodeResourcesFitArgs, apiVersion: »kubescheduler.config.k8s.io/v1beta3}}]}]",
    'profiles[0].pluginConfig[0].args.kind: expected the word NodeAffinityArgs, got "NodeResourcesFitArgs"',
    "profiles[0].pluginConfig[0].args.apiVersion: kubescheduler.config.k8s.io/v1beta3 is no longer read by kube-scheduler; use kubescheduler.config.k8s.io/v1",
  ],
  [
    "profiles: [{pluginConfig: [{name: NodeAffinity}, {name: »NodeAffinity}]}]",
    'profiles[0].pluginConfig[1].name: repeats "NodeAffinity" of entry 0',
  ],
  [
    "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: »MostAlocated}}}]}]",
    'profiles[0].pluginConfig[0].args.scoringStrategy.type: expected one of LeastAllocated, MostAllocated, RequestedToCapacityRatio, got "MostAlocated" (did you mean "MostAllocated"?)',
  ],
  [
    "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: »{type: RequestedToCapacityRatio}}}]}]",
    "profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio: is missing, type is RequestedToCapacityRatio",
  ],
  [
    "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated, requestedToCapacityRatio: {shape: [{utilization: 5, score: »11}, {utilization: 5, score: 1}]}}}}]}]",
    "profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio.shape[0].score: expected a whole number 0..10, got 11",
  ],
  [
    "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: [{utilization: 5, score: 1}, {utilization: »5, score: 1}]}}}}]}]",
    "profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio.shape[1].utilization: expected more than the 5 before it, got 5",
  ],
  [
    "profiles: [{pluginConfig: [{name: VolumeBinding, args: {shape: »[]}}]}]",
    "profiles[0].pluginConfig[0].args.shape: expected at least 1 entries, got 0",
  ],
  [
    "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: »{resources: [{name: cpu, weight: »101}]}, ignoredResourceGroups: [»a/b]}}]}]",
    "profiles[0].pluginConfig[0].args.scoringStrategy.type: is missing",
    "profiles[0].pluginConfig[0].args.scoringStrategy.resources[0].weight: expected a whole number 0..100, got 101",
    'profiles[0].pluginConfig[0].args.ignoredResourceGroups[0]: expected a group such as "example.com", got "a/b"',
  ],
  [
    "profiles: [{pluginConfig: [{name: NodeResourcesBalancedAllocation, args: {resources: [{name: cpu, weight: »2}, {name: »cpu}]}}]}]",
    "profiles[0].pluginConfig[0].args.resources[0].weight: expected weight 1, got 2",
    'profiles[0].pluginConfig[0].args.resources[1].name: repeats "cpu" of entry 0',
  ],
  [
    "profiles: [{pluginConfig: [{name: DefaultPreemption, args: {minCandidateNodesPercentage: »0, minCandidateNodesAbsolute: 0}}]}]",
    "profiles[0].pluginConfig[0].args.minCandidateNodesPercentage: is 0, and so is minCandidateNodesAbsolute",
  ],
  [
    "profiles: [{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: »-1}}]}]",
    "profiles[0].pluginConfig[0].args.hardPodAffinityWeight: expected a whole number 0..100, got -1",
  ],
  [
    'profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultConstraints: [{maxSkew: »0, topologyKey: »"a b", whenUnsatisfiable: »No, »labelSelector: {}}]}}]}]',
    "profiles[0].pluginConfig[0].args.defaultConstraints[0].maxSkew: expected a whole number from 1, got 0",
    'profiles[0].pluginConfig[0].args.defaultConstraints[0].topologyKey: expected a qualified name such as "example.com/gpu", got "a b"',
    'profiles[0].pluginConfig[0].args.defaultConstraints[0].whenUnsatisfiable: expected one of DoNotSchedule, ScheduleAnyway, got "No"',
    "profiles[0].pluginConfig[0].args.defaultConstraints[0].labelSelector: unknown field; expected maxSkew, topologyKey, whenUnsatisfiable, minDomains, nodeAffinityPolicy, nodeTaintsPolicy, matchLabelKeys",
  ],
  [
    "profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultConstraints: »[{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]}}]}]",
    "profiles[0].pluginConfig[0].args.defaultConstraints: have no effect unless defaultingType is List",
  ],
  [
    "profiles: [{pluginConfig: [{name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}, »{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]}}]}]",
    'profiles[0].pluginConfig[0].args.defaultConstraints[1]: repeats "zone DoNotSchedule" of entry 0',
  ],
  [
    'profiles: [{pluginConfig: [{name: NodeAffinity, args: {addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [»{key: a, operator: In}, {key: a, operator: Exists, values: »[b]}, {key: a, operator: Gt, values: »[b]}], matchFields: [{key: »a, operator: In, values: [b]}, {key: metadata.name, operator: »Gt, values: ["1"]}]}]}}}}]}]',
    "profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: expected at least one value for In",
    "profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[1].values: expected no values for Exists",
    "profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[2].values: expected one whole number, as text, for Gt",
    'profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: expected metadata.name, got "a"',
    'profiles[0].pluginConfig[0].args.addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[1].operator: expected In or NotIn, got "Gt"',
  ],
  ["extenders: [»{filterVerb: f}]", "extenders[0].urlPrefix: is missing"],
  [
    "extenders: [»{urlPrefix: a, prioritizeVerb: p}, {urlPrefix: a, prioritizeVerb: p, weight: »0}]",
    "extenders[0].weight: an extender with a prioritizeVerb needs a weight from 1",
    "extenders[1].weight: an extender with a prioritizeVerb needs a weight from 1",
  ],
  [
    "extenders: [{urlPrefix: a, bindVerb: b}, {urlPrefix: a, bindVerb: »b}]",
    "extenders[1].bindVerb: extenders[0] binds already; only one may",
  ],
  [
    "extenders: [{urlPrefix: a, httpTimeout: »5}, {urlPrefix: a, httpTimeout: »5d}, {urlPrefix: a, httpTimeout: »-5s}]",
    'extenders[0].httpTimeout: expected a duration such as "5s" or "1m30s", got 5',
    'extenders[1].httpTimeout: expected a duration such as "5s" or "1m30s", got "5d"',
    'extenders[2].httpTimeout: expected a duration such as "5s" or "1m30s", got "-5s"',
  ],
  [
    "extenders: [{urlPrefix: a, managedResources: [{name: »cpu}, {name: »kubernetes.io/x}, {name: a.b/x}]}]",
    'extenders[0].managedResources[0].name: expected an extended resource such as "example.com/gpu", got "cpu"',
    'extenders[0].managedResources[1].name: expected an extended resource such as "example.com/gpu", got "kubernetes.io/x"',
  ],
  [
    "extenders: [{urlPrefix: a, managedResources: [{name: a.b/x}]}, {urlPrefix: a, managedResources: [{name: »a.b/x}]}]",
    "extenders[1].managedResources[0].name: extenders[0] manages a.b/x already",
  ],
];

for (const [line, ...says] of MISTAKES) {
  test(`parseSchedulerConfiguration names the place of what is wrong in ${line}`, () => {
    const parts = line.split("»");
    const columns = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join("").length + 1);
    assert.deepEqual(
      mistakesOf(HEAD + parts.join("")),
      says.map((message, index) => `s.yaml:3:${columns[index]} ${message}`),
    );
  });
}

test("parseSchedulerConfiguration names both points, when no plugin sorts and none binds", () => {
  assert.deepEqual(
    mistakesOf(`${HEAD}profiles: [{ plugins: { multiPoint: { disabled: [{ name: "*" }] } } }]`),
    [
      "s.yaml:3:23 profiles[0].plugins.queueSort: leaves no queueSort plugin; one is needed",
      "s.yaml:3:23 profiles[0].plugins.bind: leaves no bind plugin; one is needed",
    ],
  );
});

test("parseSchedulerConfiguration says which version to use, when the file has an older one", () => {
  assert.deepEqual(
    mistakesOf("kind: KubeSchedulerConfiguration\napiVersion: kubescheduler.config.k8s.io/v1beta3\n"),
    [
      "s.yaml:2:13 apiVersion: kubescheduler.config.k8s.io/v1beta3 is no longer read by kube-scheduler; use kubescheduler.config.k8s.io/v1",
    ],
  );
});

test("parseSchedulerConfiguration says what it expects, when the file is something else", () => {
  assert.deepEqual(mistakesOf("apiVersion: v1\nkind: Pod\n"), [
    's.yaml:1:13 apiVersion: expected kubescheduler.config.k8s.io/v1, got "v1"',
    's.yaml:2:7 kind: expected the word KubeSchedulerConfiguration, got "Pod"',
  ]);
  assert.deepEqual(mistakesOf("{}"), ["s.yaml:1:1 apiVersion: is missing", "s.yaml:1:1 kind: is missing"]);
  assert.deepEqual(mistakesOf(""), ["s.yaml:1:1: the file is empty; expected a KubeSchedulerConfiguration"]);
  assert.deepEqual(mistakesOf("- a"), ["s.yaml:1:1: expected a map, got a list"]);
});

test("parseSchedulerConfiguration refuses aliases, with what to do about them", () => {
  assert.deepEqual(mistakesOf(`${HEAD}parallelism: &p 4\npodMaxBackoffSeconds: *p`), [
    "s.yaml:4:23 podMaxBackoffSeconds: aliases are not supported; write the value out",
  ]);
});
