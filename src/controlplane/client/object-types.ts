// Typed objects for clients: upstream's generated types, read-only all the way down, with the parts that every stored
// object has made present.
import type {
  ControllerRevision as ControllerRevisionType,
  DaemonSet as DaemonSetType,
  Deployment as DeploymentType,
  ReplicaSet as ReplicaSetType,
  StatefulSet as StatefulSetType,
} from "kubernetes-types/apps/v1.js";
import type { CronJob as CronJobType, Job as JobType } from "kubernetes-types/batch/v1.js";
import type { Lease as LeaseType } from "kubernetes-types/coordination/v1.js";
import type {
  Event as EventType,
  Node as NodeType,
  PersistentVolumeClaim as PersistentVolumeClaimType,
  Pod as PodType,
  PodTemplateSpec as PodTemplateSpecType,
  ReplicationController as ReplicationControllerType,
} from "kubernetes-types/core/v1.js";
import type { KubeObject, ObjectMeta } from "../../api/meta.js";

export type DeepReadonly<Value> = Value extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : Value extends object
    ? { readonly [Field in keyof Value]: DeepReadonly<Value[Field]> }
    : Value;

/** A type of kubernetes-types as the server hands it out. */
export type Stored<Type> = DeepReadonly<Omit<Type, "apiVersion" | "kind" | "metadata">> &
  KubeObject & { readonly metadata: StoredMeta };

/** What ObjectMeta says beyond the fields that all of Plumbline reads. */
export interface StoredMeta {
  readonly generation?: number;
  readonly deletionGracePeriodSeconds?: number;
  readonly ownerReferences?: readonly OwnerReference[];
}

export type OwnerReference = NonNullable<ObjectMeta["ownerReferences"]>[number];

export type Pod = Stored<PodType>;
export type PodTemplateSpec = DeepReadonly<PodTemplateSpecType>;
export type Node = Stored<NodeType>;
export type PersistentVolumeClaim = Stored<PersistentVolumeClaimType>;
export type Event = Stored<EventType>;
export type ReplicationController = Stored<ReplicationControllerType>;
export type Deployment = Stored<DeploymentType>;
export type ReplicaSet = Stored<ReplicaSetType>;
export type StatefulSet = Stored<StatefulSetType>;
export type DaemonSet = Stored<DaemonSetType>;
export type ControllerRevision = Stored<ControllerRevisionType>;
export type Job = Stored<JobType>;
export type CronJob = Stored<CronJobType>;
export type Lease = Stored<LeaseType>;
