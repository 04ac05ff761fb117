// The columns of every kind: one row each. A kind that has none here shows its name and when it was created.
import type { PrinterColumn } from "../kinds/kind.js";
import { ROLE_BINDING_COLUMNS, SIGNING_REQUEST_COLUMNS } from "./access-columns.js";
import { AUTOSCALER_COLUMNS } from "./autoscaler-columns.js";
import {
  ATTRIBUTES_CLASS_COLUMNS,
  IP_ADDRESS_COLUMNS,
  RESOURCE_CLAIM_COLUMNS,
  RESOURCE_SLICE_COLUMNS,
  SERVICE_CIDR_COLUMNS,
} from "./device-columns.js";
import {
  BUDGET_COLUMNS,
  COMPONENT_STATUS_COLUMNS,
  CONFIG_MAP_COLUMNS,
  LEASE_COLUMNS,
  NAMESPACE_COLUMNS,
  NODE_COLUMNS,
  FLOW_SCHEMA_COLUMNS,
  PRIORITY_CLASS_COLUMNS,
  PRIORITY_LEVEL_COLUMNS,
  QUOTA_COLUMNS,
  RUNTIME_CLASS_COLUMNS,
  SECRET_COLUMNS,
  SERVICE_ACCOUNT_COLUMNS,
} from "./cluster-columns.js";
import { EVENT_COLUMNS } from "./event-columns.js";
import {
  ENDPOINT_SLICE_COLUMNS,
  ENDPOINTS_COLUMNS,
  INGRESS_CLASS_COLUMNS,
  INGRESS_COLUMNS,
  NETWORK_POLICY_COLUMNS,
  SERVICE_COLUMNS,
} from "./network-columns.js";
import { POD_COLUMNS, POD_TEMPLATE_COLUMNS } from "./pod-columns.js";
import { PLAIN_COLUMNS } from "./printer-columns.js";
import {
  ATTACHMENT_COLUMNS,
  CLAIM_COLUMNS,
  CSI_CAPACITY_COLUMNS,
  CSI_DRIVER_COLUMNS,
  CSI_NODE_COLUMNS,
  STORAGE_CLASS_COLUMNS,
  VOLUME_COLUMNS,
} from "./storage-columns.js";
import {
  CONTROLLER_REVISION_COLUMNS,
  CRON_JOB_COLUMNS,
  DAEMON_SET_COLUMNS,
  DEPLOYMENT_COLUMNS,
  JOB_COLUMNS,
  REPLICA_SET_COLUMNS,
  REPLICATION_CONTROLLER_COLUMNS,
  SCALE_COLUMNS,
  STATEFUL_SET_COLUMNS,
} from "./workload-columns.js";

const COLUMNS: ReadonlyMap<string, readonly PrinterColumn[]> = new Map([
  ["/ComponentStatus", COMPONENT_STATUS_COLUMNS],
  ["/ConfigMap", CONFIG_MAP_COLUMNS],
  ["/Endpoints", ENDPOINTS_COLUMNS],
  ["/Event", EVENT_COLUMNS],
  ["/Namespace", NAMESPACE_COLUMNS],
  ["/Node", NODE_COLUMNS],
  ["/PersistentVolume", VOLUME_COLUMNS],
  ["/PersistentVolumeClaim", CLAIM_COLUMNS],
  ["/Pod", POD_COLUMNS],
  ["/PodTemplate", POD_TEMPLATE_COLUMNS],
  ["/ReplicationController", REPLICATION_CONTROLLER_COLUMNS],
  ["/ResourceQuota", QUOTA_COLUMNS],
  ["/Secret", SECRET_COLUMNS],
  ["/Service", SERVICE_COLUMNS],
  ["/ServiceAccount", SERVICE_ACCOUNT_COLUMNS],
  ["apps/ControllerRevision", CONTROLLER_REVISION_COLUMNS],
  ["apps/DaemonSet", DAEMON_SET_COLUMNS],
  ["apps/Deployment", DEPLOYMENT_COLUMNS],
  ["apps/ReplicaSet", REPLICA_SET_COLUMNS],
  ["apps/StatefulSet", STATEFUL_SET_COLUMNS],
  ["autoscaling/HorizontalPodAutoscaler", AUTOSCALER_COLUMNS],
  ["autoscaling/Scale", SCALE_COLUMNS],
  ["batch/CronJob", CRON_JOB_COLUMNS],
  ["batch/Job", JOB_COLUMNS],
  ["certificates.k8s.io/CertificateSigningRequest", SIGNING_REQUEST_COLUMNS],
  ["coordination.k8s.io/Lease", LEASE_COLUMNS],
  ["discovery.k8s.io/EndpointSlice", ENDPOINT_SLICE_COLUMNS],
  ["events.k8s.io/Event", EVENT_COLUMNS],
  ["networking.k8s.io/Ingress", INGRESS_COLUMNS],
  ["networking.k8s.io/IngressClass", INGRESS_CLASS_COLUMNS],
  ["networking.k8s.io/IPAddress", IP_ADDRESS_COLUMNS],
  ["flowcontrol.apiserver.k8s.io/FlowSchema", FLOW_SCHEMA_COLUMNS],
  ["flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration", PRIORITY_LEVEL_COLUMNS],
  ["networking.k8s.io/NetworkPolicy", NETWORK_POLICY_COLUMNS],
  ["networking.k8s.io/ServiceCIDR", SERVICE_CIDR_COLUMNS],
  ["node.k8s.io/RuntimeClass", RUNTIME_CLASS_COLUMNS],
  ["policy/PodDisruptionBudget", BUDGET_COLUMNS],
  ["rbac.authorization.k8s.io/ClusterRoleBinding", ROLE_BINDING_COLUMNS],
  ["rbac.authorization.k8s.io/RoleBinding", ROLE_BINDING_COLUMNS],
  ["resource.k8s.io/ResourceClaim", RESOURCE_CLAIM_COLUMNS],
  ["resource.k8s.io/ResourceSlice", RESOURCE_SLICE_COLUMNS],
  ["scheduling.k8s.io/PriorityClass", PRIORITY_CLASS_COLUMNS],
  ["storage.k8s.io/CSIDriver", CSI_DRIVER_COLUMNS],
  ["storage.k8s.io/CSINode", CSI_NODE_COLUMNS],
  ["storage.k8s.io/CSIStorageCapacity", CSI_CAPACITY_COLUMNS],
  ["storage.k8s.io/StorageClass", STORAGE_CLASS_COLUMNS],
  ["storage.k8s.io/VolumeAttachment", ATTACHMENT_COLUMNS],
  ["storage.k8s.io/VolumeAttributesClass", ATTRIBUTES_CLASS_COLUMNS],
]);

/** @param group "" for the core group */
export function columnsOfKind(group: string, kind: string): readonly PrinterColumn[] {
  return COLUMNS.get(`${group}/${kind}`) ?? PLAIN_COLUMNS;
}
