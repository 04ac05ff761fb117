// ResourceQuotas: what a namespace may use in all. What a write adds is charged to every quota that it concerns before it
// is stored; the quota controller counts again now and then, which gives back what failed writes were charged.
// Concurrency: the check stands inside the change of the quota's status, which is repeated when another write comes
// between; so two writes cannot both take the last free place.
// Source: apiserver pkg/admission/plugin/resourcequota/controller.go.
import type { Container } from "kubernetes-types/core/v1.js";
import {
  type Amounts,
  amountsOf,
  amountText,
  differenceOf,
  type Quantities,
  quantitiesOf,
  sumOf,
} from "../../../api/amount.js";
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionRequest, Eventually } from "../access.js";
import { kindRow, type ObjectAccess } from "../object-access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";
import { type PodObject, podOf } from "./pod-parts.js";
import { isInScope, type ScopedSpec } from "./quota-scopes.js";
import { quotaUsage } from "./quota-usage.js";

const QUOTAS = kindRow("", "resourcequotas");
/** Only these can come to use more by an update. */
const GROWING: ReadonlySet<string> = new Set(["pods", "services", "persistentvolumeclaims"]);
/** What every container must ask for when a quota limits it. */
const REQUIRED_PART = /^(requests|limits)\.(cpu|memory)$/;

interface Quota extends KubeObject {
  readonly spec?: ScopedSpec & { readonly hard?: Quantities };
  readonly status?: { readonly hard?: Quantities; readonly used?: Quantities };
}

export function resourceQuota(objects: ObjectAccess): AdmissionPlugin {
  return {
    name: "ResourceQuota",
    operations: ["CREATE", "UPDATE"],
    resources: null,
    subresources: ["resize"],
    validate(request): Eventually<void> {
      const { kind, namespace, operation, subresource } = request;
      if (namespace === "" || (operation === "UPDATE" && !GROWING.has(kind.plural))) return;
      if (kind.plural === "pods" && operation === "UPDATE" && subresource !== "resize") return;
      const quotas = [...(objects.list(QUOTAS, namespace) as Iterable<Quota>)];
      if (quotas.length === 0) return;
      const added = addedUsage(request);
      const concerned = quotas.filter((quota) => concerns(quota, request, added));
      if (concerned.length === 0) return;
      return chargeAll(objects, request, added, concerned);
    },
  };
}

/** Of an update only what it uses more. */
function addedUsage({ kind, object, oldObject }: AdmissionRequest): Amounts {
  const usage = quotaUsage(kind, object as KubeObject);
  if (oldObject === null) return usage;
  const growth = differenceOf(usage, quotaUsage(kind, oldObject));
  return Object.fromEntries(Object.entries(growth).filter(([, amount]) => amount.milli > 0));
}

function concerns(quota: Quota, request: AdmissionRequest, added: Amounts): boolean {
  const limited = limitedBy(quota, added);
  if (request.kind.plural === "pods" && isInScope(quota.spec ?? {}, podOf(request))) {
    refuseUnstated(quota, request);
    return limited.length > 0;
  }
  return limited.length > 0 && isInScope(quota.spec ?? {}, null);
}

function limitedBy(quota: Quota, added: Amounts): readonly string[] {
  const hard = quota.status?.hard ?? {};
  return Object.keys(hard).filter((name) => added[name] !== undefined);
}

/** Where cpu or memory is limited, every container must say how much of it it wants. */
function refuseUnstated(quota: Quota, request: AdmissionRequest): void {
  if (request.operation === "UPDATE") return;
  const pod: PodObject = podOf(request);
  const containers = [...(pod.spec.containers ?? []), ...(pod.spec.initContainers ?? [])];
  const missing = Object.keys(quota.status?.hard ?? {})
    .sort()
    .flatMap((name) => {
      const without = containers
        .filter((container) => !states(container, name))
        .map((container) => container.name);
      return without.length === 0 ? [] : [`${name} for: ${without.sort().join(",")}`];
    });
  if (missing.length > 0)
    throw refused(request, `failed quota: ${quota.metadata.name}: must specify ${missing.join("; ")}`);
}

function states({ resources = {} }: Container, name: string): boolean {
  if (name === "cpu" || name === "memory") return resources.requests?.[name] !== undefined;
  const [, part, resource] = REQUIRED_PART.exec(name) ?? [];
  if (part === undefined || resource === undefined) return true;
  return resources[part as "requests" | "limits"]?.[resource] !== undefined;
}

async function chargeAll(
  objects: ObjectAccess,
  request: AdmissionRequest,
  added: Amounts,
  quotas: readonly Quota[],
): Promise<void> {
  // All are looked at before the first is charged.
  for (const quota of quotas) charged(quota, request, added);
  if (request.isDryRun) return;
  for (const { metadata } of quotas)
    await objects.update(QUOTAS, request.namespace, metadata.name, (current) =>
      charged(current, request, added),
    );
}

/** @throws {StatusError} Forbidden when it is too much */
function charged(quota: Quota, request: AdmissionRequest, added: Amounts): Quota {
  const { hard = {}, used = {} } = quota.status ?? {};
  const names = limitedBy(quota, added);
  const unknown = names.filter((name) => used[name] === undefined);
  if (unknown.length > 0)
    throw refused(
      request,
      `status unknown for quota: ${quota.metadata.name}, resources: ${unknown.sort().join(",")}`,
    );
  const requested = Object.fromEntries(names.map((name) => [name, added[name] as Amounts[string]]));
  const [before, limits] = [amountsOf(used), amountsOf(hard)];
  const after = sumOf(before, requested);
  const exceeded = names.filter(
    (name) => (requested[name]?.milli ?? 0) > 0 && (after[name]?.milli ?? 0) > (limits[name]?.milli ?? 0),
  );
  if (exceeded.length > 0)
    throw refused(
      request,
      `exceeded quota: ${quota.metadata.name}, requested: ${listed(requested, exceeded)}, used: ${listed(before, exceeded)}, limited: ${listed(limits, exceeded)}`,
    );
  return { ...quota, status: { ...quota.status, hard, used: quantitiesOf(after) } };
}

function listed(amounts: Amounts, names: readonly string[]): string {
  return [...names]
    .sort()
    .map((name) => `${name}=${amountText(amounts[name] as Amounts[string])}`)
    .join(",");
}
