// POST pods/NAME/eviction: a deletion that the Pod's disruption budget must allow.
// Source: pkg/registry/core/pod/storage/eviction.go.
import { decodedBody } from "../object-codec.js";
import { kindNamed } from "../../../api/kinds/kinds.js";
import type { KubeObject, LabelSelector } from "../../../api/meta.js";
import { matchesSelector } from "../../../api/selector.js";
import { StatusError } from "../../../api/status.js";
import { present } from "../../../base/assert.js";
import type { ApiResponse } from "../../protocol/api-request.js";
import { admissionRequest } from "../registry/admission-steps.js";
import { badRequest, notFound } from "../registry/api-failures.js";
import { deleteNamed } from "../registry/delete-object.js";
import { DELETE_DEFAULTS, type DeleteBody, parsedDeleteOptions } from "../registry/delete-options.js";
import { current } from "../registry/read-object.js";
import { prefixOf, type ResourceCall, timestamp } from "../registry/resource-call.js";
import { storageKey } from "../storage/storage-key.js";
import type { SpecObject } from "../strategy/strategy.js";
import { success } from "./success.js";

const EVICTION = { group: "policy", version: "v1", kind: "Eviction" };
const PDB = present(kindNamed("policy", "PodDisruptionBudget"), "the kind PodDisruptionBudget");
/** A budget that was changed and not yet looked at is looked at soon. */
const UNPROCESSED_RETRY_SECONDS = 10;
const DISRUPTED_PODS_MAX = 2000;
const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";

interface DisruptionBudget extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelector; readonly unhealthyPodEvictionPolicy?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly disruptionsAllowed?: number;
    readonly desiredHealthy?: number;
    readonly currentHealthy?: number;
    readonly disruptedPods?: Readonly<Record<string, string>>;
  };
}

export async function evictPod(call: ResourceCall): Promise<ApiResponse> {
  const { registry, info, request } = call;
  const eviction = decodedBody(request, EVICTION).object;
  if (eviction.metadata.name && eviction.metadata.name !== info.name)
    throw badRequest("name in URL does not match name in Eviction object");
  const { deleteOptions } = eviction as { deleteOptions?: DeleteBody };
  const options = deleteOptions ? parsedDeleteOptions(call, deleteOptions) : DELETE_DEFAULTS;
  await registry.admission.validate(
    admissionRequest(call, { operation: "CREATE", subresource: "eviction", oldObject: null }, eviction),
  );
  await registry.objects.fresh();
  const pod: SpecObject = current(call);
  const budget = needsNoBudget(pod) ? null : budgetOf(call, pod);
  if (budget !== null && !isUnhealthyExempt(pod, budget))
    await takeDisruption(call, budget.metadata.name, pod);
  await deleteNamed(call, info.name, options);
  return success(201);
}

/** It does not count as available, so taking it away disrupts nothing. */
function needsNoBudget(pod: SpecObject): boolean {
  const phase = pod.status?.["phase"];
  return (
    phase === "Pending" ||
    phase === "Succeeded" ||
    phase === "Failed" ||
    pod.metadata.deletionTimestamp !== undefined
  );
}

function budgetOf(call: ResourceCall, pod: SpecObject): DisruptionBudget | null {
  const { registry, info } = call;
  const budgets: DisruptionBudget[] = [];
  for (const { object } of registry.objects.cache(prefixOf(PDB)).entries(info.namespace)) {
    const { selector } = (object as DisruptionBudget).spec ?? {};
    if (selector !== undefined && matchesSelector(pod.metadata.labels, selector))
      budgets.push(object as DisruptionBudget);
  }
  if (budgets.length > 1)
    throw new StatusError(
      "InternalError",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  return budgets[0] ?? null;
}

/** A Pod that is not ready may go when its budget says so, or when enough others are healthy. */
function isUnhealthyExempt(pod: SpecObject, { spec, status }: DisruptionBudget): boolean {
  if (isReady(pod)) return false;
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const desired = status?.desiredHealthy ?? 0;
  return desired > 0 && (status?.currentHealthy ?? 0) >= desired;
}

function isReady(pod: SpecObject): boolean {
  const conditions =
    (pod.status?.["conditions"] as readonly { type: string; status: string }[] | undefined) ?? [];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

/** Counts the disruption in the budget before it happens, so that two evictions cannot share one. */
async function takeDisruption(call: ResourceCall, name: string, pod: KubeObject): Promise<void> {
  const { registry, info } = call;
  const prefix = prefixOf(PDB);
  await registry.objects.update(
    prefix,
    storageKey(prefix, info.namespace, name),
    (budget: DisruptionBudget) => {
      checkBudget(budget);
      if (call.isDryRun) return budget;
      const { status } = budget;
      return {
        ...budget,
        status: {
          ...status,
          disruptionsAllowed: (status?.disruptionsAllowed ?? 0) - 1,
          disruptedPods: { ...status?.disruptedPods, [pod.metadata.name]: timestamp(registry.timers) },
        },
      } as DisruptionBudget;
    },
    () => notFound(PDB, name),
  );
}

/** @throws {StatusError} TooManyRequests, Forbidden */
function checkBudget({ metadata, status = {} }: DisruptionBudget): void {
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0, disruptedPods = {} } = status;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    throw violation(
      `The disruption budget ${metadata.name} is still being processed by the server.`,
      UNPROCESSED_RETRY_SECONDS,
    );
  if (disruptionsAllowed < 0)
    throw new StatusError("Forbidden", `pdb "${metadata.name}": pdb disruptions allowed is negative`);
  if (Object.keys(disruptedPods).length > DISRUPTED_PODS_MAX)
    throw new StatusError(
      "Forbidden",
      `pdb "${metadata.name}": DisruptedPods map too big - too many evictions not confirmed by PDB controller`,
    );
  if (disruptionsAllowed === 0)
    throw violation(
      `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
      0,
    );
}

/** Without seconds, clients try again by their own measure. */
function violation(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError("TooManyRequests", VIOLATION, {
    causes: [{ reason: "DisruptionBudget", message }],
    ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
  });
}
