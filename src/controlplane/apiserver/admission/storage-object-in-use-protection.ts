// Volumes and claims stay until nobody uses them: a finalizer that their controllers take away.
// Source: plugin/pkg/admission/storage/storageobjectinuseprotection.
import type { AdmissionPlugin } from "./admission-plugin.js";

const PROTECTION: Readonly<Record<string, string>> = {
  persistentvolumes: "kubernetes.io/pv-protection",
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
};

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  operations: ["CREATE"],
  resources: Object.keys(PROTECTION),
  mutate({ kind, object }) {
    if (object === null) return null;
    const finalizer = PROTECTION[kind.plural] as string;
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(finalizer)) return object;
    return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } };
  },
};
