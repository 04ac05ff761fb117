// Defaults and guards of storage and ingress: the default class of claims and ingresses, and what protects volumes in use.
// Source: plugin/pkg/admission/storage/{storageclass/setdefault,storageobjectinuseprotection}, network/defaultingressclass.
import type { Kind } from "../../../api/kinds/kind.js";
import type { KubeObject } from "../../../api/meta.js";
import type { AdmissionRequest } from "../access.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";

type WithSpec = KubeObject & { readonly spec?: Readonly<Record<string, unknown>> };

const STORAGE_CLASSES = kindRow("storage.k8s.io", "storageclasses");
const INGRESS_CLASSES = kindRow("networking.k8s.io", "ingressclasses");
const STORAGE_DEFAULT = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];
const INGRESS_DEFAULT = ["ingressclass.kubernetes.io/is-default-class"];
const CLAIM_CLASS = "volume.beta.kubernetes.io/storage-class";
const INGRESS_CLASS = "kubernetes.io/ingress.class";

const PROTECTION: Readonly<Record<string, string>> = {
  persistentvolumes: "kubernetes.io/pv-protection",
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
};

export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    operations: ["CREATE"],
    resources: ["persistentvolumeclaims"],
    mutate(request) {
      const claim = request.object as WithSpec;
      // "" asks for no class at all.
      const isGiven =
        claim.spec?.["storageClassName"] !== undefined ||
        claim.metadata.annotations?.[CLAIM_CLASS] !== undefined;
      const name = isGiven
        ? null
        : (defaultsOf(reader, STORAGE_CLASSES, STORAGE_DEFAULT)[0]?.metadata.name ?? null);
      return name === null ? claim : { ...claim, spec: { ...claim.spec, storageClassName: name } };
    },
  };
}

export function defaultIngressClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "DefaultIngressClass",
    operations: ["CREATE"],
    resources: ["ingresses.networking.k8s.io"],
    mutate(request: AdmissionRequest) {
      const ingress = request.object as WithSpec;
      if (
        ingress.spec?.["ingressClassName"] !== undefined ||
        ingress.metadata.annotations?.[INGRESS_CLASS] !== undefined
      )
        return ingress;
      const [chosen, ...others] = defaultsOf(reader, INGRESS_CLASSES, INGRESS_DEFAULT);
      if (chosen === undefined) return ingress;
      if (others.length > 0 && others[0]?.metadata.creationTimestamp === undefined)
        throw refused(request, `${others.length + 1} default IngressClasses were found, only 1 allowed`);
      return { ...ingress, spec: { ...ingress.spec, ingressClassName: chosen.metadata.name } };
    },
  };
}

/** The newest first, then by name. */
function defaultsOf(reader: ObjectReader, kind: Kind, annotations: readonly string[]): readonly KubeObject[] {
  const age = ({ metadata }: KubeObject) => metadata.creationTimestamp ?? "";
  return [...reader.list(kind, "")]
    .filter(({ metadata }) => annotations.some((name) => metadata.annotations?.[name] === "true"))
    .sort(
      (one, other) =>
        age(other).localeCompare(age(one)) || one.metadata.name.localeCompare(other.metadata.name),
    );
}

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
