// The objects beside Pods and nodes that plugins read: kept by kind and key, as informers would.
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  StorageClass,
  VolumeAttachment,
} from "../api/scheduling.js";
import type { KubeObject, Service, Workload } from "../api/types.js";

/** Kind -> its type. Pods and nodes are the cache's. */
export interface ListedKinds {
  Namespace: Namespace;
  Service: Service;
  ReplicaSet: Workload;
  ReplicationController: Workload;
  StatefulSet: Workload;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  StorageClass: StorageClass;
  CSINode: CSINode;
  CSIDriver: CSIDriver;
  CSIStorageCapacity: CSIStorageCapacity;
  VolumeAttachment: VolumeAttachment;
  PodDisruptionBudget: PodDisruptionBudget;
}
export type ListedKind = keyof ListedKinds;

export const LISTED_KINDS = [
  "Namespace",
  "Service",
  "ReplicaSet",
  "ReplicationController",
  "StatefulSet",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "StorageClass",
  "CSINode",
  "CSIDriver",
  "CSIStorageCapacity",
  "VolumeAttachment",
  "PodDisruptionBudget",
] as const satisfies readonly ListedKind[];

const NO_LABELS: Readonly<Record<string, string>> = {};

/** "namespace/name", or the name of an object without a namespace. */
export function objectKey({ metadata }: KubeObject): string {
  return metadata.namespace === undefined || metadata.namespace === ""
    ? metadata.name
    : `${metadata.namespace}/${metadata.name}`;
}

export class ObjectLister {
  readonly #byKind = new Map<ListedKind, Map<string, KubeObject>>(
    LISTED_KINDS.map((kind) => [kind, new Map()]),
  );
  /** Counts changes: who caches an answer compares it. */
  #generation = 0;

  get generation(): number {
    return this.#generation;
  }

  get<K extends ListedKind>(kind: K, key: string): ListedKinds[K] | undefined {
    return this.#of(kind).get(key) as ListedKinds[K] | undefined;
  }

  /** In order of arrival. */
  list<K extends ListedKind>(kind: K): IterableIterator<ListedKinds[K]> {
    return this.#of(kind).values() as IterableIterator<ListedKinds[K]>;
  }

  count(kind: ListedKind): number {
    return this.#of(kind).size;
  }

  set(object: ListedKinds[ListedKind]): void {
    this.#of(object.kind as ListedKind).set(objectKey(object), object);
    this.#generation++;
  }

  delete(kind: ListedKind, key: string): void {
    if (this.#of(kind).delete(key)) this.#generation++;
  }

  /** Labels of a namespace; none when it is not known. */
  readonly namespaceLabels = (namespace: string): Readonly<Record<string, string>> =>
    this.get("Namespace", namespace)?.metadata.labels ?? NO_LABELS;

  #of(kind: ListedKind): Map<string, KubeObject> {
    return this.#byKind.get(kind) as Map<string, KubeObject>;
  }
}
