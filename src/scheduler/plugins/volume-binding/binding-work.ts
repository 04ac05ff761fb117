// What is left to do once a Pod's volumes are reserved: write the changes, then wait until the volume controller has
// bound every claim. A provisioner that gives up takes its annotation back, which ends the wait.
// Source: kube-scheduler plugins/volumebinding/binder.go (BindPodVolumes, checkBindings).
import type { PersistentVolume } from "../../../api/scheduling.js";
import type { Node } from "../../../api/types.js";
import type { Action } from "../../framework/action.js";
import type { PreBindWork } from "../../framework/plugin.js";
import { failure, type Status } from "../../framework/status.js";
import { objectKey } from "../../objects.js";
import { isSameVersion } from "./assume-cache.js";
import { type Binder, isFullyBound, type ReservedVolumes, SELECTED_NODE } from "./binder.js";

/** true: bound; false: not yet; a text: it will not be. */
type Progress = boolean | string;

export interface BindingWorkOptions {
  readonly plugin: string;
  readonly timeoutMs: number;
  /** The node as it is when asked; undefined when it is gone. */
  readonly getNode: () => Node | undefined;
  readonly nodeName: string;
}

export function bindingWork(
  reserved: ReservedVolumes,
  binder: Binder,
  options: BindingWorkOptions,
): PreBindWork {
  const actions: Action[] = [];
  for (const { volume } of reserved.bindings)
    if (volume.before !== volume.after) actions.push({ kind: "updateVolume", volume: volume.after });
  for (const claim of reserved.provisions)
    if (claim.before !== claim.after) actions.push({ kind: "updateClaim", claim: claim.after });
  const isDone = (): boolean | Status => {
    const progress = checkAll(reserved, binder, options);
    if (typeof progress === "string") return failure(options.plugin, `binding volumes: ${progress}`);
    // What was promised has come true: the API says it now.
    if (progress) binder.release(reserved);
    return progress;
  };
  return { actions, isDone, timeoutMs: options.timeoutMs };
}

function checkAll(
  { bindings, provisions }: ReservedVolumes,
  binder: Binder,
  { getNode, nodeName }: BindingWorkOptions,
): Progress {
  const node = getNode();
  if (node === undefined) return `failed to get node "${nodeName}": node "${nodeName}" not found`;
  for (const binding of bindings) {
    const progress = checkBinding(binding, binder, node);
    if (progress !== true) return progress;
  }
  for (const provision of provisions) {
    const progress = checkProvision(provision, binder, node);
    if (progress !== true) return progress;
  }
  return true;
}

function checkBinding(
  { claim, volume: { before, after } }: ReservedVolumes["bindings"][number],
  binder: Binder,
  node: Node,
): Progress {
  const { name } = after.metadata;
  const key = objectKey(claim);
  const volume = binder.volumes.stored(name);
  if (volume === undefined) return `failed to check binding: persistentvolumes "${name}" not found`;
  const current = binder.claims.stored(key);
  if (current === undefined) return `failed to check binding: persistentvolumeclaims "${key}" not found`;
  // The write has not come back yet.
  if (before !== after && isSameVersion(volume, before)) return false;
  if (!binder.reaches(node, volume)) return outOfReach(volume, node);
  if (volume.spec.claimRef?.uid !== claim.metadata.uid || volume.spec.claimRef === undefined)
    return `ClaimRef got reset for pv "${name}"`;
  return isFullyBound(current);
}

function checkProvision(
  { before, after }: ReservedVolumes["provisions"][number],
  binder: Binder,
  node: Node,
): Progress {
  const key = objectKey(after);
  const { name } = after.metadata;
  const current = binder.claims.stored(key);
  if (current === undefined)
    return `failed to check provisioning pvc: persistentvolumeclaims "${key}" not found`;
  if (before !== after && isSameVersion(current, before)) return false;
  const { annotations } = current.metadata;
  if (annotations === undefined) return `selectedNode annotation reset for PVC "${name}"`;
  if (annotations[SELECTED_NODE] !== node.metadata.name) return `provisioning failed for PVC "${name}"`;
  const volumeName = current.spec?.volumeName ?? "";
  if (volumeName !== "") {
    const volume = binder.volumes.stored(volumeName);
    // The claim may be told of before its volume is.
    if (volume === undefined) return false;
    if (!binder.reaches(node, volume)) return outOfReach(volume, node);
  }
  return isFullyBound(current);
}

function outOfReach({ metadata }: PersistentVolume, node: Node): string {
  return `pv "${metadata.name}" node affinity doesn't match node "${node.metadata.name}": no matching NodeSelectorTerms`;
}
