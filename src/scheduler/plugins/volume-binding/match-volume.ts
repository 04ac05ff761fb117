// Which existing volume a claim gets: one that someone reserved for it, else the smallest that fits.
// Why in two steps: all but the node's place can be asked once per Pod; what is left for each node is the first volume,
// smallest first, whose node affinity holds. Cost: candidates O(V log V) for V volumes, a pick O(candidates) at worst.
// Source: component-helpers storage/volume/pv_helpers.go (FindMatchingVolume, GetBindVolumeToClaim).
import type { PersistentVolume, PersistentVolumeClaim } from "../../../api/scheduling.js";
import { matchesSelector } from "../../../api/selector.js";
import type { Node } from "../../../api/types.js";
import { storageClassOf } from "../volume-claims.js";
import type { Change } from "./assume-cache.js";
import { matchesVolumeAffinity } from "./node-topology.js";

const BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";

export interface Candidates {
  /** Volumes whose claimRef names the claim: the first not taken decides, fitting or not. */
  readonly prebound: readonly PersistentVolume[];
  /** Smallest first; equal sizes in the order given. */
  readonly bySize: readonly PersistentVolume[];
}

/** Bytes of a volume's or claim's storage quantity; 0 for none. */
export type SizeOf = (quantity: string | number | undefined) => number;

export function candidatesFor(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  sizeOf: SizeOf,
): Candidates {
  const storageClass = storageClassOf(claim);
  const bytes = sizeOf(claim.spec?.resources?.requests?.["storage"]);
  const prebound: PersistentVolume[] = [];
  const bySize: { readonly volume: PersistentVolume; readonly bytes: number }[] = [];
  for (const volume of volumes) {
    if (storageClassOf(volume) !== storageClass || !isSameSort(claim, volume)) continue;
    const isReserved = volume.spec.claimRef !== undefined;
    if (isReserved ? !isBoundTo(volume, claim) : !isAvailable(claim, volume)) continue;
    const capacity = sizeOf(volume.spec.capacity?.["storage"]);
    if (capacity < bytes) continue;
    if (isReserved) prebound.push(volume);
    else bySize.push({ volume, bytes: capacity });
  }
  bySize.sort((a, b) => a.bytes - b.bytes);
  return { prebound, bySize: bySize.map(({ volume }) => volume) };
}

/** @param taken names of volumes that other claims of the Pod got */
export function pickVolume(
  { prebound, bySize }: Candidates,
  node: Node,
  taken: ReadonlySet<string>,
): PersistentVolume | null {
  const isReachable = ({ spec }: PersistentVolume) =>
    matchesVolumeAffinity(node, spec.nodeAffinity?.required);
  const isFree = ({ metadata }: PersistentVolume) => !taken.has(metadata.name);
  const reserved = prebound.find(isFree);
  if (reserved !== undefined) return isReachable(reserved) ? reserved : null;
  return bySize.find((volume) => isFree(volume) && isReachable(volume)) ?? null;
}

/** The volume with a reference to the claim, as the API shall have it. */
export function boundTo(volume: PersistentVolume, claim: PersistentVolumeClaim): Change<PersistentVolume> {
  const { metadata, spec } = volume;
  const isPrebound = isBoundTo(volume, claim);
  const isNoted = metadata.annotations?.[BOUND_BY_CONTROLLER] !== undefined;
  if (isPrebound && spec.claimRef?.uid === claim.metadata.uid) return { before: volume, after: volume };
  const annotations =
    isPrebound || isNoted ? metadata.annotations : { ...metadata.annotations, [BOUND_BY_CONTROLLER]: "yes" };
  const { name, namespace = "default", uid, resourceVersion } = claim.metadata;
  const claimRef = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    namespace,
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const after = {
    ...volume,
    metadata: { ...metadata, ...(annotations === undefined ? {} : { annotations }) },
    spec: { ...spec, claimRef },
  };
  return { before: volume, after };
}

/** A user may reserve a volume by name alone. */
function isBoundTo({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  return (
    claimRef !== undefined &&
    claimRef.name === metadata.name &&
    claimRef.namespace === (metadata.namespace ?? "default") &&
    (claimRef.uid === undefined || claimRef.uid === "" || claimRef.uid === metadata.uid)
  );
}

/** What holds for reserved volumes, too. */
function isSameSort(
  { spec: claim = {} }: PersistentVolumeClaim,
  { metadata, spec }: PersistentVolume,
): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    (claim.volumeMode ?? "Filesystem") === (spec.volumeMode ?? "Filesystem") &&
    (claim.volumeAttributesClassName ?? "") === (spec.volumeAttributesClassName ?? "")
  );
}

function isAvailable({ spec = {} }: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const modes = volume.spec.accessModes ?? [];
  return (
    volume.status?.phase === "Available" &&
    (spec.accessModes ?? []).every((mode) => modes.includes(mode)) &&
    (spec.selector === undefined || matchesSelector(volume.metadata.labels, spec.selector))
  );
}
