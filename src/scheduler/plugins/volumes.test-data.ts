// Volumes, claims and what drivers say of nodes, for tests: each thing in one line.
import type {
  CSINode,
  NodeSelector,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  StorageClass,
  Volume,
} from "../../api/scheduling.js";
import type { ObjectMeta, PodSpec } from "../../api/types.js";

/** A free volume of 10Gi in class "wait", unless `spec` says otherwise. */
export function volume(
  name: string,
  spec: Partial<PersistentVolumeSpec> & { readonly size?: string } = {},
  metadata: Partial<ObjectMeta> = {},
): PersistentVolume {
  const { size = "10Gi", ...rest } = spec;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, ...metadata },
    spec: {
      capacity: { storage: size },
      accessModes: ["ReadWriteOnce"],
      storageClassName: "wait",
      ...rest,
    },
    status: { phase: "Available" },
  };
}

/** An unbound claim of 5Gi in namespace "default" and class "wait", unless `spec` says otherwise. */
export function claim(
  name: string,
  spec: PersistentVolumeClaimSpec & { readonly size?: string } = {},
  metadata: Partial<ObjectMeta> = {},
  phase = "Pending",
): PersistentVolumeClaim {
  const { size = "5Gi", ...rest } = spec;
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default", uid: `uid of ${name}`, ...metadata },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      storageClassName: "wait",
      ...rest,
    },
    status: { phase },
  };
}

/** A claim that the volume controller has bound. */
export function boundClaim(
  name: string,
  volumeName: string,
  spec: PersistentVolumeClaimSpec = {},
  annotations: Readonly<Record<string, string>> = {},
): PersistentVolumeClaim {
  const bound = { annotations: { "pv.kubernetes.io/bind-completed": "yes", ...annotations } };
  return claim(name, { volumeName, ...spec }, bound, "Bound");
}

/** Class "wait" waits for a consumer, every other binds at once. */
export function storageClass(name: string, parts: Partial<StorageClass> = {}): StorageClass {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: name === "wait" ? "WaitForFirstConsumer" : "Immediate",
    ...parts,
  };
}

/** Limits by driver, and the in-tree plugins that are migrated there. */
export function csiNode(
  name: string,
  limits: Readonly<Record<string, number>> = {},
  migrated: readonly string[] = [],
): CSINode {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSINode",
    metadata: {
      name,
      annotations: { "storage.alpha.kubernetes.io/migrated-plugins": migrated.join(",") },
    },
    spec: {
      drivers: Object.entries(limits).map(([driver, count]) => ({ name: driver, allocatable: { count } })),
    },
  };
}

/** Node affinity of a volume that is on these nodes only. */
export function onNodes(...values: readonly string[]): { readonly required: NodeSelector } {
  const onHost = { key: "kubernetes.io/hostname", operator: "In" as const, values };
  return { required: { nodeSelectorTerms: [{ matchExpressions: [onHost] }] } };
}

/** A Pod's spec that uses these claims. */
export function using(...claimNames: readonly string[]): PodSpec {
  return {
    volumes: claimNames.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  };
}

/** A Pod's spec with these volumes; their names do not matter. */
export function mounting(...volumes: readonly Omit<Volume, "name">[]): PodSpec {
  return { volumes: volumes.map((each, index) => ({ name: `v${index}`, ...each })) };
}
