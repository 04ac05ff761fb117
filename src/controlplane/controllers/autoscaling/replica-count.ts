// Measured use of Pods -> how many there should be.
// Pods that are not measured count against a change: as idle when more are wanted, as fully used when fewer are.
// Source: pkg/controller/podautoscaler/replica_calculator.go, metrics/utilization.go.
import { quantityMilliValue } from "../../../api/quantity.js";
import type { Pod } from "../../client/object-types.js";
import { conditionOf } from "../harness/conditions.js";
import { isTerminating } from "../harness/pod-state.js";
import { timeMs } from "../harness/times.js";

export interface PodMetric {
  /** Thousandths. */
  readonly value: number;
  readonly timestampMs: number;
  readonly windowMs: number;
}

export type PodMetrics = ReadonlyMap<string, PodMetric>;

/** Deviation from the target that is let be, in both directions. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

export const TOLERANCES: Tolerances = { up: 0.1, down: 0.1 };

/** A Pod that starts uses more CPU than it will. */
const CPU_INITIALIZATION_MS = 300_000;
const INITIAL_READINESS_MS = 30_000;

export interface CountInput {
  readonly currentReplicas: number;
  readonly pods: readonly Pod[];
  readonly metrics: PodMetrics;
  readonly tolerances: Tolerances;
  readonly isCpu: boolean;
  readonly nowMs: number;
}

export interface Count {
  readonly replicas: number;
  /** Average of a Pod, thousandths. */
  readonly average: number;
  /** Percent of what is requested; null: no requests were asked about. */
  readonly utilization: number | null;
}

interface Groups {
  readonly ready: number;
  readonly unready: readonly string[];
  readonly missing: readonly string[];
  readonly measured: ReadonlyMap<string, number>;
}

/** @throws {Error} why it cannot be told */
export function countByAverage(input: CountInput, target: number): Count {
  const groups = groupPods(input);
  const ratioOf = (values: ReadonlyMap<string, number>): number => average(values) / target;
  const replicas = adjusted(input, groups, ratioOf, () => target);
  return { replicas, average: Math.floor(average(groups.measured)), utilization: null };
}

/** @param container null: all of the Pod @throws {Error} why it cannot be told */
export function countByUtilization(
  input: CountInput,
  target: number,
  resource: string,
  container: string | null,
): Count {
  const groups = groupPods(input);
  const requests = requestsOf(input.pods, resource, container);
  const utilizationOf = (values: ReadonlyMap<string, number>): number => utilization(values, requests);
  const fallback = (name: string): number =>
    Math.floor(((requests.get(name) ?? 0) * Math.max(100, target)) / 100);
  const replicas = adjusted(input, groups, (values) => utilizationOf(values) / target, fallback);
  return {
    replicas,
    average: Math.floor(average(groups.measured)),
    utilization: utilizationOf(groups.measured),
  };
}

/** By a number that is not of Pods. */
export function countByRatio({ currentReplicas, pods, tolerances }: CountInput, ratio: number): number {
  if (currentReplicas === 0) return Math.ceil(ratio);
  if (isWithin(ratio, tolerances)) return currentReplicas;
  if (pods.length === 0) throw new Error("no pods returned by selector while calculating replica count");
  const ready = pods.filter(
    ({ status }) => status?.phase === "Running" && conditionOf(status.conditions, "Ready")?.status === "True",
  );
  return Math.ceil(ratio * ready.length);
}

/** By a number that is shared out over the Pods. */
export function countByShare(
  statusReplicas: number,
  tolerances: Tolerances,
  usage: number,
  target: number,
): number {
  return isWithin(usage / (target * statusReplicas), tolerances) ? statusReplicas : Math.ceil(usage / target);
}

function isWithin(ratio: number, { up, down }: Tolerances): boolean {
  // 1.1 - 1 is more than 0.1 for a computer.
  return 1 - down <= ratio + 1e-9 && ratio - 1e-9 <= 1 + up;
}

function adjusted(
  { currentReplicas, tolerances }: CountInput,
  { ready, unready, missing, measured }: Groups,
  ratioOf: (values: ReadonlyMap<string, number>) => number,
  fallback: (name: string) => number,
): number {
  const ratio = ratioOf(measured);
  const countsUnready = unready.length > 0 && ratio > 1;
  if (!countsUnready && missing.length === 0)
    return isWithin(ratio, tolerances) ? currentReplicas : ceil(ratio * ready);
  const values = new Map(measured);
  if (ratio < 1) for (const name of missing) values.set(name, fallback(name));
  else if (ratio > 1) for (const name of missing) values.set(name, 0);
  if (countsUnready) for (const name of unready) values.set(name, 0);
  const again = ratioOf(values);
  const isTurned = (ratio < 1 && again > 1) || (ratio > 1 && again < 1);
  if (isWithin(again, tolerances) || isTurned) return currentReplicas;
  const replicas = ceil(again * values.size);
  const isAgainst = (again < 1 && replicas > currentReplicas) || (again > 1 && replicas < currentReplicas);
  return isAgainst ? currentReplicas : replicas;
}

/** 1.2 * 5 is a little more than 6 for a computer. */
function ceil(value: number): number {
  return Math.ceil(value - 1e-9);
}

function groupPods({ pods, metrics, isCpu, nowMs }: CountInput): Groups {
  if (pods.length === 0) throw new Error("no pods returned by selector while calculating replica count");
  const unready: string[] = [];
  const missing: string[] = [];
  const measured = new Map<string, number>();
  for (const pod of pods) {
    const { name } = pod.metadata;
    if (isTerminating(pod) || pod.status?.phase === "Failed") continue;
    const metric = metrics.get(name);
    if (pod.status?.phase === "Pending") unready.push(name);
    else if (metric === undefined) missing.push(name);
    else if (isCpu && isStarting(pod, metric, nowMs)) unready.push(name);
    else measured.set(name, metric.value);
  }
  if (measured.size === 0)
    throw new Error("did not receive metrics for targeted pods (pods might be unready)");
  return { ready: measured.size, unready, missing, measured };
}

function isStarting({ status }: Pod, metric: PodMetric, nowMs: number): boolean {
  const ready = conditionOf(status?.conditions, "Ready");
  const startMs = timeMs(status?.startTime);
  if (ready === undefined || startMs === 0) return true;
  const turnedMs = timeMs(ready.lastTransitionTime);
  if (startMs + CPU_INITIALIZATION_MS > nowMs)
    return ready.status === "False" || metric.timestampMs < turnedMs + metric.windowMs;
  return ready.status === "False" && startMs + INITIAL_READINESS_MS > turnedMs;
}

function average(values: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const value of values.values()) total += value;
  return total / values.size;
}

/** Whole percents, as upstream cuts them. */
function utilization(values: ReadonlyMap<string, number>, requests: ReadonlyMap<string, number>): number {
  let used = 0;
  let requested = 0;
  for (const [name, value] of values) {
    const request = requests.get(name);
    if (request === undefined) continue;
    used += value;
    requested += request;
  }
  if (requested === 0) throw new Error("no metrics returned matched known pods");
  return Math.floor((used * 100) / requested);
}

function requestsOf(
  pods: readonly Pod[],
  resource: string,
  container: string | null,
): ReadonlyMap<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, resource, container)]));
}

function requestOf({ spec, metadata }: Pod, resource: string, container: string | null): number {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  let total = 0;
  for (const { name, resources } of [...(spec?.containers ?? []), ...sidecars]) {
    if (container !== null && name !== container) continue;
    const request = resources?.requests?.[resource];
    if (request === undefined)
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`);
    total += quantityMilliValue(request) ?? 0;
  }
  return total;
}
