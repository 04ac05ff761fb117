// What of a workload cannot be carried out, found before anything runs: operations, and objects that operations make.
// Objects are judged by what the template gives for index 0.
import type { SourcePosition } from "../../base/errors.js";
import type { TemplateObject, TemplateStore } from "./object-template.js";
import { DRA, type Op, POD_GROUPS } from "./ops.js";
import type { ResolvedWorkload } from "./test-case.js";

export interface UnsupportedPart {
  readonly at: SourcePosition;
  /** "createPodGroups", "ResourceSlice", "Pod with resourceClaims" */
  readonly what: string;
  readonly reason: string;
}

/** API group -> why none of its objects is understood. */
const GROUPS: Readonly<Record<string, string>> = {
  "resource.k8s.io": DRA,
  // PriorityClass alone of this group is understood.
  "scheduling.k8s.io": POD_GROUPS,
};

/** Fields of a Pod's spec -> why they are not understood. */
const POD_FIELDS: Readonly<Record<string, string>> = {
  resourceClaims: DRA,
  schedulingGroup: POD_GROUPS,
  workloadRef: POD_GROUPS,
};

/** Empty when the workload can be run. */
export function unsupportedIn(
  workload: ResolvedWorkload,
  templates: TemplateStore,
): readonly UnsupportedPart[] {
  return workload.ops.flatMap((op): readonly UnsupportedPart[] =>
    op.opcode === "unsupported"
      ? [{ at: op.at, what: op.written, reason: op.reason }]
      : objectsOf(op, templates).flatMap((object) => unsupportedObject(object, op.at)),
  );
}

function objectsOf(op: Op, templates: TemplateStore): readonly TemplateObject[] {
  switch (op.opcode) {
    case "createPods":
      if (op.podTemplatePath === null || op.count === 0) return [];
      return [templates.open(op.podTemplatePath).at({ ...op.templateParams, Index: 0, Count: op.count })];
    case "createAny":
      return [templates.open(op.templatePath).at({ ...op.templateParams, Index: 0, Count: op.count })];
    case "updateAny":
      return [templates.open(op.templatePath).at({ Index: 0, Count: op.count })];
    case "churn":
      return op.templatePaths.map((path) => templates.open(path).at({ Index: 0, Count: 1 }));
    default:
      return [];
  }
}

function unsupportedObject(object: TemplateObject, at: SourcePosition): readonly UnsupportedPart[] {
  const { kind, apiVersion, spec } = object;
  const reason = kind === "PriorityClass" ? undefined : GROUPS[apiVersion.split("/")[0] as string];
  if (reason !== undefined) return [{ at, what: kind, reason }];
  if (kind !== "Pod") return [];
  return Object.entries(POD_FIELDS)
    .filter(([field]) => spec?.[field] !== undefined)
    .map(([field, why]) => ({ at, what: `Pod with ${field}`, reason: why }));
}
