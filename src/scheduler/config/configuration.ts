// A KubeSchedulerConfiguration once it is resolved: defaults filled in, plugin sets merged and expanded, durations in
// ns. Names are upstream's (kubescheduler.config.k8s.io/v1); fields that have no effect here are left out.
import type { NodeAffinity, TopologySpreadConstraint } from "../../api/scheduling.js";
import type { DurationNs } from "../../base/clock.js";
import type { ExtensionPoint } from "./plugin-table.js";

export interface SchedulerConfiguration {
  /** Nodes examined at the same time; from 1. */
  readonly parallelism: number;
  /** 0..100; 0 lets the number of nodes decide. */
  readonly percentageOfNodesToScore: number;
  readonly podInitialBackoffSeconds: number;
  /** Invariant: podInitialBackoffSeconds <= podMaxBackoffSeconds. */
  readonly podMaxBackoffSeconds: number;
  readonly delayCacheUntilActive: boolean;
  /** Calls per second to the API server; below 0 for no limit. */
  readonly clientConnection: { readonly qps: number; readonly burst: number };
  /** At least one; scheduler names are distinct, and all sort the queue alike. */
  readonly profiles: readonly Profile[];
  /** In the order of calls: those that may fail come last. */
  readonly extenders: readonly ExtenderConfig[];
}

export interface Profile {
  readonly schedulerName: string;
  /** Null takes the configuration's. */
  readonly percentageOfNodesToScore: number | null;
  readonly plugins: PluginSets;
  readonly args: PluginArgs;
}

/** What runs at each extension point, in order. Exactly one plugin sorts the queue and at least one binds. */
export type PluginSets = Readonly<Record<ExtensionPoint, readonly EnabledPlugin[]>>;

export interface EnabledPlugin {
  /** In the plugin table, or handed to the scheduler as SchedulerOptions.plugins. */
  readonly name: string;
  /** From 1 at score; 0 elsewhere, where it means nothing. */
  readonly weight: number;
}

/** Arguments of every plugin that takes some, whether it is enabled or not. */
export interface PluginArgs {
  readonly DefaultPreemption: DefaultPreemptionArgs;
  readonly InterPodAffinity: InterPodAffinityArgs;
  readonly NodeAffinity: NodeAffinityArgs;
  readonly NodeResourcesBalancedAllocation: NodeResourcesBalancedAllocationArgs;
  readonly NodeResourcesFit: NodeResourcesFitArgs;
  readonly PodTopologySpread: PodTopologySpreadArgs;
  readonly VolumeBinding: VolumeBindingArgs;
}

/** How many candidates a dry run of preemption looks for; not both 0. */
export interface DefaultPreemptionArgs {
  /** 0..100, of all nodes. */
  readonly minCandidateNodesPercentage: number;
  readonly minCandidateNodesAbsolute: number;
}

export interface InterPodAffinityArgs {
  /** 0..100: score for a running Pod whose required affinity the new Pod meets. */
  readonly hardPodAffinityWeight: number;
  readonly ignorePreferredTermsOfExistingPods: boolean;
}

export interface NodeAffinityArgs {
  /** Must hold in addition to every Pod's own. */
  readonly addedAffinity: NodeAffinity | null;
}

export interface ResourceSpec {
  readonly name: string;
  /** 1..100 */
  readonly weight: number;
}

export interface NodeResourcesBalancedAllocationArgs {
  /** Names are distinct, weights 1. */
  readonly resources: readonly ResourceSpec[];
}

export const SCORING_STRATEGIES = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"] as const;
export type ScoringStrategyType = (typeof SCORING_STRATEGIES)[number];

export interface ScoringStrategy {
  readonly type: ScoringStrategyType;
  readonly resources: readonly ResourceSpec[];
  /** Null unless `type` is RequestedToCapacityRatio. */
  readonly requestedToCapacityRatio: { readonly shape: Shape } | null;
}

/** Score over utilization, piecewise linear; at least one point, utilization strictly rising. */
export type Shape = readonly ShapePoint[];

export interface ShapePoint {
  /** Percent, 0..100. */
  readonly utilization: number;
  /** 0..10 */
  readonly score: number;
}

export interface NodeResourcesFitArgs {
  readonly ignoredResources: readonly string[];
  /** What stands before the "/" of resource names. */
  readonly ignoredResourceGroups: readonly string[];
  readonly scoringStrategy: ScoringStrategy;
}

/** The selector is deduced from what owns the Pod. */
export type DefaultConstraint = Required<Omit<TopologySpreadConstraint, "labelSelector">>;

export interface PodTopologySpreadArgs {
  /** Empty with "System", which stands for the plugin's own. */
  readonly defaultConstraints: readonly DefaultConstraint[];
  readonly defaultingType: "System" | "List";
}

export interface VolumeBindingArgs {
  /** 0: no waiting. */
  readonly bindTimeoutSeconds: number;
  /** Null: capacity is not scored. */
  readonly shape: Shape | null;
}

/** A service that takes part in scheduling over HTTP. A verb is null when it leaves that step out. */
export interface ExtenderConfig {
  readonly urlPrefix: string;
  readonly filterVerb: string | null;
  readonly preemptVerb: string | null;
  readonly prioritizeVerb: string | null;
  /** From 1 with a prioritizeVerb. */
  readonly weight: number;
  /** At most one extender has it. */
  readonly bindVerb: string | null;
  readonly enableHTTPS: boolean;
  readonly tlsConfig: ExtenderTlsConfig | null;
  readonly httpTimeoutNs: DurationNs;
  /** Whether it is sent node names in place of nodes. */
  readonly nodeCacheCapable: boolean;
  /** If any, only Pods that request one of them are sent. */
  readonly managedResources: readonly ManagedResource[];
  /** Whether scheduling goes on without it when it fails. */
  readonly ignorable: boolean;
}

export interface ManagedResource {
  readonly name: string;
  readonly ignoredByScheduler: boolean;
}

/** Empty text where nothing is given; data are base64. */
export interface ExtenderTlsConfig {
  readonly insecure: boolean;
  readonly serverName: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  readonly certData: string;
  readonly keyData: string;
  readonly caData: string;
}
