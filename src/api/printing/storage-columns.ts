// Columns of volumes, claims and what provides them.
// Source: pkg/printers/internalversion/printers.go.
import type { PersistentVolume, PersistentVolumeClaim } from "kubernetes-types/core/v1.js";
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
} from "kubernetes-types/storage/v1.js";
import { Columns, namedColumns } from "./printer-columns.js";

const ACCESS_MODES = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
] as const;

function accessModesText(modes: readonly string[] | undefined): string {
  return ACCESS_MODES.filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(",");
}

interface Phased {
  readonly metadata?: { readonly deletionTimestamp?: string };
  readonly status?: { readonly phase?: string };
}

function phaseText({ metadata, status }: Phased): string {
  return metadata?.deletionTimestamp === undefined ? (status?.phase ?? "") : "Terminating";
}

interface Classed {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly storageClassName?: string };
}

function classText({ metadata, spec }: Classed): string {
  return metadata?.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName ?? "";
}

/** Newer than the types. */
interface WithAttributesClass {
  readonly spec?: { readonly volumeAttributesClassName?: string };
}

export const VOLUME_COLUMNS = namedColumns<PersistentVolume & WithAttributesClass>()
  .text("Capacity", ({ spec }) => String(spec?.capacity?.["storage"] ?? "0"))
  .text("Access Modes", ({ spec }) => accessModesText(spec?.accessModes))
  .text("Reclaim Policy", ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? "")
  .text("Status", phaseText)
  .text("Claim", ({ spec }) => {
    const claim = spec?.claimRef;
    return claim === undefined ? "" : `${claim.namespace}/${claim.name}`;
  })
  .text("StorageClass", classText)
  .text("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>")
  .text("Reason", ({ status }) => status?.reason ?? "")
  .age()
  .wide("VolumeMode", ({ spec }) => spec?.volumeMode ?? "<unset>").list;

export const CLAIM_COLUMNS = namedColumns<PersistentVolumeClaim & WithAttributesClass>()
  .text("Status", phaseText)
  .text("Volume", ({ spec }) => spec?.volumeName ?? "")
  .text("Capacity", ({ spec, status }) =>
    spec?.volumeName ? String(status?.capacity?.["storage"] ?? "0") : "",
  )
  .text("Access Modes", ({ spec, status }) => (spec?.volumeName ? accessModesText(status?.accessModes) : ""))
  .text("StorageClass", classText)
  .text("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>")
  .age()
  .wide("VolumeMode", ({ spec }) => spec?.volumeMode ?? "<unset>").list;

const DEFAULT_CLASS = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

export const STORAGE_CLASS_COLUMNS = new Columns<StorageClass>()
  .name(0, ({ metadata }) => {
    const isDefault = DEFAULT_CLASS.some((name) => metadata?.annotations?.[name] === "true");
    return `${metadata?.name}${isDefault ? " (default)" : ""}`;
  })
  .text("Provisioner", ({ provisioner }) => provisioner)
  .text("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete")
  .text("VolumeBindingMode", ({ volumeBindingMode }) => volumeBindingMode ?? "Immediate")
  .text("AllowVolumeExpansion", ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false)
  .age().list;

export const ATTACHMENT_COLUMNS = new Columns<VolumeAttachment>(
  namedColumns<VolumeAttachment>()
    .text("Attacher", ({ spec }) => spec.attacher)
    .list.map((column) => ({ ...column, format: "name" })),
)
  .text("PV", ({ spec }) => spec.source.persistentVolumeName ?? "")
  .text("Node", ({ spec }) => spec.nodeName)
  .boolean("Attached", ({ status }) => status?.attached ?? false)
  .age().list;

export const CSI_NODE_COLUMNS = namedColumns<CSINode>()
  .integer("Drivers", ({ spec }) => spec.drivers?.length ?? 0)
  .age().list;

export const CSI_DRIVER_COLUMNS = namedColumns<CSIDriver>()
  .boolean("AttachRequired", ({ spec }) => spec.attachRequired ?? true)
  .boolean("PodInfoOnMount", ({ spec }) => spec.podInfoOnMount ?? false)
  .boolean("StorageCapacity", ({ spec }) => spec.storageCapacity ?? false)
  .text(
    "TokenRequests",
    ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience).join(",") ?? "<unset>",
  )
  .boolean("RequiresRepublish", ({ spec }) => spec.requiresRepublish ?? false)
  .text("Modes", ({ spec }) => (spec.volumeLifecycleModes ?? []).join(",") || "<none>")
  .age().list;

export const CSI_CAPACITY_COLUMNS = namedColumns<CSIStorageCapacity>()
  .text("StorageClassName", ({ storageClassName }) => storageClassName)
  .text("Capacity", ({ capacity }) => String(capacity ?? "<unset>")).list;
