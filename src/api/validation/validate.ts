// Whether an object may be stored: one row for each kind with what is checked of it, new or changed, beside what is
// checked of all.
// Objects have their defaults and are of the storage version. Cost: a Pod about 10 us.
import { groupVersionOf } from "../kinds/kinds.js";
import type { KubeObject } from "../meta.js";
import { StatusError } from "../status.js";
import type { Fields } from "./checks.js";
import { checkAutoscaler, checkAutoscalerUpdate, checkNewAutoscaler } from "./autoscalers.js";
import {
  checkCertificateRequest,
  checkLease,
  checkRuntimeClass,
  checkNode,
  checkNodeUpdate,
  checkPriorityClass,
  checkPriorityClassUpdate,
} from "./cluster-objects.js";
import type { Failure } from "./failure.js";
import { checkDisruptionBudget } from "./disruption-budgets.js";
import { checkEndpoints, checkEndpointSlice } from "./endpoints.js";
import { checkCoreEvent, checkEvent, checkEventUpdate, checkNewEvent } from "./events.js";
import { checkFlowSchema, checkPriorityLevel } from "./flow-control.js";
import { checkCronJob, checkJob, checkJobUpdate } from "./jobs.js";
import { checkLimitRange } from "./limit-ranges.js";
import { checkMetadata, checkMetadataUpdate } from "./metadata.js";
import {
  checkIngress,
  checkIngressClass,
  checkIngressClassUpdate,
  checkNetworkPolicy,
  checkNewIngress,
} from "./networking.js";
import { checkEphemeralContainers, checkResize } from "./pod-parts.js";
import { checkPodUpdate } from "./pod-updates.js";
import { checkNodeStatus, checkPodStatus } from "./pod-status.js";
import { checkPod, checkPodTemplate } from "./pods.js";
import { checkResourceQuota, checkResourceQuotaUpdate } from "./quotas.js";
import { checkRole, checkRoleBinding, checkRoleRefKept } from "./roles.js";
import { checkService, checkServiceUpdate } from "./services.js";
import {
  checkClaim,
  checkClaimUpdate,
  checkConfigMap,
  checkCsiDriver,
  checkSealed,
  checkSecret,
  checkVolume,
  checkVolumeUpdate,
  immutableFields,
} from "./storage.js";
import { checkIngressStatus, checkQuotaStatus, countsInStatus } from "./statuses.js";
import { checkStorageClass, checkVolumeAttachment } from "./storage-classes.js";
import {
  checkDaemonSet,
  checkDeployment,
  checkReplicaSet,
  checkReplicationController,
  checkSelectorKept,
  checkStatefulSet,
  checkStatefulSetUpdate,
} from "./workloads.js";

export type { Failure } from "./failure.js";

type ObjectCheck = (object: Fields, failures: Failure[]) => void;
type UpdateCheck = (next: KubeObject, current: KubeObject, failures: Failure[]) => void;

interface KindChecks {
  /** Of the object as it is, new or changed. */
  readonly object?: ObjectCheck;
  /** Of a new object, besides. */
  readonly created?: ObjectCheck;
  /** Of a change, besides. */
  readonly update?: UpdateCheck;
  /** Of a change through the subresource "status". */
  readonly status?: UpdateCheck;
  /** Of a change through another subresource. */
  readonly parts?: Readonly<Record<string, UpdateCheck>>;
  /** The change is all that is checked of an update: what is there already is taken as it is. */
  readonly updateOnly?: boolean;
}

const CHECKS: Readonly<Record<string, KindChecks>> = {
  "/ConfigMap": { object: checkConfigMap, update: checkSealed },
  "/Endpoints": { object: checkEndpoints },
  "/Event": { object: checkCoreEvent },
  "/LimitRange": { object: checkLimitRange },
  "/Node": { object: checkNode, update: checkNodeUpdate, status: checkNodeStatus },
  "/PersistentVolume": { object: checkVolume, update: checkVolumeUpdate },
  "/PersistentVolumeClaim": { object: checkClaim, update: checkClaimUpdate },
  "/Pod": {
    object: checkPod,
    update: checkPodUpdate,
    updateOnly: true,
    status: checkPodStatus,
    parts: { ephemeralcontainers: checkEphemeralContainers, resize: checkResize },
  },
  "/PodTemplate": {
    object: (object, failures) =>
      checkPodTemplate((object["template"] ?? {}) as Fields, "template", failures),
  },
  "/ReplicationController": { object: checkReplicationController },
  "/ResourceQuota": {
    object: checkResourceQuota,
    update: checkResourceQuotaUpdate,
    status: checkQuotaStatus,
  },
  "/Secret": { object: checkSecret, update: checkSealed },
  "/Service": { object: checkService, update: checkServiceUpdate },
  "apps/DaemonSet": { object: checkDaemonSet, update: checkSelectorKept },
  "apps/Deployment": { object: checkDeployment, update: checkSelectorKept },
  "apps/ReplicaSet": { object: checkReplicaSet, update: checkSelectorKept },
  "apps/StatefulSet": { object: checkStatefulSet, update: checkStatefulSetUpdate },
  "apps/ControllerRevision": { update: immutableFields("data") },
  "autoscaling/HorizontalPodAutoscaler": {
    object: checkAutoscaler,
    created: checkNewAutoscaler,
    update: checkAutoscalerUpdate,
    status: countsInStatus("currentReplicas", "desiredReplicas"),
  },
  "batch/CronJob": { object: checkCronJob },
  "batch/Job": {
    object: checkJob,
    update: checkJobUpdate,
    status: countsInStatus("active", "succeeded", "failed"),
  },
  "certificates.k8s.io/CertificateSigningRequest": {
    object: checkCertificateRequest,
    update: immutableFields("spec"),
    updateOnly: true,
  },
  "coordination.k8s.io/Lease": { object: checkLease },
  "discovery.k8s.io/EndpointSlice": { object: checkEndpointSlice, update: immutableFields("addressType") },
  "events.k8s.io/Event": { object: checkEvent, created: checkNewEvent, update: checkEventUpdate },
  "flowcontrol.apiserver.k8s.io/FlowSchema": { object: checkFlowSchema },
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": { object: checkPriorityLevel },
  "networking.k8s.io/Ingress": { object: checkIngress, created: checkNewIngress, status: checkIngressStatus },
  "networking.k8s.io/IngressClass": { object: checkIngressClass, update: checkIngressClassUpdate },
  "networking.k8s.io/NetworkPolicy": { object: checkNetworkPolicy },
  "node.k8s.io/RuntimeClass": { object: checkRuntimeClass, update: immutableFields("handler") },
  "policy/PodDisruptionBudget": {
    object: checkDisruptionBudget,
    status: countsInStatus("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"),
  },
  "rbac.authorization.k8s.io/ClusterRole": { object: checkRole },
  "rbac.authorization.k8s.io/ClusterRoleBinding": { object: checkRoleBinding, update: checkRoleRefKept },
  "rbac.authorization.k8s.io/Role": { object: checkRole },
  "rbac.authorization.k8s.io/RoleBinding": { object: checkRoleBinding, update: checkRoleRefKept },
  "scheduling.k8s.io/PriorityClass": { object: checkPriorityClass, update: checkPriorityClassUpdate },
  "storage.k8s.io/CSIDriver": { object: checkCsiDriver },
  "storage.k8s.io/StorageClass": {
    object: checkStorageClass,
    update: immutableFields("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
  },
  "storage.k8s.io/VolumeAttachment": { object: checkVolumeAttachment, update: immutableFields("spec") },
};

const NONE: readonly Failure[] = Object.freeze([]);

/**
 * What is wrong with a new object; empty: nothing.
 *
 * @param group the one that was asked; Events are stored in one group and looked at more strictly through the newer
 */
export function validateCreate(object: KubeObject, group = groupOf(object)): readonly Failure[] {
  const key = `${group}/${object.kind}`;
  const failures: Failure[] = [];
  checkMetadata(key, object.metadata, failures);
  const checks = CHECKS[key];
  checks?.object?.(object as unknown as Fields, failures);
  checks?.created?.(object as unknown as Fields, failures);
  return failures;
}

/**
 * What is wrong with a changed object; empty: nothing.
 *
 * @param subresource "" for the object itself; of others little more than the metadata is looked at
 * @param group the one that was asked
 */
export function validateUpdate(
  next: KubeObject,
  current: KubeObject,
  subresource = "",
  group = groupOf(next),
): readonly Failure[] {
  if (next === current) return NONE;
  const failures: Failure[] = [];
  checkMetadataUpdate(next, current, failures);
  const checks = CHECKS[`${group}/${next.kind}`];
  if (subresource === "status") checks?.status?.(next, current, failures);
  checks?.parts?.[subresource]?.(next, current, failures);
  if (subresource !== "" && subresource !== "scale") return failures;
  if (checks === undefined) return failures;
  if (checks.updateOnly !== true && differs(next, current))
    checks.object?.(next as unknown as Fields, failures);
  checks.update?.(next, current, failures);
  return failures;
}

/** An update of metadata or status leaves the rest as it was, which was checked. */
function differs(next: KubeObject, current: KubeObject): boolean {
  const [after, before] = [next as unknown as Fields, current as unknown as Fields];
  for (const name in after)
    if (name !== "metadata" && name !== "status" && after[name] !== before[name]) return true;
  return Object.keys(before).some((name) => name !== "status" && !Object.hasOwn(after, name));
}

function groupOf({ apiVersion }: KubeObject): string {
  return groupVersionOf(apiVersion)[0];
}

/** The 422 that tells of failures: `Deployment.apps "web" is invalid: spec.replicas: Invalid value: ...`. */
export function invalidStatus(object: KubeObject, failures: readonly Failure[]): StatusError {
  const group = groupOf(object);
  const name = object.metadata.name ?? "";
  const texts = [...new Set(failures.map(({ field, message }) => `${field}: ${message}`))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const kind = group === "" ? object.kind : `${object.kind}.${group}`;
  return new StatusError("Invalid", `${kind} "${name}" is invalid: ${text}`, {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind: object.kind,
    causes: failures,
  });
}
