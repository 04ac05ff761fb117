// Columns of HorizontalPodAutoscaler, in both of its versions.
// Source: pkg/printers/internalversion/printers.go formatHPAMetrics.
import type { HorizontalPodAutoscaler as AutoscalerV1 } from "kubernetes-types/autoscaling/v1.js";
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricTarget,
  MetricValueStatus,
} from "kubernetes-types/autoscaling/v2.js";
import { firstOf, namedColumns } from "./printer-columns.js";

export const AUTOSCALER_COLUMNS = namedColumns<HorizontalPodAutoscaler & AutoscalerV1>()
  .text("Reference", ({ spec }) => `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`)
  .text("Targets", targetsText)
  .text("MinPods", ({ spec }) => String(spec?.minReplicas ?? "<unset>"))
  .text("MaxPods", ({ spec }) => spec?.maxReplicas ?? 0)
  .text("Replicas", ({ status }) => status?.currentReplicas ?? 0)
  .age().list;

const UNKNOWN = "<unknown>";
const METRICS_SHOWN = 2;

function targetsText({ spec, status }: HorizontalPodAutoscaler & AutoscalerV1): string {
  const cpu = spec?.targetCPUUtilizationPercentage;
  if (cpu !== undefined) return `cpu: ${percent(status?.currentCPUUtilizationPercentage) ?? UNKNOWN}/${cpu}%`;
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return "<none>";
  const texts = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index] ?? {}));
  return firstOf(texts, METRICS_SHOWN, ", ");
}

type Currents = Readonly<
  Partial<
    Record<"external" | "object" | "pods" | "resource" | "containerResource", { current?: MetricValueStatus }>
  >
>;

function metricText(metric: MetricSpec, current: Currents): string {
  switch (metric.type) {
    case "External":
      return valueText(metric.external?.target, current.external?.current);
    case "Object":
      return valueText(metric.object?.target, current.object?.current);
    case "Pods":
      return `${current.pods?.current?.averageValue ?? UNKNOWN}/${metric.pods?.target.averageValue}`;
    case "Resource":
      return `${metric.resource?.name}: ${shareText(metric.resource?.target, current.resource?.current)}`;
    case "ContainerResource":
      return `${metric.containerResource?.name}: ${shareText(metric.containerResource?.target, current.containerResource?.current)}`;
    default:
      return "<unknown type>";
  }
}

function valueText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined)
    return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
  return `${current?.value ?? UNKNOWN}/${target?.value}`;
}

function shareText(target: MetricTarget | undefined, current: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  return `${percent(current?.averageUtilization) ?? UNKNOWN}/${percent(target?.averageUtilization) ?? "<auto>"}`;
}

function percent(share: number | undefined): string | undefined {
  return share === undefined ? undefined : `${share}%`;
}
