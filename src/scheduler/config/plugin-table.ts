// The plugins that come with kube-scheduler: where each takes part and what its score weighs. The order of the rows is
// the order in which they run.
// Source: kubernetes v1.36.3 pkg/scheduler/apis/config/v1/default_plugins.go and framework/plugins/*.

/** In the order in which a Pod meets them. */
export const EXTENSION_POINTS = [
  "preEnqueue",
  "queueSort",
  "preFilter",
  "filter",
  "postFilter",
  "preScore",
  "score",
  "reserve",
  "permit",
  "preBind",
  "bind",
  "postBind",
] as const;

export type ExtensionPoint = (typeof EXTENSION_POINTS)[number];

export interface PluginRow<Name extends string = string> {
  readonly name: Name;
  readonly points: readonly ExtensionPoint[];
  /** Weight of its score in the default set; 0 when it does not score. */
  readonly weight: number;
}

/** Plugins that can be enabled. All of them are in the default set. */
export const PLUGINS = [
  row("SchedulingGates", ["preEnqueue"]),
  row("PrioritySort", ["queueSort"]),
  row("NodeUnschedulable", ["filter"]),
  row("NodeName", ["filter"]),
  row("TaintToleration", ["filter", "preScore", "score"], 3),
  row("NodeAffinity", ["preFilter", "filter", "preScore", "score"], 2),
  row("NodePorts", ["preFilter", "filter"]),
  row("NodeResourcesFit", ["preFilter", "filter", "preScore", "score"], 1),
  row("VolumeRestrictions", ["preFilter", "filter"]),
  row("NodeVolumeLimits", ["preFilter", "filter"]),
  row("VolumeBinding", ["preFilter", "filter", "preScore", "score", "reserve", "preBind"], 1),
  row("VolumeZone", ["preFilter", "filter"]),
  row("PodTopologySpread", ["preFilter", "filter", "preScore", "score"], 2),
  row("InterPodAffinity", ["preFilter", "filter", "preScore", "score"], 2),
  row("DefaultPreemption", ["preEnqueue", "postFilter"]),
  row("NodeResourcesBalancedAllocation", ["preScore", "score"], 1),
  row("ImageLocality", ["score"], 1),
  row("DefaultBinder", ["bind"]),
] as const;

export type PluginName = (typeof PLUGINS)[number]["name"];

/** Upstream's others: a configuration may disable them, nothing here does their work. The first two are defaults there. */
export const UNSUPPORTED_PLUGINS: readonly string[] = [
  "DynamicResources",
  "NodeDeclaredFeatures",
  "GangScheduling",
  "TopologyPlacementGenerator",
  "PodGroupPodsCount",
  "DeferredPodScheduling",
  "PlacementBinPacking",
];

/** Plugin that older releases had -> what took its place. Disabling one still reads. */
export const REMOVED_PLUGINS: Readonly<Record<string, string>> = {
  AzureDiskLimits: "NodeVolumeLimits",
  CinderLimits: "NodeVolumeLimits",
  EBSLimits: "NodeVolumeLimits",
  GCEPDLimits: "NodeVolumeLimits",
  NodeResourcesLeastAllocated: "NodeResourcesFit with scoringStrategy LeastAllocated",
  NodeResourcesMostAllocated: "NodeResourcesFit with scoringStrategy MostAllocated",
  RequestedToCapacityRatio: "NodeResourcesFit with scoringStrategy RequestedToCapacityRatio",
  NodeLabel: "NodeAffinity with addedAffinity",
  NodePreferAvoidPods: "TaintToleration",
  SelectorSpread: "PodTopologySpread",
  ServiceAffinity: "InterPodAffinity",
};

/** The row of a plugin that can be enabled, or null. */
export function findPlugin(name: string): PluginRow<PluginName> | null {
  return PLUGINS.find((each) => each.name === name) ?? null;
}

function row<const Name extends string>(
  name: Name,
  points: readonly ExtensionPoint[],
  weight = 0,
): PluginRow<Name> {
  return { name, points, weight };
}
