// What kubectl shows of a Pod: above all its status, which is no field but follows from phase, reasons, and the states of
// containers, the last word going to the container that comes first.
// Source: pkg/printers/internalversion/printers.go printPod.
import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodTemplate,
} from "kubernetes-types/core/v1.js";
import { ageOf } from "./human-duration.js";
import { labelsText } from "./label-text.js";
import { joined, namedColumns } from "./printer-columns.js";

export const POD_COLUMNS = namedColumns<Pod>()
  .text("Ready", (pod) => summaryOf(pod).ready)
  .text("Status", (pod) => summaryOf(pod).status)
  .text("Restarts", (pod, nowMs) => restartsText(summaryOf(pod), nowMs))
  .age()
  .wide("IP", ({ status }) => status?.podIPs?.[0]?.ip || status?.podIP || "<none>")
  .wide("Node", ({ spec }) => spec?.nodeName || "<none>")
  .wide("Nominated Node", ({ status }) => status?.nominatedNodeName || "<none>")
  .wide("Readiness Gates", gatesText).list;

export const POD_TEMPLATE_COLUMNS = namedColumns<PodTemplate>()
  .text("Containers", ({ template }) => joined(template?.spec?.containers, ({ name }) => name))
  .text("Images", ({ template }) => joined(template?.spec?.containers, ({ image }) => image))
  .text("Pod Labels", ({ template }) => labelsText(template?.metadata?.labels)).list;

interface PodSummary {
  /** "1/2" */
  readonly ready: string;
  readonly status: string;
  readonly restarts: number;
  /** RFC 3339; "": never. */
  readonly lastRestart: string;
}

/** Three columns ask in turn. */
let summarized: { readonly pod: Pod; readonly summary: PodSummary } | null = null;

function summaryOf(pod: Pod): PodSummary {
  if (summarized?.pod !== pod) summarized = { pod, summary: summarize(pod) };
  return summarized.summary;
}

/** Counts on the way through the containers. */
interface Tally {
  ready: number;
  restarts: number;
  lastRestart: string;
}

function summarize(pod: Pod): PodSummary {
  const { spec, status } = pod;
  const sidecars = (spec?.initContainers ?? []).filter(isSidecar);
  const tally: Tally = { ready: 0, restarts: 0, lastRestart: "" };
  const initial = initReason(pod, new Set(sidecars.map(({ name }) => name)), tally);
  let reason = initial ?? ownReason(pod);
  if (initial === null || hasCondition(pod, "Initialized")) reason = containersReason(pod, reason, tally);
  if (pod.metadata?.deletionTimestamp !== undefined) {
    if (status?.reason === "NodeLost") reason = "Unknown";
    else if (status?.phase !== "Succeeded" && status?.phase !== "Failed") reason = "Terminating";
  }
  const total = (spec?.containers.length ?? 0) + sidecars.length;
  return { ready: `${tally.ready}/${total}`, status: reason, ...tallied(tally) };
}

function tallied({ restarts, lastRestart }: Tally): Pick<PodSummary, "restarts" | "lastRestart"> {
  return { restarts, lastRestart };
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

function ownReason({ status }: Pod): string {
  const isGated = (status?.conditions ?? []).some(
    ({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated",
  );
  return isGated ? "SchedulingGated" : status?.reason || status?.phase || "";
}

function hasCondition({ status }: Pod, wanted: string): boolean {
  return (status?.conditions ?? []).some((each) => each.type === wanted && each.status === "True");
}

/** Why it is not initialized; null: it is, as far as its init containers say. Then only sidecars' restarts count. */
function initReason(pod: Pod, sidecars: ReadonlySet<string>, tally: Tally): string | null {
  const own: Tally = { ready: 0, restarts: 0, lastRestart: "" };
  const statuses = pod.status?.initContainerStatuses ?? [];
  let reason: string | null = null;
  for (const [index, each] of statuses.entries()) {
    const isSide = sidecars.has(each.name);
    countRestarts(own, each);
    if (isSide) countRestarts(tally, each);
    if (each.state?.terminated?.exitCode === 0) continue;
    if (isSide && each.started === true) {
      if (each.ready) tally.ready++;
      continue;
    }
    reason = `Init:${unfinishedReason(each.state, index, pod.spec?.initContainers?.length ?? 0)}`;
    break;
  }
  if (reason === null || hasCondition(pod, "Initialized")) return reason;
  tally.restarts = own.restarts;
  tally.lastRestart = own.lastRestart;
  return reason;
}

function unfinishedReason(state: ContainerState | undefined, index: number, count: number): string {
  if (state?.terminated !== undefined) return exitReason(state.terminated);
  const waiting = state?.waiting?.reason ?? "";
  return waiting !== "" && waiting !== "PodInitializing" ? waiting : `${index}/${count}`;
}

function exitReason({ reason, signal, exitCode }: NonNullable<ContainerState["terminated"]>): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

function countRestarts(tally: Tally, { restartCount, lastState }: ContainerStatus): void {
  tally.restarts += restartCount;
  const finished = lastState?.terminated?.finishedAt ?? "";
  if (finished !== "" && (tally.lastRestart === "" || Date.parse(tally.lastRestart) < Date.parse(finished)))
    tally.lastRestart = finished;
}

function containersReason(pod: Pod, before: string, tally: Tally): string {
  let reason = before;
  let failure = "";
  let isRunning = false;
  for (const each of (pod.status?.containerStatuses ?? []).toReversed()) {
    countRestarts(tally, each);
    const { waiting, terminated, running } = each.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated !== undefined) {
      reason = exitReason(terminated);
      if (terminated.exitCode !== 0) failure = reason;
    } else if (each.ready && running !== undefined) {
      isRunning = true;
      tally.ready++;
    }
  }
  if (reason !== "Completed") return reason;
  if (isRunning && hasCondition(pod, "Ready")) return "Running";
  return failure || (isRunning ? "NotReady" : reason);
}

function restartsText({ restarts, lastRestart }: PodSummary, nowMs: number): string {
  return restarts === 0 || lastRestart === ""
    ? String(restarts)
    : `${restarts} (${ageOf(lastRestart, nowMs)} ago)`;
}

function gatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  return `${gates.filter(({ conditionType }) => hasCondition(pod, conditionType)).length}/${gates.length}`;
}
