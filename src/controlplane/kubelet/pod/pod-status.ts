// The whole status of a Pod.
// Source: kubernetes pkg/kubelet/kubelet_pods.go generateAPIPodStatus.
import { podConditions } from "./conditions.js";
import { type ContainerView, containerStatus } from "./container-statuses.js";
import {
  type ContainerStatus,
  isTerminalPhase,
  type Pod,
  type PodCondition,
  type PodStatus,
  timestamp,
} from "./pod.js";
import { podPhase, type PodPhase } from "./phase.js";
import { qosClass } from "./qos.js";

/** The kubelet ended the Pod for a reason of its own: eviction, deadline, admission. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
  readonly condition: Omit<PodCondition, "lastTransitionTime"> | null;
}

export interface StatusInput {
  readonly pod: Pod;
  /** Of the spec's init containers, containers, ephemeral containers, in order. */
  readonly init: readonly ContainerView[];
  readonly main: readonly ContainerView[];
  readonly ephemeral: readonly ContainerView[];
  readonly hasSandbox: boolean;
  /** The sandbox's address, or the node's; "": none yet. */
  readonly podIP: string;
  readonly hostIP: string;
  /** When the kubelet first saw the Pod, ms of the wall clock. */
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Nothing will be started again. */
  readonly isTerminating: boolean;
  /** Nothing runs any more, nor will. */
  readonly isOver: boolean;
  readonly verdict: Verdict | null;
}

export function podStatus(input: StatusInput): PodStatus {
  const { pod } = input;
  const now = timestamp(input.nowMs);
  const current = pod.status ?? {};
  const hasInit = input.init.length > 0;
  const statusOf = (view: ContainerView, idle: string) =>
    input.isOver ? ended(containerStatus(view, idle)) : containerStatus(view, idle);
  const init = input.init.map((view) => statusOf(view, "PodInitializing"));
  const main = input.main.map((view) => statusOf(view, hasInit ? "PodInitializing" : "ContainerCreating"));
  // Nobody waits for them: no prober says that they are ready.
  const ephemeral = input.ephemeral.map((view) => ({ ...statusOf(view, "ContainerCreating"), ready: false }));
  const all = [...init, ...main];
  const phase = settledPhase(input, podPhase(pod.spec, all, input.isTerminating));
  const conditions = podConditions({
    spec: pod.spec,
    phase,
    statuses: all,
    hasSandbox: input.hasSandbox,
    current: current.conditions ?? [],
    now,
  });
  const { verdict } = input;
  return {
    ...reasonsOf(input, phase),
    phase,
    conditions:
      verdict === null || verdict.condition === null
        ? conditions
        : withCondition(conditions, verdict.condition, now),
    hostIP: input.hostIP,
    hostIPs: [{ ip: input.hostIP }],
    ...(input.podIP === "" ? {} : { podIP: input.podIP, podIPs: [{ ip: input.podIP }] }),
    startTime: timestamp(input.startedAtMs),
    ...(hasInit ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: current.qosClass ?? qosClass(pod.spec),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
}

/** What a Pod that is turned away says: nothing of it was ever made. */
export function rejectedStatus(pod: Pod, verdict: Verdict, nowMs: number): PodStatus {
  return {
    ...(pod.status?.conditions === undefined ? {} : { conditions: pod.status.conditions }),
    phase: "Failed",
    reason: verdict.reason,
    message: `Pod was rejected: ${verdict.message}`,
    startTime: timestamp(nowMs),
    qosClass: pod.status?.qosClass ?? qosClass(pod.spec),
  };
}

/** No way back from a phase that has an end. */
function settledPhase(input: StatusInput, computed: PodPhase): PodPhase {
  const said = input.pod.status?.phase;
  if (said !== undefined && isTerminalPhase(said)) return said as PodPhase;
  if (input.verdict !== null) return "Failed";
  // Ended before it got anywhere.
  return input.isOver && !isTerminalPhase(computed) ? "Failed" : computed;
}

/** A container that never ran ends as one of which nothing is known. */
function ended(status: ContainerStatus): ContainerStatus {
  if (status.state?.terminated !== undefined) return status;
  const terminated = {
    exitCode: 137,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was terminated",
  };
  return { ...status, ready: false, started: false, state: { terminated } };
}

function reasonsOf(input: StatusInput, phase: PodPhase): { reason?: string; message?: string } {
  if (input.verdict !== null) return { reason: input.verdict.reason, message: input.verdict.message };
  const current = input.pod.status;
  if (current === undefined || current.phase !== phase) return {};
  return {
    ...(current.reason === undefined ? {} : { reason: current.reason }),
    ...(current.message === undefined ? {} : { message: current.message }),
  };
}

function withCondition(
  conditions: readonly PodCondition[],
  condition: Omit<PodCondition, "lastTransitionTime">,
  now: string,
): PodCondition[] {
  const before = conditions.find((each) => each.type === condition.type);
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  return [
    ...conditions.filter((each) => each.type !== condition.type),
    { ...condition, lastTransitionTime: since ?? now },
  ];
}
