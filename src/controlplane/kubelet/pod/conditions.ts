// A Pod's conditions from what its containers do.
// Source: kubernetes pkg/kubelet/status/generate.go, kubelet_pods.go generateAPIPodStatus.
import { type ContainerStatus, isSidecar, type PodCondition, type PodSpec } from "./pod.js";
import type { PodPhase } from "./phase.js";

/** Conditions that the kubelet writes; all others belong to whoever wrote them and are kept. */
export const OWNED_CONDITIONS: ReadonlySet<string> = new Set([
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
]);

export interface ConditionInput {
  readonly spec: PodSpec;
  readonly phase: PodPhase;
  /** Of init and other containers; empty: nothing is known. */
  readonly statuses: readonly ContainerStatus[];
  /** There is a sandbox and it has a network. */
  readonly hasSandbox: boolean;
  /** What the Pod says now: for readiness gates and times of transition. */
  readonly current: readonly PodCondition[];
  /** RFC 3339. */
  readonly now: string;
}

type Verdict = Pick<PodCondition, "status" | "reason" | "message">;

const TRUE: Verdict = { status: "True" };

/** All conditions to write, foreign ones first as they were; what did not change keeps its time. */
export function podConditions(input: ConditionInput): PodCondition[] {
  const containersReady = containersReadyVerdict(input);
  const owned: readonly (readonly [type: string, verdict: Verdict])[] = [
    ["PodReadyToStartContainers", { status: input.hasSandbox ? "True" : "False" }],
    ["Initialized", initializedVerdict(input)],
    ["Ready", containersReady.status === "True" ? readinessGatesVerdict(input) : containersReady],
    ["ContainersReady", containersReady],
    ["PodScheduled", TRUE],
  ];
  const foreign = input.current.filter((condition) => !OWNED_CONDITIONS.has(condition.type));
  return [...foreign, ...owned.map(([type, verdict]) => stamped(type, verdict, input))];
}

function stamped(type: string, verdict: Verdict, input: ConditionInput): PodCondition {
  const before = input.current.find((condition) => condition.type === type);
  const since = before?.status === verdict.status ? before.lastTransitionTime : undefined;
  return { type, ...verdict, lastTransitionTime: since ?? input.now };
}

function containersReadyVerdict({ spec, phase, statuses }: ConditionInput): Verdict {
  if (statuses.length === 0) return { status: "False", reason: "UnknownContainerStatuses" };
  const watched = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers].map(
    (each) => each.name,
  );
  const { unknown, failing } = sorted(watched, statuses, (status) => status.ready);
  if (phase === "Succeeded" && unknown.length === 0) return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const message = complaint(unknown, failing, "unready");
  return message === "" ? TRUE : { status: "False", reason: "ContainersNotReady", message };
}

function readinessGatesVerdict({ spec, current }: ConditionInput): Verdict {
  const complaints = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = current.find((each) => each.type === conditionType);
    if (condition === undefined)
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return condition.status === "True"
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  if (complaints.length === 0) return TRUE;
  return { status: "False", reason: "ReadinessGatesNotReady", message: complaints.join(", ") };
}

function initializedVerdict({ spec, phase, statuses }: ConditionInput): Verdict {
  const init = spec.initContainers ?? [];
  if (statuses.length === 0 && init.length > 0)
    return { status: "False", reason: "UnknownContainerStatuses" };
  const sidecars = new Set(init.filter(isSidecar).map((each) => each.name));
  const { unknown, failing } = sorted(
    init.map((each) => each.name),
    statuses,
    (status) => (sidecars.has(status.name) ? status.started === true : status.ready),
  );
  if (phase === "Succeeded" && unknown.length === 0) return { status: "True", reason: "PodCompleted" };
  if (hasStartedRegular(spec, statuses)) return TRUE;
  const message = complaint(unknown, failing, "incomplete");
  return message === "" ? TRUE : { status: "False", reason: "ContainersNotInitialized", message };
}

function hasStartedRegular(spec: PodSpec, statuses: readonly ContainerStatus[]): boolean {
  const regular = new Set(spec.containers.map((each) => each.name));
  return statuses.some(
    (status) =>
      regular.has(status.name) &&
      (status.state?.running !== undefined ||
        status.state?.terminated !== undefined ||
        status.lastState?.terminated !== undefined),
  );
}

function sorted(
  names: readonly string[],
  statuses: readonly ContainerStatus[],
  passes: (status: ContainerStatus) => boolean,
): { unknown: string[]; failing: string[] } {
  const unknown: string[] = [];
  const failing: string[] = [];
  for (const name of names) {
    const status = statuses.find((each) => each.name === name);
    if (status === undefined) unknown.push(name);
    else if (!passes(status)) failing.push(name);
  }
  return { unknown, failing };
}

function complaint(unknown: readonly string[], failing: readonly string[], what: string): string {
  return [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(" ")}]`] : []),
    ...(failing.length > 0 ? [`containers with ${what} status: [${failing.join(" ")}]`] : []),
  ].join(", ");
}
