// Every operation as a declaration of its fields: which there are, what they may be, and what they are if not written.
import {
  checked,
  choice,
  count,
  type Field,
  flag,
  list,
  mapped,
  optional,
  path,
  record,
  text,
  textOrNumber,
  word,
} from "../../base/document/fields.js";
import {
  ANY_KEY,
  DURATION_MS,
  ENTRIES,
  goObject,
  LABELS,
  NO_PATH,
  orNull,
  placedObject,
  textOr,
  texts,
} from "./go-fields.js";
import type {
  Barrier,
  Churn,
  CreateAny,
  CreateNamespaces,
  CreateNodes,
  CreatePods,
  DeletePods,
  LabelNodePrepareStrategy,
  NodeAllocatableStrategy,
  Op,
  Sleep,
  StartCollectingMetrics,
  StartCollectingProfile,
  StopCollectingMetrics,
  StopCollectingProfile,
  TemplateParams,
  UpdateAny,
} from "./ops.js";

const COUNT = optional(count("How many."), 0);
const ONE = optional(count("How many."), 1);
const FALSE = optional(flag("Whether."), false);
/** Filled in by the resolver, which knows the workload's parameters. */
const TEMPLATE_PARAMS: Field<TemplateParams> = optional(
  mapped(ENTRIES, (): TemplateParams => ({})),
  {},
);

const nodeAllocatable = goObject<NodeAllocatableStrategy>("Room for volumes.", {
  nodeAllocatable: optional(record(ANY_KEY, textOrNumber("A quantity."), "Added to status.allocatable."), {}),
  csiNodeAllocatable: optional(
    record(
      ANY_KEY,
      goObject("Limits.", { count: orNull(count("Volumes per node.")) }),
      "CSI driver -> limits.",
    ),
    {},
  ),
  migratedPlugins: texts("In-tree plugins that CSI stands in for."),
});

const labelNodes = goObject<LabelNodePrepareStrategy>("A label for the nodes.", {
  labelKey: text("Name of the label."),
  labelValues: list(text("A value."), "Given in turn.", 1),
});

const createNodes = checked(
  placedObject<CreateNodes>("createNodes", {
    opcode: word("createNodes"),
    count: COUNT,
    nodeTemplatePath: NO_PATH,
    templateParams: TEMPLATE_PARAMS,
    nodeAllocatableStrategy: orNull(nodeAllocatable),
    labelNodePrepareStrategy: orNull(labelNodes),
    uniqueNodeLabelStrategy: orNull(goObject("A label.", { labelKey: text("Name of the label.") })),
  }),
  (op) =>
    [op.nodeAllocatableStrategy, op.labelNodePrepareStrategy, op.uniqueNodeLabelStrategy].filter(
      (strategy) => strategy !== null,
    ).length > 1
      ? "has two strategies to prepare nodes, expected at most one"
      : null,
);

/** A createPods as written: the resolver multiplies the count and gives a namespace. */
export type WrittenCreatePods = Omit<CreatePods, "namespace" | "durationMs"> & {
  readonly countMultiplier: number;
  readonly duration: number;
  readonly namespace: string | null;
};

const createPods = checked(
  placedObject<WrittenCreatePods>("createPods", {
    opcode: word("createPods"),
    count: COUNT,
    countMultiplier: ONE,
    podTemplatePath: NO_PATH,
    templateParams: TEMPLATE_PARAMS,
    namespace: orNull(text("Where the Pods go.")),
    collectMetrics: FALSE,
    skipWaitToCompletion: FALSE,
    steadyState: FALSE,
    duration: optional(DURATION_MS, 0),
    persistentVolumeTemplatePath: NO_PATH,
    persistentVolumeClaimTemplatePath: NO_PATH,
    signatureBatchSize: COUNT,
  }),
  createPodsFault,
);

function createPodsFault(op: WrittenCreatePods): string | null {
  if (op.collectMetrics && op.skipWaitToCompletion)
    return "has collectMetrics and skipWaitToCompletion, expected at most one";
  if (op.steadyState && op.skipWaitToCompletion)
    return "has steadyState and skipWaitToCompletion, expected at most one";
  if (op.steadyState && op.duration <= 0) return "has steadyState without a duration above 0";
  if (op.persistentVolumeClaimTemplatePath !== null && op.persistentVolumeTemplatePath === null)
    return "has persistentVolumeClaimTemplatePath without persistentVolumeTemplatePath, expected both";
  return null;
}

/** As written: one createPods for each of `count` namespaces. */
export interface WrittenCreatePodSets {
  readonly opcode: "createPodSets";
  readonly at: CreatePods["at"];
  readonly count: number;
  readonly namespacePrefix: string;
  readonly createPodsOp: WrittenCreatePods;
}

const any = {
  count: ONE,
  templatePath: path("The template of the objects."),
  namespace: textOr("Where the objects go.", ""),
};

export type WrittenChurn = Omit<Churn, "namespace"> & { readonly namespace: string | null };
export type WrittenSleep = Omit<Sleep, "durationMs"> & { readonly duration: number };

const churn = checked(
  placedObject<WrittenChurn>("churn", {
    opcode: word("churn"),
    mode: choice(["create", "recreate"], "What happens at each tick."),
    number: COUNT,
    intervalMilliseconds: optional(
      mapped(count("Time between ticks."), (ms) => (ms === 0 ? 500 : ms)),
      500,
    ),
    namespace: orNull(text("Where the objects go.")),
    templatePaths: list(path("A template."), "One object of each at every tick.", 1),
  }),
  (op) => (op.mode === "recreate" && op.number === 0 ? "has mode recreate without a number above 0" : null),
);

const CPU = checked(text("Kind of profile."), (type) =>
  type.toUpperCase() === "CPU" ? null : `expected CPU, got "${type}"`,
);

/** An operation whose parameters are filled in, before it has its place in a workload. */
export type WrittenOp =
  | Exclude<Op, { readonly opcode: "unsupported" | "createPods" | "churn" | "sleep" }>
  | WrittenCreatePods
  | WrittenCreatePodSets
  | WrittenChurn
  | WrittenSleep;

/** Opcode -> how its operation is read. */
export const OP_FIELDS = {
  createNodes,
  createNamespaces: placedObject<CreateNamespaces>("createNamespaces", {
    opcode: word("createNamespaces"),
    prefix: text("Begins the names."),
    count: COUNT,
    namespaceTemplatePath: NO_PATH,
  }),
  createPods,
  createPodSets: placedObject<WrittenCreatePodSets>("createPodSets", {
    opcode: word("createPodSets"),
    count: COUNT,
    namespacePrefix: text("Begins the names of the namespaces."),
    createPodsOp: createPods,
  }),
  createAny: placedObject<CreateAny>("createAny", {
    opcode: word("createAny"),
    ...any,
    templateParams: TEMPLATE_PARAMS,
  }),
  updateAny: placedObject<UpdateAny>("updateAny", {
    opcode: word("updateAny"),
    ...any,
    updatePerSecond: COUNT,
    subresources: texts("What of the objects is updated."),
  }),
  deletePods: placedObject<DeletePods>("deletePods", {
    opcode: word("deletePods"),
    namespace: text("Whose Pods."),
    labelSelector: LABELS,
    deletePodsPerSecond: COUNT,
    skipWaitToCompletion: FALSE,
  }),
  churn,
  barrier: placedObject<Barrier>("barrier", {
    opcode: word("barrier"),
    namespaces: texts("Whose Pods."),
    labelSelector: LABELS,
    stageRequirement: optional(choice(["Scheduled", "Attempted"], "What to wait for."), "Scheduled"),
  }),
  sleep: placedObject<WrittenSleep>("sleep", { opcode: word("sleep"), duration: optional(DURATION_MS, 0) }),
  startCollectingMetrics: placedObject<StartCollectingMetrics>("startCollectingMetrics", {
    opcode: word("startCollectingMetrics"),
    name: textOr("Ends the name of the results.", ""),
    namespaces: list(text("A namespace."), "Whose Pods are counted.", 1),
    labelSelector: LABELS,
  }),
  stopCollectingMetrics: placedObject<StopCollectingMetrics>("stopCollectingMetrics", {
    opcode: word("stopCollectingMetrics"),
  }),
  startCollectingProfile: placedObject<StartCollectingProfile>("startCollectingProfile", {
    opcode: word("startCollectingProfile"),
    type: CPU,
    filePath: text("Where the profile goes."),
  }),
  stopCollectingProfile: placedObject<StopCollectingProfile>("stopCollectingProfile", {
    opcode: word("stopCollectingProfile"),
    type: CPU,
  }),
} satisfies Readonly<Record<string, Field<WrittenOp>>>;
