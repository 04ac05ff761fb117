// Keeps apart Pods that may not share a disk: GCE, EBS, iSCSI and RBD volumes on one node, and ReadWriteOncePod claims
// anywhere. The claim's conflict is the same on every node, so it is counted once and followed through dry runs.
// Cost: PreFilter O(nodes) per ReadWriteOncePod claim, else O(volumes); Filter O(Pods on the node) for Pods with such
// disks, else O(1).
// Source: kube-scheduler plugins/volumerestrictions/volume_restrictions.go.
import { present } from "../../../base/assert.js";
import type { PersistentVolumeClaim, Volume } from "../../../api/scheduling.js";
import type { NodeInfo } from "../../cache/node-info.js";
import { DEFAULT_NAMESPACE, type PodInfo } from "../../cache/pod-info.js";
import { ACTION, type EventRegistration, type QueueingHintFn } from "../../framework/cluster-event.js";
import type { CloneableState, CycleState } from "../../framework/cycle-state.js";
import { podEvents } from "../../framework/event-objects.js";
import type { FrameworkHandle } from "../../framework/handle.js";
import type { FilterPlugin, PreFilterPlugin, PreFilterResult } from "../../framework/plugin.js";
import { SKIP, type Status, unresolvable, unschedulable } from "../../framework/status.js";
import { claimNotFound } from "../volume-claims.js";

const NAME = "VolumeRestrictions";
const DISK_CONFLICT = unschedulable(NAME, "node(s) had no available disk");
const CLAIM_CONFLICT = unschedulable(
  NAME,
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
);

class RestrictionState implements CloneableState {
  /** @param conflicts uses of these claims by other Pods; preemption may bring it to 0 */
  constructor(
    readonly claimNames: ReadonlySet<string>,
    public conflicts: number,
  ) {}

  clone(): RestrictionState {
    return new RestrictionState(this.claimNames, this.conflicts);
  }

  /** Counts by name alone, as upstream does: a claim of the same name in another namespace counts, too. */
  count({ pod }: PodInfo, times: 1 | -1): void {
    for (const { persistentVolumeClaim: claim } of pod.spec?.volumes ?? [])
      if (claim !== undefined && this.claimNames.has(claim.claimName)) this.conflicts += times;
  }
}

export function createVolumeRestrictions(_args: unknown, handle: FrameworkHandle): VolumeRestrictions {
  return new VolumeRestrictions(handle);
}

class VolumeRestrictions implements PreFilterPlugin, FilterPlugin {
  readonly name = NAME;
  readonly #handle: FrameworkHandle;

  constructor(handle: FrameworkHandle) {
    this.#handle = handle;
  }

  preFilter(state: CycleState, pod: PodInfo): PreFilterResult {
    if (pod.pod.spec?.volumes === undefined) return { status: SKIP, nodeNames: null };
    const { objects, snapshot } = this.#handle;
    const exclusive = new Set<string>();
    for (const name of claimNames(pod)) {
      const claim = objects.get("PersistentVolumeClaim", `${pod.namespace}/${name}`);
      if (claim === undefined) return { status: unresolvable(NAME, claimNotFound(name)), nodeNames: null };
      if (claim.spec?.accessModes?.includes("ReadWriteOncePod") === true) exclusive.add(name);
    }
    let conflicts = 0;
    for (const name of exclusive)
      if (snapshot.nodes.some(({ claimRefs }) => claimRefs.has(`${pod.namespace}/${name}`))) conflicts++;
    if (conflicts === 0 && !hasDisk(pod)) return { status: SKIP, nodeNames: null };
    state.write(NAME, new RestrictionState(exclusive, conflicts));
    return { status: null, nodeNames: null };
  }

  addPod(state: CycleState, _pod: PodInfo, added: PodInfo): void {
    state.read<RestrictionState>(NAME)?.count(added, 1);
  }

  removePod(state: CycleState, _pod: PodInfo, removed: PodInfo): void {
    state.read<RestrictionState>(NAME)?.count(removed, -1);
  }

  filter(state: CycleState, pod: PodInfo, node: NodeInfo): Status | null {
    if (hasDisk(pod) && node.pods.some((other) => disksConflict(pod, other))) return DISK_CONFLICT;
    const { conflicts } = present(state.read<RestrictionState>(NAME), "VolumeRestrictions state");
    return conflicts > 0 ? CLAIM_CONFLICT : null;
  }

  eventsToRegister(): readonly EventRegistration[] {
    return [
      ...podEvents(ACTION.Delete, afterPodDelete),
      { resource: "Node", actions: ACTION.Add },
      { resource: "PersistentVolumeClaim", actions: ACTION.Add, hint: afterClaimAdd },
    ];
  }
}

function claimNames({ pod }: PodInfo): string[] {
  return (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
    claim === undefined ? [] : [claim.claimName],
  );
}

function hasDisk({ pod }: PodInfo): boolean {
  return (pod.spec?.volumes ?? []).some(
    (volume) =>
      volume.gcePersistentDisk !== undefined ||
      volume.awsElasticBlockStore !== undefined ||
      volume.iscsi !== undefined ||
      volume.rbd !== undefined,
  );
}

/** Whether the two Pods may not run on one node. */
function disksConflict(a: PodInfo, b: PodInfo): boolean {
  const others = b.pod.spec?.volumes ?? [];
  return (a.pod.spec?.volumes ?? []).some((volume) => others.some((other) => isSameDisk(volume, other)));
}

/** The same disk, and not read-only on both sides. An EBS volume is never shared, read-only or not. */
function isSameDisk(a: Volume, b: Volume): boolean {
  if (a.gcePersistentDisk && b.gcePersistentDisk)
    return (
      a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName &&
      isWritten(a.gcePersistentDisk, b.gcePersistentDisk)
    );
  if (a.awsElasticBlockStore && b.awsElasticBlockStore)
    return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID;
  if (a.iscsi && b.iscsi) return a.iscsi.iqn === b.iscsi.iqn && isWritten(a.iscsi, b.iscsi);
  if (a.rbd && b.rbd) {
    const { monitors, pool = "rbd", image } = b.rbd;
    const isSameImage = (a.rbd.pool ?? "rbd") === pool && a.rbd.image === image;
    return isSameImage && a.rbd.monitors.some((each) => monitors.includes(each)) && isWritten(a.rbd, b.rbd);
  }
  return false;
}

function isWritten(a: { readonly readOnly?: boolean }, b: { readonly readOnly?: boolean }): boolean {
  return a.readOnly !== true || b.readOnly !== true;
}

/** The access mode is not looked at: any shared claim may have been the obstacle. */
const afterPodDelete: QueueingHintFn = (pod, { before }) => {
  const deleted = before as PodInfo;
  if (deleted.namespace !== pod.namespace) return "Skip";
  const wanted = new Set(claimNames(pod));
  const isShared = claimNames(deleted).some((name) => wanted.has(name));
  return isShared || disksConflict(pod, deleted) ? "Queue" : "Skip";
};

const afterClaimAdd: QueueingHintFn = (pod, { after }) => {
  const { name, namespace = DEFAULT_NAMESPACE } = (after as PersistentVolumeClaim).metadata;
  return namespace === pod.namespace && claimNames(pod).includes(name) ? "Queue" : "Skip";
};
