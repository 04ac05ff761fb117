// Declarations of `pluginConfig`: the arguments of each plugin that takes some.
// Source: v1.36.3 apis/config/types_pluginargs.go, v1/defaults.go, validation/validation_pluginargs.go.
import { choice, count, type Field, flag, list, mapped, object, text } from "../../base/document/fields.js";
import { checkedWithin, type Fault, omittable, repetitions } from "../../base/document/field-rules.js";
import {
  type DefaultConstraint,
  type DefaultPreemptionArgs,
  type InterPodAffinityArgs,
  type NodeAffinityArgs,
  type NodeResourcesBalancedAllocationArgs,
  type NodeResourcesFitArgs,
  type PluginArgs,
  type PodTopologySpreadArgs,
  type ResourceSpec,
  SCORING_STRATEGIES,
  type ScoringStrategy,
  type Shape,
  type ShapePoint,
  type VolumeBindingArgs,
} from "./configuration.js";
import { DEFAULT_ARGS, DEFAULT_RESOURCES } from "./default-configuration.js";
import { nodeAffinityField } from "./node-affinity-fields.js";
import { QUALIFIED_NAME, RESOURCE_GROUP } from "./resource-names.js";

const PERCENT = { max: 100 };

const defaultPreemptionField = checkedWithin(
  object<DefaultPreemptionArgs>("How many candidates preemption looks for.", {
    minCandidateNodesPercentage: omittable(
      count("Share of all nodes.", PERCENT),
      DEFAULT_ARGS.DefaultPreemption.minCandidateNodesPercentage,
    ),
    minCandidateNodesAbsolute: omittable(
      count("Number of nodes."),
      DEFAULT_ARGS.DefaultPreemption.minCandidateNodesAbsolute,
    ),
  }),
  ({ minCandidateNodesPercentage, minCandidateNodesAbsolute }) =>
    minCandidateNodesPercentage > 0 || minCandidateNodesAbsolute > 0
      ? []
      : [{ path: ["minCandidateNodesPercentage"], message: "is 0, and so is minCandidateNodesAbsolute" }],
);

const interPodAffinityField = object<InterPodAffinityArgs>("How affinity between Pods scores.", {
  hardPodAffinityWeight: omittable(
    count("Score for meeting a running Pod's required affinity.", PERCENT),
    DEFAULT_ARGS.InterPodAffinity.hardPodAffinityWeight,
  ),
  ignorePreferredTermsOfExistingPods: omittable(flag("Leave running Pods' preferences out."), false),
});

const nodeAffinityArgsField = object<NodeAffinityArgs>("What every Pod must meet.", {
  addedAffinity: omittable<NodeAffinityArgs["addedAffinity"]>(nodeAffinityField, null),
});

const resourceField = object<ResourceSpec>("A resource that is scored.", {
  name: text("The resource."),
  weight: mapped(omittable(count("1..100; 0 means 1.", PERCENT), 1), (weight) => Math.max(1, weight)),
});

const resourcesField = mapped(omittable(list(resourceField, "What is scored."), []), (resources) =>
  resources.length === 0 ? DEFAULT_RESOURCES : resources,
);

const balancedAllocationField = object<NodeResourcesBalancedAllocationArgs>("What is to be balanced.", {
  resources: checkedWithin(resourcesField, (resources) => [
    ...repetitions(resources, ({ name }) => name, ["name"]),
    ...resources.flatMap(({ weight }, index) =>
      weight === 1 ? [] : [{ path: [index, "weight"], message: `expected weight 1, got ${weight}` }],
    ),
  ]),
});

const shapeField: Field<Shape> = checkedWithin(
  list(
    object<ShapePoint>("A point of the curve.", {
      utilization: count("Percent.", PERCENT),
      score: count("Score there.", { max: 10 }),
    }),
    "Score over utilization.",
    1,
  ),
  (shape) =>
    shape.flatMap(({ utilization }, index) => {
      const before = shape[index - 1]?.utilization ?? -1;
      const message = `expected more than the ${before} before it, got ${utilization}`;
      return utilization > before ? [] : [{ path: [index, "utilization"], message }];
    }),
);

const scoringStrategyField = checkedWithin(
  object<ScoringStrategy>("How free and used resources score.", {
    type: choice(SCORING_STRATEGIES, "The strategy."),
    resources: resourcesField,
    requestedToCapacityRatio: omittable<ScoringStrategy["requestedToCapacityRatio"]>(
      object("Its curve.", { shape: shapeField }),
      null,
    ),
  }),
  ({ type, requestedToCapacityRatio }): readonly Fault[] => {
    const path = ["requestedToCapacityRatio"];
    const isRatio = type === "RequestedToCapacityRatio";
    if (isRatio === (requestedToCapacityRatio !== null)) return [];
    return [{ path, message: isRatio ? `is missing, type is ${type}` : `has no effect, type is ${type}` }];
  },
);

const nodeResourcesFitField = object<NodeResourcesFitArgs>("How resources filter and score.", {
  ignoredResources: omittable(list(text("A resource.", QUALIFIED_NAME), "Not filtered by."), []),
  ignoredResourceGroups: omittable(list(text("A group.", RESOURCE_GROUP), "Not filtered by."), []),
  scoringStrategy: omittable(scoringStrategyField, DEFAULT_ARGS.NodeResourcesFit.scoringStrategy),
});

const POLICIES = ["Honor", "Ignore"] as const;

const constraintField = object<DefaultConstraint>("A constraint for Pods that have none.", {
  maxSkew: count("How uneven domains may be.", { min: 1 }),
  topologyKey: text("The label that makes domains.", QUALIFIED_NAME),
  whenUnsatisfiable: choice(["DoNotSchedule", "ScheduleAnyway"], "Whether it filters or scores."),
  minDomains: omittable(count("Domains there must be.", { min: 1 }), 1),
  nodeAffinityPolicy: omittable(choice(POLICIES, "Whether the Pod's node affinity counts."), "Honor"),
  nodeTaintsPolicy: omittable(choice(POLICIES, "Whether taints count."), "Ignore"),
  matchLabelKeys: omittable(list(text("A label key."), "Labels added to the selector."), []),
});

const podTopologySpreadField = checkedWithin(
  object<PodTopologySpreadArgs>("How Pods spread that say nothing of it.", {
    defaultConstraints: checkedWithin(
      omittable(list(constraintField, "The constraints."), []),
      (constraints) =>
        repetitions(
          constraints,
          ({ topologyKey, whenUnsatisfiable }) => `${topologyKey} ${whenUnsatisfiable}`,
        ),
    ),
    defaultingType: omittable(
      choice(["System", "List"], "The plugin's own constraints or those listed."),
      "System",
    ),
  }),
  ({ defaultConstraints, defaultingType }) =>
    defaultingType === "List" || defaultConstraints.length === 0
      ? []
      : [{ path: ["defaultConstraints"], message: "have no effect unless defaultingType is List" }],
);

const volumeBindingField = object<VolumeBindingArgs>("How volumes are bound.", {
  bindTimeoutSeconds: omittable(
    count("How long binding may take."),
    DEFAULT_ARGS.VolumeBinding.bindTimeoutSeconds,
  ),
  shape: omittable<Shape | null>(shapeField, null),
});

export const ARGS_FIELDS: { readonly [Name in keyof PluginArgs]: Field<PluginArgs[Name]> } = {
  DefaultPreemption: defaultPreemptionField,
  InterPodAffinity: interPodAffinityField,
  NodeAffinity: nodeAffinityArgsField,
  NodeResourcesBalancedAllocation: balancedAllocationField,
  NodeResourcesFit: nodeResourcesFitField,
  PodTopologySpread: podTopologySpreadField,
  VolumeBinding: volumeBindingField,
};
