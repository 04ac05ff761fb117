// ReplicaSet and ReplicationController do the same; what differs is here.
import type { LabelSelector } from "../../../api/meta.js";
import type { PodTemplateSpec, ReplicaSet, ReplicationController } from "../../client/object-types.js";
import { REPLICA_SETS, REPLICATION_CONTROLLERS, type Resource } from "../../client/resources.js";
import type { OwnerKind } from "../harness/owners.js";

export interface ReplicationKind extends OwnerKind {
  readonly name: string;
  readonly component: string;
  /** Both kinds are read as ReplicaSets. */
  readonly resource: Resource<ReplicaSet>;
  readonly selectorOf: (set: ReplicaSet) => LabelSelector;
  readonly countsTerminating: boolean;
}

export const REPLICA_SET_KIND: ReplicationKind = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  name: "replicaset",
  component: "replicaset-controller",
  resource: REPLICA_SETS,
  selectorOf: (set) => set.spec?.selector as LabelSelector,
  countsTerminating: true,
};

export const REPLICATION_CONTROLLER_KIND: ReplicationKind = {
  apiVersion: "v1",
  kind: "ReplicationController",
  name: "replicationcontroller",
  component: "replication-controller",
  // Same spec and status but for the selector, which is a map.
  resource: REPLICATION_CONTROLLERS as Resource as Resource<ReplicaSet>,
  selectorOf: (set) => ({ matchLabels: mapSelectorOf(set as unknown as ReplicationController) }),
  countsTerminating: false,
};

function mapSelectorOf(controller: ReplicationController): Readonly<Record<string, string>> {
  return controller.spec?.selector ?? controller.spec?.template?.metadata?.labels ?? {};
}

export function templateOf(set: ReplicaSet): PodTemplateSpec {
  return set.spec?.template ?? {};
}
