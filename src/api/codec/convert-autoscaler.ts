// HorizontalPodAutoscalers of autoscaling/v1 and v2. v1 knows one metric, CPU utilization; what else a v2 object says
// travels in annotations, so that a client of v1 gives it back unharmed.
// Source: kubernetes pkg/apis/autoscaling/v1/conversion.go and annotations.go.
import type { KubeObject } from "../meta.js";
import { metricStatusToV1, metricStatusToV2, metricToV1, metricToV2 } from "./convert-metrics.js";

type Json = Readonly<Record<string, unknown>>;

interface Autoscaler extends KubeObject {
  readonly spec?: Json;
  readonly status?: Json;
}

const METRICS = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";
const ROUND_TRIP: ReadonlySet<string> = new Set([
  METRICS,
  CURRENT_METRICS,
  CONDITIONS,
  BEHAVIOR,
  "autoscaling.alpha.kubernetes.io/scale-down-tolerance",
  "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
]);

export function autoscalerToV1(object: KubeObject): KubeObject {
  const { spec, status, ...rest } = object as Autoscaler;
  const { metrics, behavior, ...plainSpec } = spec ?? {};
  const { currentMetrics, conditions, ...plainStatus } = status ?? {};
  const all = listOf(metrics);
  const cpu = all.find((metric) => cpuUtilization(metric, "target") !== undefined);
  const others = all.filter((metric) => cpuUtilization(metric, "target") === undefined);
  const annotations = {
    ...withoutRoundTrip(object),
    ...annotation(METRICS, others.map(metricToV1)),
    ...annotation(CURRENT_METRICS, listOf(currentMetrics).map(metricStatusToV1)),
    ...(behavior === undefined ? {} : { [BEHAVIOR]: JSON.stringify(behaviorToGo(behavior as Json)) }),
    ...annotation(CONDITIONS, listOf(conditions)),
  };
  const current = listOf(currentMetrics)
    .map((metric) => cpuUtilization(metric, "current"))
    .find((utilization) => utilization !== undefined);
  return {
    ...rest,
    metadata: withAnnotations(object, annotations),
    spec: { ...plainSpec, ...named("targetCPUUtilizationPercentage", cpu && cpuUtilization(cpu, "target")) },
    status: { ...plainStatus, ...named("currentCPUUtilizationPercentage", current) },
  } as KubeObject;
}

export function autoscalerToV2(object: KubeObject): KubeObject {
  const { spec, status, ...rest } = object as Autoscaler;
  const { targetCPUUtilizationPercentage: target, ...plainSpec } = spec ?? {};
  const { currentCPUUtilizationPercentage: current, ...plainStatus } = status ?? {};
  const annotated = (name: string) => parseAnnotation(object, name);
  const behavior = annotated(BEHAVIOR);
  const metrics = [
    ...listOf(annotated(METRICS)).map(metricToV2),
    ...(target === undefined
      ? []
      : [cpuMetric("target", { type: "Utilization", averageUtilization: target })]),
  ];
  const kept = annotated(CURRENT_METRICS);
  const currentMetrics = Array.isArray(kept)
    ? listOf(kept).map(metricStatusToV2)
    : current === undefined
      ? []
      : [cpuMetric("current", { averageUtilization: current })];
  return {
    ...rest,
    metadata: withAnnotations(object, withoutRoundTrip(object)),
    spec: {
      ...plainSpec,
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(isRecord(behavior) ? { behavior: behaviorFromGo(behavior) } : {}),
    },
    status: {
      ...plainStatus,
      ...(currentMetrics.length === 0 ? {} : { currentMetrics }),
      ...named("conditions", annotated(CONDITIONS)),
    },
  } as KubeObject;
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function named(name: string, value: unknown): Json {
  return value === undefined ? {} : { [name]: value };
}

/** The one kind of metric that v1 has a field for. */
function cpuUtilization(metric: Json, where: "target" | "current"): unknown {
  const resource = metric["resource"];
  if (metric["type"] !== "Resource" || !isRecord(resource) || resource["name"] !== "cpu") return undefined;
  const value = resource[where];
  return isRecord(value) ? value["averageUtilization"] : undefined;
}

function cpuMetric(where: "target" | "current", value: Json): Json {
  return { type: "Resource", resource: { name: "cpu", [where]: value } };
}

function withoutRoundTrip(object: KubeObject): Readonly<Record<string, string>> {
  const all = Object.entries(object.metadata?.annotations ?? {});
  return Object.fromEntries(all.filter(([name]) => !ROUND_TRIP.has(name)));
}

function withAnnotations(object: KubeObject, annotations: Readonly<Record<string, string>>) {
  const { annotations: _, ...metadata } = object.metadata ?? {};
  return Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations };
}

function annotation(name: string, list: readonly unknown[]): Readonly<Record<string, string>> {
  return list.length === 0 ? {} : { [name]: JSON.stringify(list) };
}

/** undefined when there is none or it is no JSON: then it is left out, as upstream does. */
function parseAnnotation(object: KubeObject, name: string): unknown {
  const text = object.metadata?.annotations?.[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

// Upstream writes behavior with the names of Go fields, and nil as null.
const RULES = ["scaleUp", "scaleDown"] as const;
const RULE_FIELDS = ["stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"] as const;
const POLICY_FIELDS = ["type", "value", "periodSeconds"] as const;

function behaviorToGo(behavior: Json): Json {
  const policyToGo = (policy: Json) => goFields(policy, POLICY_FIELDS);
  const ruleToGo = (rule: unknown) =>
    isRecord(rule)
      ? {
          ...goFields(rule, RULE_FIELDS),
          Policies: rule["policies"] ? listOf(rule["policies"]).map(policyToGo) : null,
        }
      : null;
  return Object.fromEntries(RULES.map((name) => [capital(name), ruleToGo(behavior[name])]));
}

function goFields(object: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [capital(name), object[name] ?? null]));
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Names in either case; nulls are left out. */
function behaviorFromGo(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(behaviorFromGo);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(
    entries.map(([name, inner]) => [name.charAt(0).toLowerCase() + name.slice(1), behaviorFromGo(inner)]),
  );
}
