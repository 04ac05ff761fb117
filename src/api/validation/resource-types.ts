// Names of what can be limited for a namespace.
// Source: pkg/apis/core/helper/helpers.go (standardResources, standardQuotaResources).
import { type Failure, invalidValue } from "./failure.js";
import { qualifiedName } from "./names.js";

export const POD_RESOURCES = [
  "pods",
  "cpu",
  "memory",
  "limits.cpu",
  "limits.memory",
  "requests.cpu",
  "requests.memory",
];
export const CLAIM_RESOURCES = ["persistentvolumeclaims", "requests.storage"];

const QUOTA_RESOURCES: ReadonlySet<string> = new Set([
  ...POD_RESOURCES,
  ...CLAIM_RESOURCES,
  "ephemeral-storage",
  "requests.ephemeral-storage",
  "limits.ephemeral-storage",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "services.nodeports",
  "services.loadbalancers",
]);
const HUGE_PAGES = /^(requests\.)?hugepages-/;

export const isQuotaResource = (name: string) => QUOTA_RESOURCES.has(name) || HUGE_PAGES.test(name);

/** @returns whether the name is well-formed and known or qualified */
export function checkResourceType(name: string, path: string, failures: Failure[]): boolean {
  const whys = qualifiedName(name);
  for (const why of whys) failures.push(invalidValue(path, name, why));
  if (whys.length > 0 || name.includes("/") || name === "storage" || isQuotaResource(name))
    return whys.length === 0;
  failures.push(invalidValue(path, name, "must be a standard resource type or fully qualified"));
  return false;
}
