// The operations of a workload with every parameter filled in. Names and meaning are upstream's; absent is null.
// Source: kubernetes/kubernetes test/integration/scheduler_perf, operations.go and update.go.
import type { ResourceList } from "../../api/scheduling.js";
import type { SourcePosition } from "../../base/errors.js";

export type Labels = Readonly<Record<string, string>>;
/** What a template sees besides .Index and .Count. */
export type TemplateParams = Readonly<Record<string, unknown>>;

interface Placed {
  /** Where the operation is written. */
  readonly at: SourcePosition;
}

export interface NodeAllocatableStrategy {
  readonly nodeAllocatable: ResourceList;
  /** CSI driver -> how many of its volumes a node can attach. */
  readonly csiNodeAllocatable: Readonly<Record<string, { readonly count: number | null }>>;
  /** In-tree volume plugins that CSI drivers stand in for. */
  readonly migratedPlugins: readonly string[];
}

export interface LabelNodePrepareStrategy {
  readonly labelKey: string;
  /** Given to the nodes of one operation in turn. */
  readonly labelValues: readonly string[];
}

export interface CreateNodes extends Placed {
  readonly opcode: "createNodes";
  readonly count: number;
  readonly nodeTemplatePath: string | null;
  readonly templateParams: TemplateParams;
  /** At most one of the three. */
  readonly nodeAllocatableStrategy: NodeAllocatableStrategy | null;
  readonly labelNodePrepareStrategy: LabelNodePrepareStrategy | null;
  readonly uniqueNodeLabelStrategy: { readonly labelKey: string } | null;
}

/** Makes PREFIX-0 .. PREFIX-(count-1). */
export interface CreateNamespaces extends Placed {
  readonly opcode: "createNamespaces";
  readonly prefix: string;
  readonly count: number;
  readonly namespaceTemplatePath: string | null;
}

export interface CreatePods extends Placed {
  readonly opcode: "createPods";
  readonly namespace: string;
  readonly count: number;
  /** null: a Pod of one container, 100m CPU and 500Mi. */
  readonly podTemplatePath: string | null;
  readonly templateParams: TemplateParams;
  readonly collectMetrics: boolean;
  readonly skipWaitToCompletion: boolean;
  /** Keep `count` Pods coming and going for `durationMs`. */
  readonly steadyState: boolean;
  readonly durationMs: number;
  readonly persistentVolumeTemplatePath: string | null;
  /** Set: every Pod gets a bound claim and volume of its own. */
  readonly persistentVolumeClaimTemplatePath: string | null;
  /** So many Pods in a row carry the same label `signature`; 0: no such label. */
  readonly signatureBatchSize: number;
}

export interface CreateAny extends Placed {
  readonly opcode: "createAny";
  readonly count: number;
  readonly templatePath: string;
  /** "" for objects of the cluster. */
  readonly namespace: string;
  readonly templateParams: TemplateParams;
}

export interface UpdateAny extends Placed {
  readonly opcode: "updateAny";
  readonly count: number;
  readonly templatePath: string;
  readonly namespace: string;
  /** 0: all at once. */
  readonly updatePerSecond: number;
  readonly subresources: readonly string[];
}

export interface DeletePods extends Placed {
  readonly opcode: "deletePods";
  readonly namespace: string;
  readonly labelSelector: Labels;
  /** 0: all at once. */
  readonly deletePodsPerSecond: number;
  readonly skipWaitToCompletion: boolean;
}

/** Runs beside all that follows, one object per template and tick. */
export interface Churn extends Placed {
  readonly opcode: "churn";
  /** recreate: `number` ticks that make, `number` ticks that delete, and so on. */
  readonly mode: "create" | "recreate";
  /** 0: without end. */
  readonly number: number;
  readonly intervalMilliseconds: number;
  readonly namespace: string;
  readonly templatePaths: readonly string[];
}

export interface Barrier extends Placed {
  readonly opcode: "barrier";
  /** Empty: every namespace that has Pods to wait for. */
  readonly namespaces: readonly string[];
  readonly labelSelector: Labels;
  readonly stageRequirement: "Scheduled" | "Attempted";
}

export interface Sleep extends Placed {
  readonly opcode: "sleep";
  readonly durationMs: number;
}

export interface StartCollectingMetrics extends Placed {
  readonly opcode: "startCollectingMetrics";
  readonly name: string;
  readonly namespaces: readonly string[];
  readonly labelSelector: Labels;
}

export interface StopCollectingMetrics extends Placed {
  readonly opcode: "stopCollectingMetrics";
}

export interface StartCollectingProfile extends Placed {
  readonly opcode: "startCollectingProfile";
  readonly type: string;
  /** As written: relative to where results go. */
  readonly filePath: string;
}

export interface StopCollectingProfile extends Placed {
  readonly opcode: "stopCollectingProfile";
  readonly type: string;
}

/** Understood as a name, not carried out: a workload that has one cannot be run. */
export interface Unsupported extends Placed {
  readonly opcode: "unsupported";
  readonly written: UnsupportedOpcode;
  readonly reason: string;
}

/** createPodSets is not among them: it is written out as its createPods. */
export type Op =
  | CreateNodes
  | CreateNamespaces
  | CreatePods
  | CreateAny
  | UpdateAny
  | DeletePods
  | Churn
  | Barrier
  | Sleep
  | StartCollectingMetrics
  | StopCollectingMetrics
  | StartCollectingProfile
  | StopCollectingProfile
  | Unsupported;

/** Why some operations and objects are not supported. */
export const DRA = "needs dynamic resource allocation";
export const POD_GROUPS = "needs scheduling of Pod groups";

/** Opcode -> why it cannot be carried out. */
export const UNSUPPORTED_OPCODES = {
  allocResourceClaims: DRA,
  createResourceClaims: DRA,
  createResourceDriver: DRA,
  updateDeviceConditions: DRA,
  checkPodScheduled: DRA,
  createPodGroups: POD_GROUPS,
  waitForPodGroups: POD_GROUPS,
} as const;

export type UnsupportedOpcode = keyof typeof UNSUPPORTED_OPCODES;
