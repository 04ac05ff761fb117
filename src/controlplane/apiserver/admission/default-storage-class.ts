// A claim that names no class gets the default one.
// Source: plugin/pkg/admission/storage/storageclass/setdefault.
import type { KubeObject } from "../../../api/meta.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import type { AdmissionPlugin } from "./admission-plugin.js";
import { defaultsOf } from "./default-classes.js";

type WithSpec = KubeObject & { readonly spec?: Readonly<Record<string, unknown>> };

const STORAGE_CLASSES = kindRow("storage.k8s.io", "storageclasses");
const STORAGE_DEFAULT = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];
const CLAIM_CLASS = "volume.beta.kubernetes.io/storage-class";

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
