// In-tree volumes as the CSI volumes they are served as. Volumes of a migrated plugin count against the CSI driver's
// limit, and their zones are looked up under the driver's own topology key.
// Source: csi-translation-lib (aws_ebs.go, gce_pd.go, in_tree_volume.go), nodevolumelimits/utils.go.
import {
  type CSINode,
  LABEL_REGION,
  LABEL_REGION_BETA,
  LABEL_ZONE_BETA,
  type NodeSelector,
  type NodeSelectorTerm,
  type PersistentVolume,
  type Volume,
} from "../../api/scheduling.js";
import { LABEL_ZONE } from "../../api/types.js";

export interface CsiVolume {
  readonly driver: string;
  readonly handle: string;
}

const EBS = "kubernetes.io/aws-ebs";
const GCE_PD = "kubernetes.io/gce-pd";
/** In-tree plugin -> CSI driver; null where the scheduler does not follow the migration. */
const DRIVERS: Readonly<Record<string, string | null>> = {
  [EBS]: "ebs.csi.aws.com",
  [GCE_PD]: "pd.csi.storage.gke.io",
  "kubernetes.io/azure-disk": "disk.csi.azure.com",
  "kubernetes.io/cinder": "cinder.csi.openstack.org",
  "kubernetes.io/portworx-volume": "pxd.portworx.com",
  "kubernetes.io/azure-file": null,
  "kubernetes.io/vsphere-volume": null,
};
const TOPOLOGY_KEYS: Readonly<Record<string, string>> = {
  [EBS]: "topology.ebs.csi.aws.com/zone",
  [GCE_PD]: "topology.gke.io/zone",
};
export const MIGRATED_PLUGINS_ANNOTATION = "storage.alpha.kubernetes.io/migrated-plugins";
const UNSPECIFIED = "UNSPECIFIED";
const ZONES_DELIMITER = "__";

type InTreeSource = Pick<PersistentVolume["spec"] & Volume, "awsElasticBlockStore" | "gcePersistentDisk">;

/** The in-tree plugin of a volume in a Pod or a PersistentVolume; null for every other kind of volume. */
export function inTreePlugin(source: InTreeSource): string | null {
  if (source.gcePersistentDisk !== undefined) return GCE_PD;
  return source.awsElasticBlockStore === undefined ? null : EBS;
}

/** The driver that took over from an in-tree plugin, on whichever nodes. */
export function inTreeDriver(source: InTreeSource): string | null {
  return DRIVERS[inTreePlugin(source) ?? ""] ?? null;
}

export function isMigratedOn(csiNode: CSINode | undefined, plugin: string): boolean {
  const migrated = csiNode?.metadata.annotations?.[MIGRATED_PLUGINS_ANNOTATION] ?? "";
  return typeof DRIVERS[plugin] === "string" && migrated.split(",").includes(plugin);
}

/** The driver that provisions for a StorageClass on this node; null when what it makes is not counted there. */
export function provisioningDriver(provisioner: string, csiNode: CSINode | undefined): string | null {
  const driver = DRIVERS[provisioner];
  if (driver === undefined) return provisioner;
  return isMigratedOn(csiNode, provisioner) ? driver : null;
}

/** A volume as its CSI driver knows it on this node; null when no CSI driver serves it there. */
export function csiVolumeOf(
  source: InTreeSource & { readonly csi?: { readonly driver: string; readonly volumeHandle?: string } },
  csiNode: CSINode | undefined,
  zonesLabel = "",
): CsiVolume | null {
  if (source.csi?.volumeHandle !== undefined)
    return { driver: source.csi.driver, handle: source.csi.volumeHandle };
  const plugin = inTreePlugin(source);
  if (plugin === null || !isMigratedOn(csiNode, plugin)) return null;
  const driver = DRIVERS[plugin];
  const handle =
    source.gcePersistentDisk === undefined
      ? ebsHandle(source.awsElasticBlockStore?.volumeID ?? "")
      : gceHandle(source.gcePersistentDisk.pdName, zonesLabel);
  return typeof driver === "string" && handle !== null ? { driver, handle } : null;
}

/** The label that a translation reads a PersistentVolume's zones from. */
export function zonesLabelOf({ metadata: { labels } }: PersistentVolume): string {
  return labels?.[LABEL_ZONE_BETA] || labels?.[LABEL_ZONE] || "";
}

/** "aws://zone/vol-1" and "vol-1" are the same volume; null for what is neither. */
function ebsHandle(volumeId: string): string | null {
  if (!volumeId.startsWith("aws://")) return volumeId;
  const path = volumeId.slice("aws://".length).replace(/^[^/]*\/+|\/+$/g, "");
  return /^vol-[^/]*$/.test(path) ? path : null;
}

function gceHandle(disk: string, zonesLabel: string): string | null {
  const zones = zonesLabel.split(ZONES_DELIMITER);
  if (zones.length === 1) return `projects/${UNSPECIFIED}/zones/${zonesLabel || UNSPECIFIED}/disks/${disk}`;
  const regions = new Set(zones.map((zone) => zone.split("-").slice(0, 2).join("-")));
  const [region] = regions;
  const isRegional = regions.size === 1 && zones.every((zone) => zone.split("-").length === 3);
  return isRegional ? `projects/${UNSPECIFIED}/regions/${region}/disks/${disk}` : null;
}

/** The nodes a volume can be reached from, in the words of the driver that serves it on this node. */
export function volumeAffinity(
  volume: PersistentVolume,
  csiNode: CSINode | undefined,
): NodeSelector | undefined {
  const written = volume.spec.nodeAffinity?.required;
  const plugin = inTreePlugin(volume.spec);
  if (plugin === null || !isMigratedOn(csiNode, plugin)) return written;
  return translatedAffinity(volume, written?.nodeSelectorTerms ?? [], TOPOLOGY_KEYS[plugin] as string);
}

/** Zones of the affinity come first, those of the labels fill in; labels that nodes no longer carry are renamed. */
function translatedAffinity(
  { metadata, spec }: PersistentVolume,
  terms: readonly NodeSelectorTerm[],
  topologyKey: string,
): NodeSelector | undefined {
  const labels = metadata.labels ?? {};
  const names = (key: string) => terms.some(({ matchExpressions }) => hasKey(matchExpressions, key));
  const isBeta =
    !names(LABEL_ZONE) &&
    (names(LABEL_ZONE_BETA) || (labels[LABEL_ZONE] === undefined && labels[LABEL_ZONE_BETA] !== undefined));
  const zoneKey = isBeta ? LABEL_ZONE_BETA : LABEL_ZONE;
  const renamed = (key: string) =>
    key === zoneKey ? topologyKey : isBeta && key === LABEL_REGION_BETA ? LABEL_REGION : key;
  const translated = terms.map(({ matchExpressions = [], ...term }) => ({
    ...term,
    matchExpressions: matchExpressions.map((each) => ({ ...each, key: renamed(each.key) })),
  }));
  const zones = names(zoneKey)
    ? []
    : (labels[zoneKey] ?? "").split(ZONES_DELIMITER).filter((zone) => zone.trim());
  if (zones.length === 0)
    return spec.nodeAffinity?.required === undefined ? undefined : { nodeSelectorTerms: translated };
  const inZones = { key: topologyKey, operator: "In" as const, values: zones.map((zone) => zone.trim()) };
  const targets = translated.length === 0 ? [{ matchExpressions: [] }] : translated;
  return {
    nodeSelectorTerms: targets.map((term) => ({
      ...term,
      matchExpressions: [...term.matchExpressions, inZones],
    })),
  };
}

function hasKey(expressions: NodeSelectorTerm["matchExpressions"], key: string): boolean {
  return expressions?.some((expression) => expression.key === key) ?? false;
}
