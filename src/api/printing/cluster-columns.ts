// Columns of nodes, namespaces, what is configured in them and what limits them.
// Source: pkg/printers/internalversion/printers.go.
import type { Lease } from "kubernetes-types/coordination/v1.js";
import type {
  ComponentStatus,
  ConfigMap,
  Namespace,
  Node,
  ResourceQuota,
  Secret,
  ServiceAccount,
} from "kubernetes-types/core/v1.js";
import type { RuntimeClass } from "kubernetes-types/node/v1.js";
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.js";
import type { FlowSchema, PriorityLevelConfiguration } from "kubernetes-types/flowcontrol/v1.js";
import type { PriorityClass } from "kubernetes-types/scheduling/v1.js";
import { namedColumns } from "./printer-columns.js";

export const NODE_COLUMNS = namedColumns<Node>()
  .text("Status", nodeStatus)
  .text("Roles", rolesText)
  .age()
  .text("Version", ({ status }) => status?.nodeInfo?.kubeletVersion ?? "")
  .wide("Internal-IP", (node) => addressText(node, "InternalIP"))
  .wide("External-IP", (node) => addressText(node, "ExternalIP"))
  .wide("OS-Image", ({ status }) => status?.nodeInfo?.osImage || "<unknown>")
  .wide("Kernel-Version", kernelText)
  .wide("Container-Runtime", ({ status }) => status?.nodeInfo?.containerRuntimeVersion || "<unknown>").list;

function nodeStatus({ spec, status }: Node): string {
  const ready = (status?.conditions ?? []).findLast(({ type }) => type === "Ready");
  const text = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

const ROLE_PREFIX = "node-role.kubernetes.io/";

function rolesText({ metadata }: Node): string {
  const labels = Object.entries(metadata?.labels ?? {});
  const roles = labels.map(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.slice(ROLE_PREFIX.length);
    return key === "kubernetes.io/role" ? value : "";
  });
  return [...new Set(roles.filter((role) => role !== ""))].sort().join(",") || "<none>";
}

function addressText({ status }: Node, wanted: string): string {
  return (status?.addresses ?? []).find(({ type }) => type === wanted)?.address ?? "<none>";
}

function kernelText({ status }: Node): string {
  const { kernelVersion, architecture } = status?.nodeInfo ?? {};
  return (kernelVersion || "<unknown>") + (architecture ? ` (${architecture})` : "");
}

export const NAMESPACE_COLUMNS = namedColumns<Namespace>()
  .text("Status", ({ status }) => status?.phase ?? "")
  .age().list;

export const CONFIG_MAP_COLUMNS = namedColumns<ConfigMap>()
  .text("Data", ({ data, binaryData }) => sizeOf(data) + sizeOf(binaryData))
  .age().list;

export const SECRET_COLUMNS = namedColumns<Secret>()
  .text("Type", ({ type }) => type ?? "")
  .text("Data", ({ data }) => sizeOf(data))
  .age().list;

function sizeOf(map: object | undefined): number {
  return Object.keys(map ?? {}).length;
}

export const SERVICE_ACCOUNT_COLUMNS = namedColumns<ServiceAccount>().age().list;

export const QUOTA_COLUMNS = namedColumns<ResourceQuota>()
  .text("Request", (quota) => quotaText(quota, (resource) => !resource.startsWith("limits.")))
  .text("Limit", (quota) => quotaText(quota, (resource) => resource.startsWith("limits.")))
  .age().list;

function quotaText({ status }: ResourceQuota, isShown: (resource: string) => boolean): string {
  const resources = Object.keys(status?.hard ?? {})
    .filter(isShown)
    .sort();
  return resources
    .map((resource) => `${resource}: ${status?.used?.[resource] ?? "0"}/${status?.hard?.[resource]}`)
    .join(", ");
}

export const BUDGET_COLUMNS = namedColumns<PodDisruptionBudget>()
  .text("Min Available", ({ spec }) => String(spec?.minAvailable ?? "N/A"))
  .text("Max Unavailable", ({ spec }) => String(spec?.maxUnavailable ?? "N/A"))
  .integer("Allowed Disruptions", ({ status }) => status?.disruptionsAllowed ?? 0)
  .age().list;

export const LEASE_COLUMNS = namedColumns<Lease>()
  .text("Holder", ({ spec }) => spec?.holderIdentity ?? "")
  .age().list;

export const PRIORITY_CLASS_COLUMNS = namedColumns<PriorityClass>()
  .integer("Value", ({ value }) => value)
  .boolean("Global-Default", ({ globalDefault }) => globalDefault ?? false)
  .age()
  .text("PreemptionPolicy", ({ preemptionPolicy }) => preemptionPolicy ?? "").list;

export const FLOW_SCHEMA_COLUMNS = namedColumns<FlowSchema>()
  .text("PriorityLevel", ({ spec }) => spec?.priorityLevelConfiguration.name ?? "")
  .text("MatchingPrecedence", ({ spec }) => spec?.matchingPrecedence ?? 0)
  .text("DistinguisherMethod", ({ spec }) => spec?.distinguisherMethod?.type ?? "<none>")
  .age()
  .text(
    "MissingPL",
    ({ status }) => status?.conditions?.find(({ type }) => type === "Dangling")?.status ?? "?",
  ).list;

export const PRIORITY_LEVEL_COLUMNS = namedColumns<PriorityLevelConfiguration>()
  .text("Type", ({ spec }) => spec?.type ?? "")
  .text("NominalConcurrencyShares", ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? "<none>")
  .text("Queues", ({ spec }) => spec?.limited?.limitResponse?.queuing?.queues ?? "<none>")
  .text("HandSize", ({ spec }) => spec?.limited?.limitResponse?.queuing?.handSize ?? "<none>")
  .text("QueueLengthLimit", ({ spec }) => spec?.limited?.limitResponse?.queuing?.queueLengthLimit ?? "<none>")
  .age().list;

export const RUNTIME_CLASS_COLUMNS = namedColumns<RuntimeClass>()
  .text("Handler", ({ handler }) => handler)
  .age().list;

export const COMPONENT_STATUS_COLUMNS = namedColumns<ComponentStatus>()
  .text("Status", (component) => {
    const healthy = healthOf(component);
    return healthy === undefined ? "Unknown" : healthy.status === "True" ? "Healthy" : "Unhealthy";
  })
  .text("Message", (component) => healthOf(component)?.message ?? "")
  .text("Error", (component) => healthOf(component)?.error ?? "").list;

function healthOf({
  conditions,
}: ComponentStatus): NonNullable<ComponentStatus["conditions"]>[number] | undefined {
  return (conditions ?? []).find(({ type }) => type === "Healthy");
}
