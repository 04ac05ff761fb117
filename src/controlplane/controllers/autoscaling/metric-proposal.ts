// One metric of an autoscaler -> how many Pods it asks for, and what the status says of it.
// Source: pkg/controller/podautoscaler/horizontal.go (computeReplicasForMetric, computeStatusFor*).
import { amountText } from "../../../api/amount.js";
import type { LabelSelector } from "../../../api/meta.js";
import { quantityMilliValue } from "../../../api/quantity.js";
import type { Pod } from "../../client/object-types.js";
import {
  countByAverage,
  countByRatio,
  countByShare,
  countByUtilization,
  type CountInput,
  type PodMetrics,
  type Tolerances,
} from "./replica-count.js";

/** Where measurements come from. Values are thousandths. Rejects when there are none. */
export interface MetricsSource {
  /** @param container null: the whole Pod */
  podResource(namespace: string, resource: string, container: string | null): Promise<PodMetrics>;
  podMetric(namespace: string, name: string, selector: LabelSelector | null): Promise<PodMetrics>;
  external(namespace: string, name: string, selector: LabelSelector | null): Promise<readonly number[]>;
  object(
    namespace: string,
    name: string,
    target: ObjectTarget,
    selector: LabelSelector | null,
  ): Promise<number>;
}

export interface ObjectTarget {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
}

interface Target {
  readonly type?: string;
  readonly value?: string | number;
  readonly averageValue?: string | number;
  readonly averageUtilization?: number;
}

interface NamedMetric {
  readonly name: string;
  readonly selector?: LabelSelector;
}

/** autoscaling/v2 MetricSpec. */
export interface MetricSpec {
  readonly type: string;
  readonly resource?: { readonly name: string; readonly target: Target };
  readonly containerResource?: { readonly name: string; readonly container: string; readonly target: Target };
  readonly pods?: { readonly metric: NamedMetric; readonly target: Target };
  readonly external?: { readonly metric: NamedMetric; readonly target: Target };
  readonly object?: {
    readonly describedObject: ObjectTarget;
    readonly metric: NamedMetric;
    readonly target: Target;
  };
}

export interface Proposal {
  readonly replicas: number;
  /** As events name it. */
  readonly name: string;
  readonly status: object;
}

export interface ProposalContext {
  readonly source: MetricsSource;
  readonly namespace: string;
  readonly pods: readonly Pod[];
  readonly currentReplicas: number;
  readonly statusReplicas: number;
  readonly tolerances: Tolerances;
  readonly nowMs: number;
}

/** Reasons of the condition ScalingActive when it fails. */
export const FAILURE_REASONS: Readonly<Record<string, string>> = {
  Resource: "FailedGetResourceMetric",
  ContainerResource: "FailedGetContainerResourceMetric",
  Pods: "FailedGetPodsMetric",
  External: "FailedGetExternalMetric",
  Object: "FailedGetObjectMetric",
};

/** Rejects with why it cannot be told. */
export async function propose(spec: MetricSpec, context: ProposalContext): Promise<Proposal> {
  if (spec.type === "Resource" && spec.resource !== undefined)
    return proposeResource(context, spec.resource, null);
  if (spec.type === "ContainerResource" && spec.containerResource !== undefined)
    return proposeResource(context, spec.containerResource, spec.containerResource.container);
  if (spec.type === "Pods" && spec.pods !== undefined) return proposePods(context, spec.pods);
  if (spec.type === "External" && spec.external !== undefined) return proposeExternal(context, spec.external);
  if (spec.type === "Object" && spec.object !== undefined) return proposeObject(context, spec.object);
  throw new Error(`unknown metric source type "${spec.type}"`);
}

async function proposeResource(
  context: ProposalContext,
  { name, target }: { readonly name: string; readonly target: Target },
  container: string | null,
): Promise<Proposal> {
  const metrics = await context.source.podResource(context.namespace, name, container);
  const input = inputOf(context, metrics, name === "cpu");
  const ofContainer = container === null ? {} : { container };
  const field = container === null ? "resource" : "containerResource";
  const type = container === null ? "Resource" : "ContainerResource";
  const label = container === null ? `${name} resource` : `${name} container resource`;
  const byValue = target.averageValue !== undefined;
  const count = byValue
    ? countByAverage(input, milli(target.averageValue))
    : countByUtilization(input, target.averageUtilization ?? 0, name, container);
  const current = {
    averageValue: amountText({ milli: count.average, isBinary: false }),
    ...(count.utilization === null ? {} : { averageUtilization: count.utilization }),
  };
  return {
    replicas: count.replicas,
    name: `${label}${byValue ? "" : " utilization (percentage of request)"}`,
    status: { type, [field]: { name, ...ofContainer, current } },
  };
}

async function proposePods(
  context: ProposalContext,
  { metric, target }: { readonly metric: NamedMetric; readonly target: Target },
): Promise<Proposal> {
  const metrics = await context.source.podMetric(context.namespace, metric.name, metric.selector ?? null);
  const count = countByAverage(inputOf(context, metrics, false), milli(target.averageValue));
  const current = { averageValue: amountText({ milli: count.average, isBinary: false }) };
  return {
    replicas: count.replicas,
    name: `pods metric ${metric.name}`,
    status: { type: "Pods", pods: { metric, current } },
  };
}

async function proposeExternal(
  context: ProposalContext,
  { metric, target }: { readonly metric: NamedMetric; readonly target: Target },
): Promise<Proposal> {
  const values = await context.source.external(context.namespace, metric.name, metric.selector ?? null);
  const usage = values.reduce((sum, value) => sum + value, 0);
  const { replicas, current } = byTotal(context, usage, target);
  const name = `external metric ${metric.name}(${JSON.stringify(metric.selector ?? null)})`;
  return { replicas, name, status: { type: "External", external: { metric, current } } };
}

async function proposeObject(
  context: ProposalContext,
  spec: MetricSpec["object"] & object,
): Promise<Proposal> {
  const { metric, target, describedObject } = spec;
  const { source, namespace } = context;
  const usage = await source.object(namespace, metric.name, describedObject, metric.selector ?? null);
  const { replicas, current } = byTotal(context, usage, target);
  const name = `${describedObject.kind} metric ${metric.name}`;
  return { replicas, name, status: { type: "Object", object: { metric, describedObject, current } } };
}

function byTotal(
  context: ProposalContext,
  usage: number,
  target: Target,
): { readonly replicas: number; readonly current: object } {
  const { statusReplicas, tolerances } = context;
  if (target.averageValue !== undefined) {
    const replicas = countByShare(statusReplicas, tolerances, usage, milli(target.averageValue));
    const each = statusReplicas === 0 ? 0 : Math.ceil(usage / statusReplicas);
    return { replicas, current: { averageValue: amountText({ milli: each, isBinary: false }) } };
  }
  const replicas = countByRatio(inputOf(context, new Map(), false), usage / milli(target.value));
  return { replicas, current: { value: amountText({ milli: usage, isBinary: false }) } };
}

function inputOf(context: ProposalContext, metrics: PodMetrics, isCpu: boolean): CountInput {
  const { currentReplicas, pods, tolerances, nowMs } = context;
  return { currentReplicas, pods, metrics, tolerances, isCpu, nowMs };
}

function milli(quantity: string | number | undefined): number {
  return quantityMilliValue(quantity ?? 0) ?? 0;
}
