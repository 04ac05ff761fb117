// The state of a claim and of a volume -> the next step of binding them to each other, or of letting go.
// Source: pkg/controller/volume/persistentvolume/pv_controller.go (syncUnboundClaim, syncBoundClaim, syncVolume).
import { quantityValue } from "../../../api/quantity.js";
import type { PersistentVolume, StorageClass } from "../../client/cluster-resources.js";
import type { PersistentVolumeClaim } from "../../client/object-types.js";
import { classOf, isReservedFor, matchVolume } from "./match-volume.js";

export const BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
export const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const NO_PROVISIONER = "kubernetes.io/no-provisioner";

export type ClaimStep =
  | { readonly kind: "none" }
  /** Says why; null: says nothing. */
  | { readonly kind: "wait"; readonly reason: string | null; readonly message: string }
  | { readonly kind: "bind"; readonly volume: PersistentVolume }
  | { readonly kind: "provision"; readonly storageClass: StorageClass }
  /** It is bound and asks for more than it has. */
  | { readonly kind: "expand"; readonly volume: PersistentVolume; readonly storage: string }
  | { readonly kind: "lost"; readonly reason: "ClaimLost" | "ClaimMisbound"; readonly message: string };

export interface ClaimState {
  readonly claim: PersistentVolumeClaim;
  readonly volumes: readonly PersistentVolume[];
  readonly storageClass: StorageClass | undefined;
}

export function claimStep(state: ClaimState): ClaimStep {
  const { claim, volumes } = state;
  const { volumeName } = claim.spec ?? {};
  if (!volumeName)
    return claim.metadata.deletionTimestamp === undefined ? unboundStep(state) : { kind: "none" };
  const volume = volumes.find(({ metadata }) => metadata.name === volumeName);
  const wasBound = claim.metadata.annotations?.[BIND_COMPLETED] !== undefined;
  if (volume === undefined)
    return wasBound
      ? {
          kind: "lost",
          reason: "ClaimLost",
          message: "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
        }
      : { kind: "wait", reason: null, message: "" };
  if (volume.spec?.claimRef === undefined || isReservedFor(volume, claim)) {
    const isDone = wasBound && claim.status?.phase === "Bound" && !!volume.spec?.claimRef?.uid;
    return isDone ? boundStep(state, volume) : { kind: "bind", volume };
  }
  if (!wasBound) {
    const message = `volume "${volumeName}" already bound to a different claim.`;
    return { kind: "wait", reason: "FailedBinding", message };
  }
  return {
    kind: "lost",
    reason: "ClaimMisbound",
    message: "Two claims are bound to the same volume, this one is bound incorrectly",
  };
}

/** What was provisioned here can grow, where its class allows it. Source: external-resizer, kubelet. */
function boundStep({ claim, storageClass }: ClaimState, volume: PersistentVolume): ClaimStep {
  const storage = claim.spec?.resources?.requests?.["storage"] ?? "0";
  const [wanted, had] = [bytesOf(storage), bytesOf(claim.status?.capacity?.["storage"])];
  const canGrow =
    storageClass?.allowVolumeExpansion === true &&
    volume.metadata.annotations?.[PROVISIONED_BY] !== undefined;
  return canGrow && wanted > had ? { kind: "expand", volume, storage } : { kind: "none" };
}

export function bytesOf(storage: string | number | undefined): number {
  return quantityValue(storage ?? 0) ?? 0;
}

function unboundStep({ claim, volumes, storageClass }: ClaimState): ClaimStep {
  const isDelayed = storageClass?.volumeBindingMode === "WaitForFirstConsumer";
  const volume = matchVolume(claim, volumes, isDelayed);
  if (volume !== null) return { kind: "bind", volume };
  const isChosen = claim.metadata.annotations?.[SELECTED_NODE] !== undefined;
  if (isDelayed && !isChosen)
    return {
      kind: "wait",
      reason: "WaitForFirstConsumer",
      message: "waiting for first consumer to be created before binding",
    };
  const name = classOf(claim);
  if (name === "") {
    const message = "no persistent volumes available for this claim and no storage class is set";
    return { kind: "wait", reason: "FailedBinding", message };
  }
  if (storageClass === undefined) {
    const message = `storageclass.storage.k8s.io "${name}" not found`;
    return { kind: "wait", reason: "ProvisioningFailed", message };
  }
  if (storageClass.provisioner === NO_PROVISIONER)
    return {
      kind: "wait",
      reason: "FailedBinding",
      message: "no persistent volumes available for this claim",
    };
  return { kind: "provision", storageClass };
}

export type VolumeStep =
  | { readonly kind: "phase"; readonly phase: "Available" | "Bound" | "Released" }
  | { readonly kind: "delete" }
  /** Its claim is gone; what is on it is thrown away, and it is free. */
  | { readonly kind: "recycle" };

/** @param claim the one that the volume names, if there is one now */
export function volumeStep(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumeStep {
  const reference = volume.spec?.claimRef;
  if (reference === undefined || !reference.uid) return { kind: "phase", phase: "Available" };
  const isThere = claim !== undefined && claim.metadata.uid === reference.uid;
  if (isThere) {
    const isMutual = claim.spec?.volumeName === volume.metadata.name;
    return { kind: "phase", phase: isMutual || !claim.spec?.volumeName ? "Bound" : "Released" };
  }
  if (volume.status?.phase !== "Released") return { kind: "phase", phase: "Released" };
  switch (volume.spec?.persistentVolumeReclaimPolicy ?? "Retain") {
    case "Delete":
      return { kind: "delete" };
    case "Recycle":
      return { kind: "recycle" };
    default:
      return { kind: "phase", phase: "Released" };
  }
}
