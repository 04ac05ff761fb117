// Operations as plain as they may be, for tests to say what they are about.
import type { CreateNodes, CreatePods } from "./ops.js";

export const AT = { file: "performance-config.yaml", line: 1, column: 1 };

/** One node of the kind that is made without a template. */
export const CREATE_NODES: CreateNodes = {
  opcode: "createNodes",
  at: AT,
  count: 1,
  nodeTemplatePath: null,
  templateParams: {},
  nodeAllocatableStrategy: null,
  labelNodePrepareStrategy: null,
  uniqueNodeLabelStrategy: null,
};

/** One such Pod, waited for, not measured. */
export const CREATE_PODS: CreatePods = {
  opcode: "createPods",
  at: AT,
  namespace: "test",
  count: 1,
  podTemplatePath: null,
  templateParams: {},
  collectMetrics: false,
  skipWaitToCompletion: false,
  steadyState: false,
  durationMs: 0,
  persistentVolumeTemplatePath: null,
  persistentVolumeClaimTemplatePath: null,
  signatureBatchSize: 0,
};
