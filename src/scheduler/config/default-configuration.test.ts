import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration, defaultProfile } from "./default-configuration.js";
import { parseSchedulerConfiguration } from "./parse-configuration.js";
import { resolvePluginSets } from "./plugin-sets.js";

test("defaultConfiguration equals what a file that says nothing is read into", () => {
  const text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
  assert.deepEqual(parseSchedulerConfiguration({ file: "s.yaml", text }), defaultConfiguration());
});

test("defaultConfiguration has kube-scheduler's values", () => {
  const { profiles, ...rest } = defaultConfiguration();
  assert.deepEqual(rest, {
    parallelism: 16,
    percentageOfNodesToScore: 0,
    podInitialBackoffSeconds: 1,
    podMaxBackoffSeconds: 10,
    delayCacheUntilActive: false,
    clientConnection: { qps: 50, burst: 100 },
    extenders: [],
  });
  const resources = [
    { name: "cpu", weight: 1 },
    { name: "memory", weight: 1 },
  ];
  assert.deepEqual(profiles, [
    {
      schedulerName: "default-scheduler",
      percentageOfNodesToScore: null,
      plugins: resolvePluginSets({}),
      args: {
        DefaultPreemption: { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 },
        InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false },
        NodeAffinity: { addedAffinity: null },
        NodeResourcesBalancedAllocation: { resources },
        NodeResourcesFit: {
          ignoredResources: [],
          ignoredResourceGroups: [],
          scoringStrategy: { type: "LeastAllocated", resources, requestedToCapacityRatio: null },
        },
        PodTopologySpread: { defaultConstraints: [], defaultingType: "System" },
        VolumeBinding: { bindTimeoutSeconds: 600, shape: null },
      },
    },
  ]);
});

test("defaultConfiguration takes changes, which leave the rest as it is", () => {
  const profile = defaultProfile({ args: { VolumeBinding: { bindTimeoutSeconds: 5, shape: null } } });
  const changed = defaultConfiguration({ percentageOfNodesToScore: 100, profiles: [profile] });
  assert.equal(changed.percentageOfNodesToScore, 100);
  assert.equal(changed.parallelism, 16);
  assert.equal(changed.profiles[0]?.args.VolumeBinding.bindTimeoutSeconds, 5);
  assert.equal(changed.profiles[0]?.args.DefaultPreemption.minCandidateNodesAbsolute, 100);
});
