// Columns of what runs Pods: groups apps, batch, autoscaling, and ReplicationController.
// Source: pkg/printers/internalversion/printers.go.
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from "kubernetes-types/apps/v1.js";
import type { Scale } from "kubernetes-types/autoscaling/v1.js";
import type { CronJob, Job } from "kubernetes-types/batch/v1.js";
import type { PodTemplateSpec, ReplicationController } from "kubernetes-types/core/v1.js";
import { groupVersionOf } from "../kinds/kinds.js";
import type { LabelSelector } from "../meta.js";
import { ageOf, humanDuration } from "./human-duration.js";
import { labelsText, selectorText } from "./label-text.js";
import { type Columns, joined, namedColumns } from "./printer-columns.js";

interface Templated {
  readonly spec?: { readonly template?: PodTemplateSpec };
}

function containersOf({ spec }: Templated): string {
  return joined(spec?.template?.spec?.containers, ({ name }) => name);
}

function imagesOf({ spec }: Templated): string {
  return joined(spec?.template?.spec?.containers, ({ image }) => image);
}

function withTemplate<Kind extends Templated>(columns: Columns<Kind>): Columns<Kind> {
  return columns.wide("Containers", containersOf).wide("Images", imagesOf);
}

/** kubernetes-types' selectors have any string for an operator. */
function selectorOr(nothing: string, selector: unknown): string {
  return selectorText(selector as LabelSelector | undefined) || nothing;
}

export const DEPLOYMENT_COLUMNS = withTemplate(
  namedColumns<Deployment>()
    .text("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`)
    .text("Up-to-date", ({ status }) => status?.updatedReplicas ?? 0)
    .text("Available", ({ status }) => status?.availableReplicas ?? 0)
    .age(),
).wide("Selector", ({ spec }) => selectorOr("", spec?.selector)).list;

export const REPLICA_SET_COLUMNS = withTemplate(
  namedColumns<ReplicaSet>()
    .integer("Desired", ({ spec }) => spec?.replicas ?? 0)
    .integer("Current", ({ status }) => status?.replicas ?? 0)
    .integer("Ready", ({ status }) => status?.readyReplicas ?? 0)
    .age(),
).wide("Selector", ({ spec }) => selectorOr("<none>", spec?.selector)).list;

export const REPLICATION_CONTROLLER_COLUMNS = withTemplate(
  namedColumns<ReplicationController>()
    .integer("Desired", ({ spec }) => spec?.replicas ?? 0)
    .integer("Current", ({ status }) => status?.replicas ?? 0)
    .integer("Ready", ({ status }) => status?.readyReplicas ?? 0)
    .age(),
).wide("Selector", ({ spec }) => labelsText(spec?.selector)).list;

export const STATEFUL_SET_COLUMNS = withTemplate(
  namedColumns<StatefulSet>()
    .text("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`)
    .age(),
).list;

export const DAEMON_SET_COLUMNS = withTemplate(
  namedColumns<DaemonSet>()
    .integer("Desired", ({ status }) => status?.desiredNumberScheduled ?? 0)
    .integer("Current", ({ status }) => status?.currentNumberScheduled ?? 0)
    .integer("Ready", ({ status }) => status?.numberReady ?? 0)
    .integer("Up-to-date", ({ status }) => status?.updatedNumberScheduled ?? 0)
    .integer("Available", ({ status }) => status?.numberAvailable ?? 0)
    .text("Node Selector", ({ spec }) => labelsText(spec?.template.spec?.nodeSelector))
    .age(),
).wide("Selector", ({ spec }) => selectorOr("<none>", spec?.selector)).list;

export const CONTROLLER_REVISION_COLUMNS = namedColumns<ControllerRevision>()
  .text("Controller", controllerText)
  .text("Revision", ({ revision }) => revision)
  .age().list;

/** "statefulset.apps/web" */
function controllerText({ metadata }: ControllerRevision): string {
  const owner = (metadata?.ownerReferences ?? []).find(({ controller }) => controller === true);
  if (owner === undefined) return "<none>";
  const [group] = groupVersionOf(owner.apiVersion);
  return `${owner.kind}${group === "" ? "" : `.${group}`}`.toLowerCase().concat(`/${owner.name}`);
}

export const JOB_COLUMNS = withTemplate(
  namedColumns<Job>()
    .text("Status", jobStatus)
    .text("Completions", completionsText)
    .text("Duration", ({ status }, nowMs) => durationText(status?.startTime, status?.completionTime, nowMs))
    .age(),
).wide("Selector", ({ spec }) => selectorOr("<none>", spec?.selector)).list;

/** Condition -> what is shown for it, the first that holds. */
const JOB_ENDS = [
  ["Complete", "Complete"],
  ["Failed", "Failed"],
  [null, "Terminating"],
  ["Suspended", "Suspended"],
  ["FailureTarget", "FailureTarget"],
  ["SuccessCriteriaMet", "SuccessCriteriaMet"],
] as const;

function jobStatus({ metadata, status }: Job): string {
  for (const [condition, shown] of JOB_ENDS) {
    const found = (status?.conditions ?? []).find(({ type }) => type === condition);
    if (condition === null ? metadata?.deletionTimestamp !== undefined : found?.status === "True")
      return shown;
  }
  return "Running";
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  const parallelism = spec?.parallelism ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText(start: string | undefined, end: string | undefined, nowMs: number): string {
  if (start === undefined) return "";
  return humanDuration((end === undefined ? nowMs : Date.parse(end)) - Date.parse(start));
}

export const CRON_JOB_COLUMNS = namedColumns<CronJob>()
  .text("Schedule", ({ spec }) => spec?.schedule ?? "")
  .text("Timezone", ({ spec }) => spec?.timeZone ?? "<none>")
  .boolean("Suspend", ({ spec }) => suspendText(spec?.suspend))
  .integer("Active", ({ status }) => status?.active?.length ?? 0)
  .text("Last Schedule", ({ status }, nowMs) =>
    status?.lastScheduleTime === undefined ? "<none>" : ageOf(status.lastScheduleTime, nowMs),
  )
  .age()
  .wide("Containers", ({ spec }) => containersOf(spec?.jobTemplate ?? {}))
  .wide("Images", ({ spec }) => imagesOf(spec?.jobTemplate ?? {}))
  .wide("Selector", ({ spec }) => selectorOr("<none>", spec?.jobTemplate.spec?.selector)).list;

function suspendText(isSuspended: boolean | undefined): string {
  if (isSuspended === undefined) return "<unset>";
  return isSuspended ? "True" : "False";
}

export const SCALE_COLUMNS = namedColumns<Scale>()
  .integer("Desired", ({ spec }) => spec?.replicas ?? 0)
  .integer("Available", ({ status }) => status?.replicas ?? 0)
  .age().list;
