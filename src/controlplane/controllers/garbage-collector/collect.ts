// What becomes of an object, by the state of its owners, or by how it is being deleted itself.
// Source: pkg/controller/garbagecollector/garbagecollector.go.
import type { KubeObject } from "../../../api/meta.js";
import type { OwnerReference } from "../../client/object-types.js";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

/** solid: it is there and stays; waiting: it is being deleted after its dependents; dangling: it is not there. */
export type OwnerState = "solid" | "waiting" | "dangling";

export type Verdict =
  | { readonly kind: "keep" }
  /** It stays, for its other owners' sake. */
  | { readonly kind: "dropOwners"; readonly uids: readonly string[] }
  /** First, so that a circle of waiting ones does not wait for ever. */
  | {
      readonly kind: "delete";
      readonly propagation: "Background" | "Foreground" | "Orphan";
      readonly unblocksOwners: boolean;
    };

export interface Dependents {
  readonly count: number;
  /** One of them is being deleted after its own dependents: perhaps a circle. */
  readonly isOneWaiting: boolean;
}

export function verdictOf(
  object: KubeObject,
  stateOf: (owner: OwnerReference) => OwnerState,
  dependents: Dependents,
): Verdict {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0) return { kind: "keep" };
  const states = owners.map((owner) => ({ uid: owner.uid ?? "", state: stateOf(owner) }));
  const gone = states.filter(({ state }) => state !== "solid").map(({ uid }) => uid);
  if (gone.length < owners.length)
    return gone.length === 0 ? { kind: "keep" } : { kind: "dropOwners", uids: gone };
  if (states.some(({ state }) => state === "waiting") && dependents.count > 0)
    return { kind: "delete", propagation: "Foreground", unblocksOwners: dependents.isOneWaiting };
  return { kind: "delete", propagation: ownPropagation(object), unblocksOwners: false };
}

function ownPropagation({ metadata }: KubeObject): "Background" | "Foreground" | "Orphan" {
  if ((metadata.finalizers ?? []).includes(ORPHAN)) return "Orphan";
  return (metadata.finalizers ?? []).includes(FOREGROUND) ? "Foreground" : "Background";
}

export function isDeletingDependents({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND);
}

export function isOrphaningDependents({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(ORPHAN);
}

/** The owner cannot go before this one has gone. */
export function blocks(dependent: KubeObject, owner: KubeObject): boolean {
  return (dependent.metadata.ownerReferences ?? []).some(
    ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true,
  );
}
