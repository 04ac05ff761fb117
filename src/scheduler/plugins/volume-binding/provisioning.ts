// Whether a volume can be made for a claim on a node: a class that provisions, topologies it allows, and room where the
// driver reports its capacity. All but the node's labels is settled once per Pod.
// Cost: a plan O(storage capacities); asking it for a node O(capacities of the class that are large enough).
// Source: kube-scheduler plugins/volumebinding/binder.go (checkVolumeProvisions, hasEnoughCapacity).
import type { CSIStorageCapacity, PersistentVolumeClaim, StorageClass } from "../../../api/scheduling.js";
import { matchesSelector } from "../../../api/selector.js";
import type { Node } from "../../../api/types.js";
import { objectKey, type ObjectLister } from "../../objects.js";
import { storageClassOf } from "../volume-claims.js";
import type { SizeOf } from "./match-volume.js";
import { matchesAllowedTopologies } from "./node-topology.js";

const NO_PROVISIONER = "kubernetes.io/no-provisioner";

export interface ProvisioningPlan {
  readonly isSupported: boolean;
  readonly topologies: StorageClass["allowedTopologies"];
  /** Those with room for the claim; null when the driver does not report any. */
  readonly capacities: readonly CSIStorageCapacity[] | null;
}

export type ProvisioningAnswer =
  | { readonly kind: "yes"; readonly capacity: CSIStorageCapacity | null }
  | { readonly kind: "unsupported" }
  | { readonly kind: "noSpace" };

const UNSUPPORTED: ProvisioningPlan = { isSupported: false, topologies: [], capacities: null };

/** @returns a text when the claim is broken; it matters only once no existing volume fits */
export function planProvisioning(
  claim: PersistentVolumeClaim,
  objects: ObjectLister,
  sizeOf: SizeOf,
): ProvisioningPlan | string {
  const name = storageClassOf(claim);
  if (name === "") return `no class for claim "${objectKey(claim)}"`;
  const storageClass = objects.get("StorageClass", name);
  if (storageClass === undefined) return `failed to find storage class "${name}"`;
  const { provisioner, allowedTopologies: topologies } = storageClass;
  if (provisioner === "" || provisioner === NO_PROVISIONER) return UNSUPPORTED;
  const request = claim.spec?.resources?.requests?.["storage"];
  const reports = objects.get("CSIDriver", provisioner)?.spec.storageCapacity === true;
  if (request === undefined || !reports) return { isSupported: true, topologies, capacities: null };
  const capacities = [...objects.list("CSIStorageCapacity")].filter((capacity) => {
    const limit = volumeLimit(capacity);
    return capacity.storageClassName === name && limit !== undefined && sizeOf(limit) >= sizeOf(request);
  });
  return { isSupported: true, topologies, capacities };
}

export function askProvisioning(
  { isSupported, topologies, capacities }: ProvisioningPlan,
  node: Node,
): ProvisioningAnswer {
  if (!isSupported || !matchesAllowedTopologies(node, topologies)) return { kind: "unsupported" };
  if (capacities === null) return { kind: "yes", capacity: null };
  const capacity = capacities.find(
    ({ nodeTopology }) => nodeTopology !== undefined && matchesSelector(node.metadata.labels, nodeTopology),
  );
  return capacity === undefined ? { kind: "noSpace" } : { kind: "yes", capacity };
}

/** The largest volume that can be made; the pool's size where the driver says no more. */
export function volumeLimit(capacity: CSIStorageCapacity): string | number | undefined {
  return capacity.maximumVolumeSize ?? capacity.capacity;
}
