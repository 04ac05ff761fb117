// Which volume a claim gets: one that was reserved for it, else the smallest that is large enough.
// Source: pkg/controller/volume/persistentvolume/index.go, component-helpers/storage/volume (FindMatchingVolume).
import { matchesSelector } from "../../../api/selector.js";
import { quantityValue } from "../../../api/quantity.js";
import type { PersistentVolume } from "../../client/cluster-resources.js";
import type { PersistentVolumeClaim } from "../../client/object-types.js";

const BETA_CLASS = "volume.beta.kubernetes.io/storage-class";

export function classOf({ spec, metadata }: PersistentVolumeClaim): string {
  return metadata.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? "";
}

function volumeClassOf({ spec, metadata }: PersistentVolume): string {
  return metadata.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? "";
}

/** It names the claim, and not an earlier one of that name. */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef;
  if (reference?.name !== metadata.name || reference?.namespace !== metadata.namespace) return false;
  return !reference?.uid || reference.uid === metadata.uid;
}

/** @param isDelayed only volumes that are reserved: others are chosen with the node */
export function matchVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  isDelayed: boolean,
): PersistentVolume | null {
  const reserved = volumes.find((volume) => isReservedFor(volume, claim) && fits(volume, claim));
  if (reserved !== undefined) return reserved;
  if (isDelayed) return null;
  let best: PersistentVolume | null = null;
  for (const volume of volumes) {
    if (volume.spec?.claimRef !== undefined || volume.status?.phase !== "Available") continue;
    if (!isAlike(volume, claim) || !fits(volume, claim)) continue;
    if (best === null || sizeOf(volume) < sizeOf(best)) best = volume;
  }
  return best;
}

function isAlike(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const selector = claim.spec?.selector as Parameters<typeof matchesSelector>[1] | undefined;
  return (
    volumeClassOf(volume) === classOf(claim) &&
    (selector === undefined || matchesSelector(volume.metadata.labels, selector))
  );
}

function fits(volume: PersistentVolume, { spec }: PersistentVolumeClaim): boolean {
  const modes = volume.spec?.accessModes ?? [];
  return (
    volume.metadata.deletionTimestamp === undefined &&
    (volume.spec?.volumeMode ?? "Filesystem") === (spec?.volumeMode ?? "Filesystem") &&
    (spec?.accessModes ?? []).every((mode) => modes.includes(mode)) &&
    sizeOf(volume) >= (quantityValue(spec?.resources?.requests?.["storage"] ?? 0) ?? 0)
  );
}

function sizeOf({ spec }: PersistentVolume): number {
  return quantityValue(spec?.capacity?.["storage"] ?? 0) ?? 0;
}
