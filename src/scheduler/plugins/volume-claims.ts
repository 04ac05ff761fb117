// What the volume plugins ask of a Pod's claims. A claim is named by the Pod, or made for it: a generic ephemeral
// volume has one called POD-VOLUME, which counts only while the Pod owns it.
// Source: component-helpers storage/ephemeral and storage/volume/helpers.go.
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/scheduling.js";
import { DEFAULT_NAMESPACE, type PodInfo } from "../cache/pod-info.js";

export interface PodClaim {
  readonly name: string;
  /** "namespace/name". */
  readonly key: string;
  readonly isEphemeral: boolean;
}

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

/** In the order of the Pod's volumes. */
export function podClaims({ pod, namespace }: PodInfo): PodClaim[] {
  const claims: PodClaim[] = [];
  for (const { name: volume, persistentVolumeClaim, ephemeral } of pod.spec?.volumes ?? []) {
    const isEphemeral = persistentVolumeClaim === undefined;
    if (isEphemeral && ephemeral === undefined) continue;
    const name = isEphemeral ? `${pod.metadata.name}-${volume}` : persistentVolumeClaim.claimName;
    claims.push({ name, key: `${namespace}/${name}`, isEphemeral });
  }
  return claims;
}

export function usesClaim(pod: PodInfo, { metadata }: PersistentVolumeClaim): boolean {
  const key = `${metadata.namespace ?? DEFAULT_NAMESPACE}/${metadata.name}`;
  return podClaims(pod).some((claim) => claim.key === key);
}

/** Whether the claim of an ephemeral volume was made for this Pod, not by someone who chose the same name. */
export function isMadeFor(claim: PersistentVolumeClaim, { pod }: PodInfo): boolean {
  const owner = claim.metadata.ownerReferences?.find(({ controller }) => controller === true);
  return owner !== undefined && owner.uid === pod.metadata.uid;
}

/** "" for none. */
export function storageClassOf({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? "";
}

export function claimNotFound(name: string): string {
  return `persistentvolumeclaim "${name}" not found`;
}

export function notMadeFor(claim: PodClaim, pod: PodInfo): string {
  return `PVC ${claim.key} was not created for pod ${pod.key} (pod is not owner)`;
}
