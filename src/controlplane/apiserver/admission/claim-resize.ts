// A claim grows only when it is bound and its class says that its volumes can.
// Source: plugin/pkg/admission/storage/persistentvolume/resize.
import type { KubeObject } from "../../../api/meta.js";
import { quantityMilliValue } from "../../../api/quantity.js";
import { kindRow, type ObjectReader } from "../object-access.js";
import { type AdmissionPlugin, refused } from "./admission-plugin.js";

const STORAGE_CLASSES = kindRow("storage.k8s.io", "storageclasses");

type Claim = KubeObject & {
  readonly spec?: {
    readonly storageClassName?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: { readonly phase?: string };
};
type StorageClass = KubeObject & { readonly allowVolumeExpansion?: boolean };

export function claimResize(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    operations: ["UPDATE"],
    resources: ["persistentvolumeclaims"],
    validate(request) {
      const [claim, before] = [request.object as Claim, request.oldObject as Claim];
      if (sizeOf(claim) <= sizeOf(before)) return;
      if (before.status?.phase !== "Bound")
        throw refused(request, "Only bound persistent volume claims can be expanded");
      const name = before.spec?.storageClassName ?? "";
      const storageClass = reader.get(STORAGE_CLASSES, "", name) as StorageClass | undefined;
      if (name === "" || storageClass?.allowVolumeExpansion !== true)
        throw refused(
          request,
          "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
        );
    },
  };
}

function sizeOf({ spec }: Claim): number {
  return quantityMilliValue(spec?.resources?.requests?.storage ?? "0") ?? 0;
}
