// Who controls an object: at most one of its owners. Objects that a selector means but nobody controls are adopted; those
// it no longer means are let go.
// Source: pkg/controller/controller_ref_manager.go, metav1.NewControllerRef.
import type { KubeObject, LabelSelector, ObjectMeta } from "../../../api/meta.js";
import { matchesSelector } from "../../../api/selector.js";
import { isStatus } from "../../../api/status.js";
import type { ResourceClient } from "../../client/client.js";
import type { Informer } from "../../client/informer.js";
import type { OwnerReference } from "../../client/object-types.js";

export interface OwnerKind {
  readonly apiVersion: string;
  readonly kind: string;
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** The controller that is of this kind and in the cache, and not another object of its name. */
export function controllerIn<Owner extends KubeObject>(
  informer: Informer<Owner>,
  object: KubeObject,
  { kind }: Pick<OwnerKind, "kind">,
): Owner | undefined {
  const reference = controllerOf(object);
  if (reference?.kind !== kind) return undefined;
  const owner = informer.lister.get(`${object.metadata.namespace}/${reference.name}`);
  return owner !== undefined && isControlledBy(object, owner) ? owner : undefined;
}

export function controllerReference(owner: KubeObject, { apiVersion, kind }: OwnerKind): OwnerReference {
  const { name, uid = "" } = owner.metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

const CONTROLLER_INDEX = "controller";

/** By uid of the controller; without one, by namespace. */
function controllerValues(object: KubeObject): readonly string[] {
  return [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace ?? "")];
}

function orphansOf(namespace: string): string {
  return `orphans of ${namespace}`;
}

/** Makes `dependentsOf` and `orphansIn` work on an informer. */
export function indexByController<Kind extends KubeObject>(informer: Informer<Kind>): void {
  informer.addIndex(CONTROLLER_INDEX, controllerValues);
}

/** What the owner controls. Cost: O(answer). */
export function dependentsOf<Kind extends KubeObject>(informer: Informer<Kind>, owner: KubeObject): Kind[] {
  return informer.lister.byIndex(CONTROLLER_INDEX, owner.metadata.uid ?? "");
}

/** What nobody controls. */
export function orphansIn<Kind extends KubeObject>(informer: Informer<Kind>, namespace: string): Kind[] {
  return informer.lister.byIndex(CONTROLLER_INDEX, orphansOf(namespace));
}

export interface Claim<Kind> {
  /** Controlled and meant. */
  readonly kept: readonly Kind[];
  readonly adopt: readonly Kind[];
  readonly release: readonly Kind[];
}

/** Sorts what an owner controls, and what nobody does, by what its selector means. */
export function claim<Kind extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector,
  dependents: readonly Kind[],
  orphans: readonly Kind[],
): Claim<Kind> {
  const isMeant = (object: Kind): boolean => matchesSelector(object.metadata.labels, selector);
  const isLeaving = owner.metadata.deletionTimestamp !== undefined;
  return {
    kept: dependents.filter(isMeant),
    adopt: isLeaving
      ? []
      : orphans.filter((object) => object.metadata.deletionTimestamp === undefined && isMeant(object)),
    release: isLeaving ? [] : dependents.filter((object) => !isMeant(object)),
  };
}

export interface ClaimContext<Kind extends KubeObject> {
  readonly owner: KubeObject;
  readonly ownerKind: OwnerKind;
  /** The owner as the server has it now: its cache may not know that it is being deleted. */
  readonly freshOwner: () => Promise<KubeObject>;
  readonly clientOf: (namespace: string) => ResourceClient<Kind>;
}

/** Carries a claim out. @returns what the owner controls afterwards */
export async function carryOutClaim<Kind extends KubeObject>(
  { kept, adopt, release }: Claim<Kind>,
  context: ClaimContext<Kind>,
): Promise<Kind[]> {
  if (adopt.length === 0 && release.length === 0) return kept as Kind[];
  const { owner, ownerKind, clientOf } = context;
  const without = (object: Kind) =>
    (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
  for (const object of release) await patchOwners(clientOf, object, without(object));
  if (adopt.length === 0) return kept as Kind[];
  const fresh = await context.freshOwner();
  if (fresh.metadata.uid !== owner.metadata.uid || fresh.metadata.deletionTimestamp !== undefined)
    return kept as Kind[];
  const reference = controllerReference(owner, ownerKind);
  const adopted: (Kind | null)[] = [];
  for (const object of adopt)
    adopted.push(await patchOwners(clientOf, object, [...without(object), reference]));
  return [...kept, ...adopted.filter((object) => object !== null)];
}

/** Whoever changed the object meanwhile wins; null when it is gone. */
async function patchOwners<Kind extends KubeObject>(
  clientOf: (namespace: string) => ResourceClient<Kind>,
  object: Kind,
  ownerReferences: ObjectMeta["ownerReferences"] & object,
): Promise<Kind | null> {
  const { name, namespace = "", uid, resourceVersion } = object.metadata;
  try {
    return await clientOf(namespace).patch(name, "merge", {
      metadata: { uid, resourceVersion, ownerReferences },
    });
  } catch (error) {
    if (isStatus(error, "NotFound")) return null;
    throw error;
  }
}
