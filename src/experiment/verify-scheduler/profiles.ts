// The profiles that decisions are compared under: upstream's default, and such as use what the default leaves aside.
// Written as users write them: both sides read the same text.
import type { SchedulerConfiguration } from "../../scheduler/config/configuration.js";
import { parseSchedulerConfiguration } from "../../scheduler/config/parse-configuration.js";

export interface ComparedProfile {
  readonly name: string;
  /** Fields of a KubeSchedulerProfile. */
  readonly pluginConfig: readonly { readonly name: string; readonly args: object }[];
}

/**
 * Plugins of upstream's default profile that we leave out. They are switched off there, too, so that both sides run the
 * same set: they say nothing about Pods without resource claims and of ordinary features, but show up in lists.
 */
export const PLUGINS_LEFT_OUT = ["DynamicResources", "NodeDeclaredFeatures"] as const;

const CPU_MEMORY_GPU = [
  { name: "cpu", weight: 2 },
  { name: "memory", weight: 1 },
  { name: "example.com/gpu", weight: 5 },
];
const RATIO = {
  shape: [
    { utilization: 0, score: 0 },
    { utilization: 40, score: 9 },
    { utilization: 100, score: 3 },
  ],
};

export const DEFAULT_PROFILE: ComparedProfile = { name: "default", pluginConfig: [] };

/** The default takes every other turn. */
export const COMPARED_PROFILES: readonly ComparedProfile[] = [
  DEFAULT_PROFILE,
  {
    name: "packed",
    pluginConfig: [
      fitStrategy({ type: "MostAllocated", resources: CPU_MEMORY_GPU }),
      {
        name: "NodeResourcesBalancedAllocation",
        args: { resources: CPU_MEMORY_GPU.map(({ name }) => ({ name, weight: 1 })) },
      },
      { name: "InterPodAffinity", args: { hardPodAffinityWeight: 50 } },
    ],
  },
  DEFAULT_PROFILE,
  {
    name: "shaped",
    pluginConfig: [
      fitStrategy({
        type: "RequestedToCapacityRatio",
        resources: CPU_MEMORY_GPU,
        requestedToCapacityRatio: RATIO,
      }),
      {
        name: "InterPodAffinity",
        args: { hardPodAffinityWeight: 0, ignorePreferredTermsOfExistingPods: true },
      },
      {
        name: "PodTopologySpread",
        args: {
          defaultingType: "List",
          defaultConstraints: [
            { maxSkew: 4, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "DoNotSchedule" },
            { maxSkew: 1, topologyKey: "example.com/rack", whenUnsatisfiable: "ScheduleAnyway" },
          ],
        },
      },
    ],
  },
  DEFAULT_PROFILE,
  {
    name: "fenced",
    pluginConfig: [
      { name: "NodeResourcesFit", args: { ignoredResources: ["example.com/gpu"] } },
      {
        name: "NodeAffinity",
        args: {
          addedAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: "example.com/rack", operator: "NotIn", values: ["a"] }] },
              ],
            },
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 7, preference: { matchExpressions: [{ key: "disk", operator: "Exists" }] } },
            ],
          },
        },
      },
    ],
  },
];

function fitStrategy(scoringStrategy: object): { readonly name: string; readonly args: object } {
  return { name: "NodeResourcesFit", args: { scoringStrategy } };
}

export function peerConfiguration(profile: ComparedProfile): string {
  const disabled = PLUGINS_LEFT_OUT.map((name) => ({ name }));
  return configurationText(profile, { plugins: { multiPoint: { disabled } } });
}

/** All nodes are looked at: which ones are sampled would differ by chance. */
export function ownConfiguration(profile: ComparedProfile): SchedulerConfiguration {
  const text = configurationText(profile, {});
  return { ...parseSchedulerConfiguration({ file: profile.name, text }), percentageOfNodesToScore: 100 };
}

function configurationText({ pluginConfig }: ComparedProfile, more: object): string {
  return JSON.stringify({
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    profiles: [{ schedulerName: "default-scheduler", pluginConfig, ...more }],
  });
}
