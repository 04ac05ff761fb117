// What kube-scheduler does when it is told nothing, and variations of it made in code.
// Source: v1.36.3 pkg/scheduler/apis/config/v1/defaults.go.
import type { PluginArgs, Profile, ResourceSpec, SchedulerConfiguration } from "./configuration.js";
import { resolvePluginSets } from "./plugin-sets.js";

export const DEFAULT_SCHEDULER_NAME = "default-scheduler";

/** A variation names what differs: `defaultConfiguration({ percentageOfNodesToScore: 100 })`. */
export function defaultConfiguration(changes: Partial<SchedulerConfiguration> = {}): SchedulerConfiguration {
  return {
    parallelism: 16,
    percentageOfNodesToScore: 0,
    podInitialBackoffSeconds: 1,
    podMaxBackoffSeconds: 10,
    delayCacheUntilActive: false,
    clientConnection: { qps: 50, burst: 100 },
    profiles: [defaultProfile()],
    extenders: [],
    ...changes,
  };
}

/** `args` names the plugins whose arguments differ; `plugins` is made with `resolvePluginSets`. */
export function defaultProfile(
  changes: Partial<Omit<Profile, "args">> & { readonly args?: Partial<PluginArgs> } = {},
): Profile {
  return {
    schedulerName: DEFAULT_SCHEDULER_NAME,
    percentageOfNodesToScore: null,
    plugins: resolvePluginSets({}),
    ...changes,
    args: { ...DEFAULT_ARGS, ...changes.args },
  };
}

export const DEFAULT_RESOURCES: readonly ResourceSpec[] = [
  { name: "cpu", weight: 1 },
  { name: "memory", weight: 1 },
];

export const DEFAULT_ARGS: PluginArgs = {
  DefaultPreemption: { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 },
  InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false },
  NodeAffinity: { addedAffinity: null },
  NodeResourcesBalancedAllocation: { resources: DEFAULT_RESOURCES },
  NodeResourcesFit: {
    ignoredResources: [],
    ignoredResourceGroups: [],
    scoringStrategy: {
      type: "LeastAllocated",
      resources: DEFAULT_RESOURCES,
      requestedToCapacityRatio: null,
    },
  },
  PodTopologySpread: { defaultConstraints: [], defaultingType: "System" },
  VolumeBinding: { bindTimeoutSeconds: 600, shape: null },
};
