// What claims are served from: classes that wait for a consumer or do not, drivers, and what these say of nodes.
import type { CSIDriver, CSINode, CSIStorageCapacity, StorageClass } from "../../api/scheduling.js";
import { type KubeObject, LABEL_ZONE } from "../../api/types.js";
import type { Prng } from "../../base/prng.js";
import { between, oneIn, ZONES } from "./draws.js";

export const DRIVER = "csi.example.com";
/** Reports the room it has. */
const TRACKED_DRIVER = "tracked.example.com";

export function storageObjects(prng: Prng, nodeNames: readonly string[]): KubeObject[] {
  return [
    ...storageClasses(),
    trackedDriver(),
    ...ZONES.map((zone, index) => storageCapacity(zone, index === 0 ? "2Gi" : "100Gi")),
    ...nodeNames.flatMap((name) => (oneIn(prng, 5) ? [] : [csiNode(prng, name)])),
  ];
}

type ClassSpec = Pick<StorageClass, "provisioner" | "volumeBindingMode" | "allowedTopologies">;

const CLASSES: Readonly<Record<string, ClassSpec>> = {
  local: { provisioner: "kubernetes.io/no-provisioner", volumeBindingMode: "WaitForFirstConsumer" },
  made: { provisioner: DRIVER, volumeBindingMode: "WaitForFirstConsumer" },
  zonal: {
    provisioner: DRIVER,
    volumeBindingMode: "WaitForFirstConsumer",
    allowedTopologies: [{ matchLabelExpressions: [{ key: LABEL_ZONE, values: ["z1", "z2"] }] }],
  },
  tracked: { provisioner: TRACKED_DRIVER, volumeBindingMode: "WaitForFirstConsumer" },
  immediate: { provisioner: DRIVER, volumeBindingMode: "Immediate" },
};

function storageClasses(): StorageClass[] {
  return Object.entries(CLASSES).map(([name, spec]) => ({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
    ...spec,
  }));
}

function trackedDriver(): CSIDriver {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIDriver",
    metadata: { name: TRACKED_DRIVER },
    spec: { storageCapacity: true },
  };
}

function storageCapacity(zone: string, capacity: string): CSIStorageCapacity {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSIStorageCapacity",
    metadata: { name: `capacity-${zone}`, namespace: "shop" },
    storageClassName: "tracked",
    nodeTopology: { matchLabels: { [LABEL_ZONE]: zone } },
    capacity,
  };
}

function csiNode(prng: Prng, name: string): CSINode {
  const limit = { allocatable: { count: between(prng, 1, 4) } };
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "CSINode",
    metadata: { name },
    spec: {
      drivers: [{ name: DRIVER, nodeID: name, topologyKeys: [LABEL_ZONE], ...(oneIn(prng, 3) ? {} : limit) }],
    },
  };
}
